import { describe, expect, it } from "vitest";
import type { SchedulePieceSpec } from "../../../compiler/program.ts";
import { scheduleFactor, stepScalars, totalSteps } from "../../../runtime/train/schedule.ts";
import { tinyProgram } from "./tiny.ts";

const ugatit: SchedulePieceSpec[] = [{ kind: "constant", count: 50, unit: "percent" }, { kind: "linear", to: 0 }];
const cyclegan: SchedulePieceSpec[] = [{ kind: "constant", count: 99, unit: "epochs" }, { kind: "linear", to: 0, count: 101, unit: "epochs" }];
const munit: SchedulePieceSpec[] = [{ kind: "times", factor: 0.5, every: 100_000, unit: "steps" }];

describe("factors of the rate", () => {
  it("is U-GAT-IT's: the published loop's decrements, for even and odd lengths", () => {
    for (const total of [1, 2, 10, 11, 30, 70, 1000, 12_345]) {
      let lr = 1; // UGATIT.py:147-150, with N/2 not rounded down
      for (let step = 1; step <= total; step++) {
        if (step > total / 2) lr = 1 - (step - total / 2) / (total / 2);
        const factor = scheduleFactor(ugatit, step, { total, epoch: 7 });
        expect(factor).toBeCloseTo(lr, 12);
        expect(factor).toBeCloseTo(Math.min(1, 2 - (2 * step) / total), 12);
      }
    }
    expect(scheduleFactor(ugatit, 500_000, { total: 1_000_000, epoch: 1 })).toBe(1);
    expect(scheduleFactor(ugatit, 1_000_000, { total: 1_000_000, epoch: 1 })).toBe(0);
  });

  it("is the accumulated decrement of the published loop, step by step", () => {
    const total = 1000;
    let lr = 1e-4;
    for (let step = 1; step <= total; step++) {
      if (step > total / 2) lr -= 1e-4 / (total / 2);
      expect(1e-4 * scheduleFactor(ugatit, step, { total, epoch: 1 })).toBeCloseTo(lr, 15);
    }
  });

  it("is the TensorFlow U-GAT-IT's: held for an epoch of 10,000 iterations, lr0 * (100 - e) / 50 from epoch 50 on", () => {
    const [epochs, iterations, decay] = [100, 10_000, 50]; // main.py:14-20; epochs count from 0 (UGATIT.py:517-521)
    for (let e = 0; e < epochs; e++) {
      const lr = e < decay ? 1 : (epochs - e) / (epochs - decay);
      for (const i of [1, 2, iterations])
        expect(scheduleFactor(ugatit, e * iterations + i, { total: epochs * iterations, epoch: 3400 }, { count: iterations, unit: "steps" })).toBeCloseTo(lr, 12);
    }
  });

  it("is CycleGAN's: by epochs, 1 - max(0, e - 99) / 101, constant within one", () => {
    const epoch = 13;
    for (let step = 1; step <= 200 * epoch; step++) {
      const e = Math.ceil(step / epoch);
      expect(scheduleFactor(cyclegan, step, { total: 200 * epoch, epoch })).toBeCloseTo(1 - Math.max(0, e + 1 - 100) / 101, 12);
    }
  });

  it("is MUNIT's: half every 100,000 steps, floor(t / n)", () => {
    const length = { total: 1_000_000, epoch: 1000 };
    const table = [[1, 1], [99_999, 1], [100_000, 0.5], [199_999, 0.5], [200_000, 0.25], [1_000_000, 0.5 ** 10]] as const;
    for (const [step, factor] of table) expect(scheduleFactor(munit, step, length)).toBe(factor);
  });

  it("follows pieces of any unit one after another, from where the last one ended", () => {
    const pieces: SchedulePieceSpec[] = [
      { kind: "linear", to: 0.5, count: 4, unit: "steps" },
      { kind: "constant", count: 2, unit: "epochs" },
      { kind: "linear", to: 0.1, count: 20, unit: "percent" },
      { kind: "times", factor: 0.1, every: 2, unit: "steps" },
    ];
    const length = { total: 20, epoch: 3 };
    const table = [0.875, 0.75, 0.625, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.4, 0.3, 0.2, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001, 0.0001];
    table.forEach((factor, at) => expect(scheduleFactor(pieces, at + 1, length), `step ${at + 1}`).toBeCloseTo(factor, 12));
  });

  it("holds the last factor beyond the end, and is 1 without pieces", () => {
    expect(scheduleFactor([{ kind: "linear", to: 0.25, count: 2, unit: "steps" }], 9, { total: 9, epoch: 1 })).toBe(0.25);
    expect(scheduleFactor([], 5, { total: 9, epoch: 1 })).toBe(1);
  });
});

describe("the scalars of a step", () => {
  it("are Adam's corrections in double precision", () => {
    const program = tinyProgram();
    const scalars = stepScalars(program, 30, { main: 17 }, { total: 40, epoch: 5 });
    expect(scalars["main.size"]).toBeCloseTo((0.05 * 0.5) / (1 - 0.5 ** 17), 15);
    expect(scalars["main.root"]).toBeCloseTo(1 / Math.sqrt(1 - 0.999 ** 17), 12);
  });

  it("carry eps's other form: TensorFlow's rate * sqrt(1 - beta2^t) / (1 - beta1^t), and no root", () => {
    const program = tinyProgram();
    const hat = { ...program, optimizers: program.optimizers.map((o) => ({ ...o, epsForm: "hat" as const })) };
    const scalars = stepScalars(hat, 30, { main: 17 }, { total: 40, epoch: 5 });
    expect(scalars["main.size"]).toBeCloseTo((0.05 * 0.5 * Math.sqrt(1 - 0.999 ** 17)) / (1 - 0.5 ** 17), 15);
    expect(scalars["main.root"]).toBe(1);
  });

  it("count the length in steps or epochs, unless one is asked for", () => {
    expect(totalSteps(tinyProgram(), 12, undefined)).toBe(36);
    expect(totalSteps(tinyProgram(1, { length: { count: 500, unit: "steps" } }), 12, undefined)).toBe(500);
    expect(totalSteps(tinyProgram(), 12, 7)).toBe(7);
    // A checkpoint holds whole numbers only.
    expect(totalSteps(tinyProgram(1, { length: { count: 0.25, unit: "epochs" } }), 10, undefined)).toBe(3);
    expect(totalSteps(tinyProgram(1, { length: { count: 0.01, unit: "epochs" } }), 10, undefined)).toBe(1);
  });
});
