// The whole way on data that every machine can make: two emoji sets, one in colour, one in black and white.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { renderEmoji } from "../../runtime/data/emoji";
import { writeAtomic } from "../../runtime/files/atomic";
import { UserError } from "../../runtime/files/errors";
import { compareSheet } from "../../runtime/pictures/compare";
import { refuseWhileTrained } from "../../runtime/train/lock";
import { evaluatePairs, evaluationRows, type Sample } from "../evaluation";
import { print, table } from "../table";
import { openRun } from "../weights";
import { distUrl, trainCommand } from "./train";
import { fileURLToPath } from "node:url";

export interface DemoFlags {
  readonly out: string;
  readonly steps?: number;
  readonly seed: number;
}

/** U-GAT-IT small enough for two cores and three minutes; everything else is as in the spec. */
export const DEMO_SET: readonly string[] = ["size=64", "load_size=68", "ch=16", "blocks=2", "global_depth=6", "rate=4e-4", "weights.cam=100"];
const STEPS = 600;

export async function demoCommand(flags: DemoFlags): Promise<void> {
  const began = performance.now();
  const spec = fileURLToPath(new URL("../specs/ugatit.gan", distUrl()));
  const data = join(flags.out, "data");
  clearEarlier(flags.out, data);
  print("1. render emoji: colour (A) and black and white (B)");
  const emoji = await renderEmoji({ from: "emojione", to: "emojione-monotone", size: 64, out: data });
  print(`   ${emoji.trainA.length} + ${emoji.trainB.length} unpaired pictures to learn from, ${emoji.test.length} true pairs held out`);
  print(`2. train ${flags.steps ?? STEPS} steps of ${spec} --set ${DEMO_SET.join(" --set ")}`);
  const outcome = await trainCommand(spec, { data, out: flags.out, steps: flags.steps ?? STEPS, seed: flags.seed, set: DEMO_SET, checkpointEvery: 200, picturesEvery: 200 });
  if (outcome?.kind !== "finished") return;
  print("3. translate the held-out emoji and measure against their true pairs");
  const run = openRun(flags.out);
  const samples: Sample[] = [];
  const made = await evaluatePairs(run, data, (s) => samples.push(s));
  run.close();
  print(table(["export", "what", "L1", "SSIM", "chroma"], evaluationRows(made)));
  for (const d of made.directions) {
    const file = join(flags.out, `${d.name}.png`);
    const shown = samples.filter((s) => s.direction === d.name).filter((_, i) => i % 6 === 0).slice(0, 16);
    await writeAtomic(file, await compareSheet(shown, {}, 2));
    print(`look at ${file}`);
  }
  print(`and at ${join(flags.out, "report.html")}  (${((performance.now() - began) / 1000).toFixed(0)} s in all; ${emoji.credit})`);
}

/** What a demo writes into its folder: nothing else is ever removed. */
const OURS = ["checkpoints", "data", "events", "pictures", "log.jsonl", "report.html", "run.json", "A2B.png", "B2A.png"];

/** Makes room where an earlier demo has run; refuses a folder that holds anybody else's run. */
function clearEarlier(out: string, data: string): void {
  if (!existsSync(join(out, "checkpoints"))) return;
  refuseWhileTrained(out);
  if (!isDemo(out, data)) throw new UserError(`${out} holds a run that is not the demo's`, "choose another folder with --out");
  for (const name of OURS) rmSync(join(out, name), { recursive: true, force: true });
}

function isDemo(out: string, data: string): boolean {
  try {
    const run = JSON.parse(readFileSync(join(out, "run.json"), "utf8")) as { data?: unknown };
    return typeof run.data === "string" && resolve(run.data) === resolve(data);
  } catch {
    return false;
  }
}
