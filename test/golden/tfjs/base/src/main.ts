import { command } from "./lib/command.js";

// The command: node dist/main.js --data DIR --out RUN. TensorFlow.js is loaded once the arguments are understood.
await command(async (options) => {
  const { run } = await import("./lib/run.js");
  const { model } = await import("./model.js");
  await run(model, options);
});
