// How the emitted code finds TensorFlow.js, in processes of its own.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shake } from "../../../../backends/tfjs/shake";
import { absent, tfjsPackages } from "../../../tfjs/engines";

let home: string;
beforeAll(async () => {
  mkdirSync(join("node_modules", ".cache"), { recursive: true });
  home = mkdtempSync(join(process.cwd(), "node_modules", ".cache", "ganc-kit-"));
  for (const [file, text] of shake(new Set(["packageName", "tf", "relu", "UserError"]))) writeFileSync(join(home, file), text);
  writeFileSync(join(home, "index.ts"), `
import { UserError } from "./mistake.js";
try {
  const { packageName, tf } = await import("./tf.js");
  const { relu } = await import("./math.js");
  const y = [...relu(tf.tensor([-1, 2])).dataSync()].join(" "); // a backend is begun with the first tensor
  console.log(packageName, tf.getBackend(), y);
} catch (e) {
  if (!(e instanceof UserError)) throw e;
  console.log("error:", e.message);
}`);
});
afterAll(() => rmSync(home, { recursive: true }));

/** What the program says, run from a folder whose node_modules are these. */
async function run(modules: string, env: Record<string, string> = {}): Promise<string> {
  const place = mkdtempSync(join(home, "place-"));
  symlinkSync(modules, join(place, "node_modules"));
  await build({ entryPoints: [join(home, "index.ts")], bundle: true, format: "esm", platform: "node", target: "node20", outfile: join(place, "index.mjs"), logLevel: "error" });
  const said = execFileSync(process.execPath, [join(place, "index.mjs")], { encoding: "utf8", env: { ...process.env, TFJS_PACKAGE: "", TF_CPP_MIN_LOG_LEVEL: "3", ...env }, stdio: ["ignore", "pipe", "ignore"] });
  return said.trim().split("\n").at(-1)!;
}
const ours = join(process.cwd(), "node_modules");

describe("the package of TensorFlow.js", () => {
  it("is the first that loads: plain tfjs where the others are not installed", async () => {
    expect(await run(ours)).toBe("@tensorflow/tfjs cpu 0 2");
  });

  it("is the one that is asked for, or a line says why not", async () => {
    expect(await run(ours, { TFJS_PACKAGE: "@tensorflow/tfjs" })).toBe("@tensorflow/tfjs cpu 0 2");
    expect(await run(ours, { TFJS_PACKAGE: "@tensorflow/none" })).toMatch(/^error: TensorFlow\.js does not load: @tensorflow\/none: Cannot find module/);
  });

  it.skip.each(absent().map((name) => [name]))("is %s (not at hand: TFJS_PACKAGES names no folder)", () => undefined);

  const native = tfjsPackages();
  it.runIf(native)("is the GPU's first, and the processor's if that is asked for", async () => {
    const modules = join(native!, "node_modules");
    expect(await run(modules)).toBe("@tensorflow/tfjs-node-gpu tensorflow 0 2");
    expect(await run(modules, { TFJS_PACKAGE: "@tensorflow/tfjs-node" })).toBe("@tensorflow/tfjs-node tensorflow 0 2");
  });
});
