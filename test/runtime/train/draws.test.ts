// The streams of a program with second draws (`data A2: A`) and with phases that rest: what follows what, and an exact resume.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { compile } from "../../../compiler/compile";
import type { Program } from "../../../compiler/program";
import { planOf } from "../../../compiler/train/at-step";
import type { Json } from "../../../runtime/data/types";
import { openData } from "../../../runtime/train/data";
import type { DataSource } from "../../../runtime/train/types";
import { scratch } from "../data/scratch";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 }); // the cores may be shared

const folder = scratch("draws");
const COUNT = 7;
const SEED = 3;

/** Each picture is one grey of its own, so that a batch says which pictures it holds. */
beforeAll(async () => {
  for (const side of ["A", "B"]) {
    mkdirSync(join(folder, `train${side}`));
    for (let i = 0; i < COUNT; i++)
      await sharp({ create: { width: 8, height: 8, channels: 3, background: { r: 10 * i, g: 10 * i, b: 10 * i } } }).png().toFile(join(folder, `train${side}`, `${i}.png`));
  }
});

const SPEC = `
param every: int = 1
network G(x: image[3, H, W]) { return x |> conv(3, 3, pad: 1) }
train {
  data A, B: image[3, 8, 8]
  data A2: A
  net AB, D: G
  phase critics trains D { loss x += mean(D(AB(A))^2) + mean(D(B)) }
  phase makers trains AB when (step - 1) % every == 0 { loss x += mean(D(AB(A2))^2) }
  optimizer critics, makers = adam(rate: 1e-4)
  batch 2
}`;
function programOf(every: number): Program {
  const { program, diagnostics } = compile({ path: "draws.gan", text: SPEC }, { set: [`every=${every}`] });
  if (!program) throw new Error(diagnostics.map((d) => d.message).join("; "));
  return program;
}

const seen = (batch: Float32Array | undefined): number[] => [0, 1].map((i) => Math.round(((batch![192 * i]! + 1) * 127.5) / 10));
async function steps(program: Program, data: DataSource, from: number, to: number): Promise<Record<string, number[]>[]> {
  const found: Record<string, number[]>[] = [];
  for (let step = from; step <= to; step++) {
    const plan = planOf(program, step);
    const given = await data.next(plan === undefined ? undefined : program.plans![plan]!.data);
    found.push(Object.fromEntries(Object.entries(given).map(([name, batch]) => [name, seen(batch)])));
  }
  return found;
}
const open = (program: Program, position?: Json): Promise<DataSource> => openData(program, { folder, seed: SEED, ...(position === undefined ? {} : { position }) });

describe("`data A2: A`", () => {
  it("takes what follows A's batch in A's own stream: no picture twice in an epoch", async () => {
    const program = programOf(1);
    const made = await steps(program, await open(program), 1, 7);
    const order = made.flatMap((x) => [...x["A"]!, ...x["A2"]!]);
    expect(order).toHaveLength(28);
    for (const at of [0, 7, 14, 21]) expect(new Set(order.slice(at, at + COUNT)).size).toBe(COUNT);
    // B is not touched by it: one batch a step.
    const plain = { ...program, data: program.data.filter((d) => d.name !== "A2") };
    expect((await steps(plain, await open(plain), 1, 7)).map((x) => x["B"])).toEqual(made.map((x) => x["B"]));
    // And A's stream is the one it has without a second draw.
    expect((await steps(plain, await open(plain), 1, 14)).flatMap((x) => x["A"]!)).toEqual(order);
  });
  it("makes an epoch shorter: the longer folder, in pictures drawn", async () => {
    expect((await open(programOf(1))).epoch).toBe(4); // B: 7 pictures, 2 a step
    const only = { ...programOf(1), data: programOf(1).data.filter((d) => d.name !== "B") };
    expect((await open(only)).epoch).toBe(2); // A: 4 a step
  });
  it("draws nothing in a step in which its phase rests", async () => {
    const program = programOf(3);
    const made = await steps(program, await open(program), 1, 7);
    expect(made.map((x) => "A2" in x)).toEqual([true, false, false, true, false, false, true]);
    const order = made.flatMap((x) => [...x["A"]!, ...(x["A2"] ?? [])]);
    for (const at of [0, 7]) expect(new Set(order.slice(at, at + COUNT)).size).toBe(COUNT);
  });
  it("resumes exactly from every step", async () => {
    const program = programOf(2);
    const whole = await steps(program, await open(program), 1, 8);
    for (let at = 0; at <= 8; at++) {
      const before = await open(program);
      await steps(program, before, 1, at);
      const position = JSON.parse(JSON.stringify(before.position())) as Json;
      before.close();
      expect(await steps(program, await open(program, position), at + 1, 8), `from step ${at}`).toEqual(whole.slice(at));
    }
  });
});
