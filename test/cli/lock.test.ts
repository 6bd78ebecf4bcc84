// Two trainings of one folder by the real command: the second is told so in one line, and a killed one is in nobody's way.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { dataFolder, folder, ganc, SPEC, TINY } from "./kit";

it("a folder that is being trained is refused, until its process is dead", { timeout: 240_000 }, async () => {
  const data = await dataFolder();
  const out = join(folder(), "run");
  const args = ["train", SPEC, "--data", data, "--out", out, ...TINY, "--checkpoint-every", "1", "--pictures-every", "0"];
  const first = spawn(process.execPath, ["dist/cli.js", ...args, "--steps", "100000"], { detached: true, stdio: "ignore" });
  try {
    while (!existsSync(join(out, "checkpoints", "step-00000001.safetensors")) && first.exitCode === null) await sleep(50);
    const { pid } = JSON.parse(readFileSync(join(out, "training.lock"), "utf8")) as { pid: number };
    const second = ganc(...args, "--resume");
    expect(second.status).toBe(1);
    expect(second.err).toMatch(new RegExp(`^error: ${out} is being trained already, by process ${pid} since [^\n]*\nhint: [^\n]*\n$`));
  } finally {
    process.kill(-first.pid!, "SIGKILL");
  }
  const third = ganc(...args, "--steps", "1", "--resume");
  // What was reached may be beyond: what matters is that nothing says it is being trained.
  expect(third.err).not.toContain("is being trained");
  expect(existsSync(join(out, "training.lock"))).toBe(false);
});
