// The command that a stopped training tells: it must go on as the run began.
import { expect, it } from "vitest";
import { againCommand } from "../../cli/commands/train";

const flags = { data: "data/emoji", out: "runs/my emoji", checkpointEvery: 500, picturesEvery: 250, keep: 2, engine: "onnx" };

it.each([
  [{}, "ganc train u.gan --data data/emoji --out 'runs/my emoji' --resume"],
  [{ set: ["size=64"], variant: ["full"] }, "ganc train u.gan --data data/emoji --out 'runs/my emoji' --set size=64 --variant full --resume"],
  [{ engine: "tfjs-node" }, "ganc train u.gan --data data/emoji --out 'runs/my emoji' --engine tfjs-node --resume"],
  [{ checkpointEvery: 0, keep: 5, threads: 1, memory: 3e9, strict: true }, "ganc train u.gan --data data/emoji --out 'runs/my emoji' --checkpoint-every 0 --keep 5 --threads 1 --memory 3000000000 --strict --resume"],
])("%j", (more, command) => {
  expect(againCommand("u.gan", { ...flags, ...more })).toBe(command);
});
