import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { evaluate } from "../../../../compiler/graph/evaluate.ts";
import type { NdArray } from "../../../../compiler/graph/ndarray.ts";
import type { AdamUpdate } from "../../../../compiler/program.ts";
import { Random } from "../../../../compiler/random.ts";
import { buildUpdate } from "../../../../compiler/train/update.ts";
import { Room } from "../../../../runtime/engine/update/room.ts";
import { type AdamTensors, SCRATCH, Updater } from "../../../../runtime/engine/update/updates.ts";

interface Golden {
  readonly rate: number; readonly betas: [number, number]; readonly eps: number; readonly decay: number; readonly within: [number, number] | null;
  readonly start: number[]; readonly gradients: number[][]; readonly param: number[]; readonly m: number[]; readonly v: number[];
}
const golden = (JSON.parse(readFileSync("test/golden/oracle/adam.json", "utf8")) as { cases: Golden[] }).cases;

const updater = (): { room: Room; updater: Updater } => {
  const room = new Room(SCRATCH + (1 << 20));
  return { room, updater: new Updater(room) };
};

/** Four tensors of a length, in the kernel's memory or beside it. */
function tensors(length: number, room?: Room): AdamTensors {
  const of = (): Float32Array => {
    const place = room?.take(4 * length);
    return room && place ? room.array(place) : new Float32Array(length);
  };
  return { param: of(), m: of(), v: of(), gradient: of() };
}

function fill({ param, m, v, gradient }: AdamTensors, seed: number): void {
  const random = Random.of(seed, "update");
  for (const data of [param, m, v, gradient]) data.forEach((_, i) => void (data[i] = random.unit() * 2 - 1));
  v.forEach((x, i) => void (v[i] = x * x));
}

const worst = (got: Float32Array, want: ArrayLike<number>): number => got.reduce((most, x, i) => Math.max(most, Math.abs(x - want[i]!) / Math.max(1e-3, Math.abs(want[i]!))), 0);
/** A dozen roundings of float32, and cancellation where a weight comes near 0 (the smallest counted as 1e-3). */
const FLOAT32 = 2e-5;

describe("the update's kernel", () => {
  it.each(golden.map((g, i) => [i, g] as const))("does what PyTorch's Adam does in double precision, case %i", (_, g) => {
    const made = updater();
    for (const t of [tensors(g.start.length, made.room), tensors(g.start.length)]) {
      t.param.set(g.start);
      const update: AdamUpdate = { param: "w", step: "step", root: "root", betas: g.betas, eps: g.eps, decay: g.decay, ...(g.within ? { within: g.within } : {}) };
      g.gradients.forEach((gradient, k) => {
        t.gradient.set(gradient);
        const [b1, b2] = g.betas;
        const numbers: Record<string, number> = { step: g.rate / (1 - b1 ** (k + 1)), root: 1 / Math.sqrt(1 - b2 ** (k + 1)) };
        made.updater.run(update, t, (name) => numbers[name]!);
      });
      expect(worst(t.param, g.param)).toBeLessThan(FLOAT32);
      expect(worst(t.m, g.m)).toBeLessThan(FLOAT32);
      expect(worst(t.v, g.v)).toBeLessThan(FLOAT32);
    }
  });

  it.each([[0, "weights", undefined], [1e-2, "weights", undefined], [1e-2, "all", [0, 0.5]]] as const)("does what the update's graph says, decay %f on %s", (decay, decayOn, within) => {
    const length = 103;
    const shape = [{ axis: "c", dim: length }];
    const param = { name: "w", net: "N", role: "weight" as const, shape, init: { kind: "constant" as const, value: 0 }, span: { file: "", start: 0, end: 0 }, ...(within ? { within } : {}) };
    const optimizer = { name: "main", kind: "adam" as const, rate: 0.1, betas: [0.9, 0.99] as const, eps: 1e-3, decay, decayOn };
    const { graph, inputs, outputs, updates } = buildUpdate([{ param, optimizer }]);
    const made = updater();
    const t = tensors(length, made.room);
    fill(t, 5);
    const numbers: Record<string, number> = { "main.step_size": Math.fround(0.3), "main.root_correction": Math.fround(1.7) };
    const before: Record<string, Float32Array> = { "param:w": t.param, "m:w": t.m, "v:w": t.v, "grad:w": t.gradient };
    const feeds = new Map(inputs.map(({ node, value }): [number, NdArray] => {
      const data = before[value];
      return [node, data ? { shape: [{ axis: "c", dim: length }], data: Float64Array.from(data) } : { shape: [], data: Float64Array.of(numbers[value.slice("scalar:".length)]!) }];
    }));
    const expected = evaluate(graph, outputs.map((o) => o.node), feeds);
    made.updater.run(updates[0]!, t, (name) => numbers[name]!);
    for (const { node, value } of outputs) expect(worst(before[value]!, expected.get(node)!.data), value).toBeLessThan(FLOAT32);
  });

  it.each([1, 3, 4, 8191, 8192, 8193, 20_001])("gives the same bits in place and in pieces, and touches nothing beside them: %i floats", (length) => {
    const made = updater();
    const [inside, outside] = [tensors(length, made.room), tensors(length)];
    const guard = new Float32Array(made.room.memory.buffer, made.room.take(64)!.offset, 16).fill(7);
    fill(inside, 9);
    fill(outside, 9);
    const untouched = inside.gradient.slice();
    const update: AdamUpdate = { param: "w", step: "s", root: "r", betas: [0.5, 0.999], eps: 1e-8, decay: 1e-4, within: [-0.9, 0.9] };
    for (const t of [inside, outside]) made.updater.run(update, t, (name) => (name === "s" ? 1e-2 : 1.1));
    expect(inside).toEqual(outside);
    expect(inside.gradient).toEqual(untouched);
    expect(guard.every((x) => x === 7)).toBe(true);
  });
});

describe("memory begun before it is known what lies in it", () => {
  it("grows to what is needed, and is empty", () => {
    const room = new Room(100_000);
    room.touch();
    room.reserve(200_000);
    room.reserve(1000);
    const data = room.array(room.take(190_000)!);
    expect(room.memory.buffer.byteLength).toBe(4 * 65536);
    expect(data).toEqual(new Float32Array(190_000 / 4));
    expect(room.holds(data)).toBe(true);
  });
});
