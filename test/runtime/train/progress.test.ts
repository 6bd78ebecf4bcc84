import { describe, expect, it } from "vitest";
import { duration, ProgressView } from "../../../runtime/train/progress.ts";
import type { StepReport } from "../../../runtime/train/types.ts";

const report = (step: number, change: Partial<StepReport> = {}): StepReport => ({
  kind: "step", step, total: 100, epoch: 1, rate: { main: 1e-4 }, stepsPerSecond: 0.8, secondsLeft: 75, skipped: 0,
  losses: { "discriminators.adversarial": 0.49876, "generators.cycle": 12.345, "generators.cam": 0.00001 }, ...change,
});

function view(isTTY: boolean, columns = 200, json = false) {
  let clock = 0;
  const written: string[] = [];
  const progress = new ProgressView({ write: (text) => written.push(text), isTTY, columns }, { json, now: () => clock });
  return { progress, written, pass: (ms: number) => (clock += ms) };
}

/** What a terminal shows after these writes: clear line, cursor up, return, newline are all we use. */
function screen(written: readonly string[]): string[] {
  const lines = [""];
  let row = 0;
  for (const [token] of written.join("").matchAll(/\x1b\[2K|\x1b\[1A|\r|\n|[^\x1b\r\n]+/g)) {
    if (token === "\x1b[2K") lines[row] = "";
    else if (token === "\x1b[1A") row--;
    else if (token === "\n") lines[++row] ??= "";
    else if (token !== "\r") lines[row] += token;
  }
  return lines;
}

describe("the live line of a terminal", () => {
  it("shows step, rate, time left and every loss by its name, and replaces itself", () => {
    const { progress, written, pass } = view(true);
    progress.onEvent(report(1));
    pass(200);
    progress.onEvent(report(2, { skipped: 3 }));
    expect(screen(written)).toEqual([
      "step 2/100, 1.3 s/step, 1 min 15 s left, 3 skipped  discriminators.adversarial 0.499  generators.cycle 12.3  generators.cam 1.0e-5",
    ]);
  });

  it("breaks itself where the terminal is narrow, and still replaces itself", () => {
    const { progress, written, pass } = view(true, 48);
    for (let step = 1; step <= 5; step++) {
      progress.onEvent(report(step));
      pass(200);
    }
    expect(screen(written)).toEqual([
      "step 5/100, 1.3 s/step, 1 min 15 s left", "discriminators.adversarial 0.499", "generators.cycle 12.3  generators.cam 1.0e-5",
    ]);
    progress.line("pictures: a.png");
    expect(screen(written).slice(0, 2)).toEqual(["pictures: a.png", "step 5/100, 1.3 s/step, 1 min 15 s left"]);
  });

  it("is not drawn more often than an eye follows", () => {
    const { progress, written, pass } = view(true);
    for (let step = 1; step < 100; step++) {
      progress.onEvent(report(step));
      pass(10);
    }
    expect(written.filter((text) => text.includes("step "))).toHaveLength(10);
  });
});

describe("elsewhere", () => {
  it("a line comes every few seconds, without control characters, and always the last step's", () => {
    const { progress, written, pass } = view(false);
    for (let step = 1; step <= 100; step++) {
      progress.onEvent(report(step));
      pass(1000);
    }
    expect(written).toHaveLength(21);
    expect(written.join("")).not.toMatch(/[\x1b\r]/);
    expect(written.at(-1)).toMatch(/^step 100\/100, 1\.3 s\/step, done {2}discriminators/);
  });

  it("JSON is one event a line", () => {
    const { progress, written } = view(false, 80, true);
    progress.onEvent(report(1));
    progress.line("not for programs");
    expect(written).toHaveLength(1);
    expect(JSON.parse(written[0]!)).toEqual(report(1));
  });

  it("says times as people do", () => {
    expect([0, 59.6, 61, 3599, 3700, 90_000, NaN].map(duration)).toEqual(["0 s", "1 min 0 s", "1 min 1 s", "59 min 59 s", "1 h 1 min", "1 d 1 h", "?"]);
  });
});
