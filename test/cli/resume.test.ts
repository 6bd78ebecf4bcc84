// Killed at random moments, also while a checkpoint is written, and resumed, a run of the real command ends in the same bits.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { dataFolder, folder, SPEC, TINY } from "./kit";

const STEPS = 12;
const KILLS = 10;

/** Runs the command in a process group of its own and kills all of it after `ms`, unless it is done before. */
function train(data: string, out: string, resume: boolean, ms?: number): Promise<"done" | "killed"> {
  const args = ["train", SPEC, "--data", data, "--out", out, ...TINY, "--steps", String(STEPS), "--checkpoint-every", "1", "--pictures-every", "0", ...(resume ? ["--resume"] : ["--seed", "5"])];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["dist/cli.js", ...args], { detached: true, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (d: Buffer) => (said += d.toString()));
    const timer = ms === undefined ? undefined : setTimeout(() => process.kill(-child.pid!, "SIGKILL"), ms);
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      if (signal === "SIGKILL") resolve("killed");
      else if (code === 0) resolve("done");
      else reject(new Error(`exit ${code}: ${said}`));
    });
  });
}

const bytes = (out: string): Buffer => readFileSync(join(out, "checkpoints", `step-${String(STEPS).padStart(8, "0")}.safetensors`));
const steps = (out: string): number[] => {
  const at = join(out, "checkpoints");
  return existsSync(at) ? readdirSync(at).filter((n) => n.endsWith(".safetensors")).map((n) => Number(/\d+/.exec(n)![0])) : [];
};
const newest = (out: string): number => Math.max(0, ...steps(out));

it(`ends as one go does after ${KILLS} kills`, async () => {
  const data = await dataFolder();
  const whole = join(folder(), "run");
  const began = performance.now();
  await train(data, whole, false);
  let took = performance.now() - began;
  let broken = join(folder(), "run");
  let kills = 0;
  let done = false;
  // On a machine that others use, too, a start may take longer than the whole run did: what is killed before its first checkpoint proves little.
  let patience = 1;
  while (!done && kills < KILLS) {
    const started = existsSync(join(broken, "run.json"));
    // From a third of a whole run's time on, so that most starts get as far as a step or two before they die.
    const before = newest(broken);
    done = (await train(data, broken, started, patience * took * (0.35 + 0.4 * Math.random()))) === "done";
    if (!done) kills++;
    else if (kills <= 2) {
      // The machine has become faster than it was: another run, killed sooner.
      [done, kills, patience, took, broken] = [false, 0, 1, 0.6 * took, join(folder(), "run")];
      continue;
    }
    if (newest(broken) === before) patience *= 1.3;
  }
  expect(newest(broken), "the last checkpoint before the last start").toBeGreaterThan(0);
  if (!done) await train(data, broken, true);
  console.log(`${kills} kills; checkpoints kept at the end: ${steps(broken).length}`);
  expect(kills).toBeGreaterThan(2);
  expect(bytes(broken).equals(bytes(whole))).toBe(true);
}, 240_000);
