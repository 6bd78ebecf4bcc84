// Every operation of the kit on every engine at hand, on several shapes: its value, its gradients, and the gradients of a product of those,
// against the compiler's graph in double precision.
import { describe, expect, it } from "vitest";
import { kitNames } from "../../../../backends/tfjs/shake";
import type { Tensor } from "../../../../backends/tfjs/kit/tf";
import { differentiate } from "../../../../compiler/differentiate";
import { Builder } from "../../../../compiler/graph/builder";
import { evaluate } from "../../../../compiler/graph/evaluate";
import type { NdArray } from "../../../../compiler/graph/ndarray";
import { axesOf, numbersOf, type Shape } from "../../../../compiler/graph/shape";
import type { NodeId } from "../../../../compiler/graph/types";
import { ordered } from "../../../../compiler/ops/arrays";
import { drawAll } from "../../../compiler/kit";
import { absent, engines } from "../../../tfjs/engines";
import { type Case, cases, Ops } from "./cases";
import { type Kit, loadKit } from "./load";

/** Of the largest value, or of 0.1: float32 sums of up to a hundred numbers near 1, in another order than the reference's. */
const TOLERANCE = 2e-5;

/** What a case's kit calls beside the operation that is tested is none of these. */
const NOT_OPERATIONS = [
  "Adam", "Random", "Scope", "Weights", "drawn", "normal", "uniform", "uniformFanIn", "kaimingNormal", "xavierNormal", "unitNormal", "initFor", // not functions of tensors
  "kernelOrder", "matrixOrder", "shapeInFile", "toFileOrder", "toMemoryOrder", "reflect", "zero", "edge", "tf", "packageName",
  "UserError", "saveCheckpoint", "findCheckpoint", "command", "run", "listPictures", "prepared", "errorCode", "explained", "writeWhole", "scheduleFactor", // files and runs
  "readPicture", "flipped", "cropped", "resized", "resizedAsCv2", "toValues", "toBytes", "toPng", // pictures, before they are tensors
  "plain", "identity", "zip", // what they are given
  "history", "minimize", "gradientOf", // whole steps hold them to the ONNX engine: test/parity/tfjs.test.ts
  "withGradient", "withGradients", "summed", "passedTo", "linearMap", "tensorFlow", "asPictures", "isRecorded", "isState", "gradients", "useRules", // what operations are made of: every case runs through them
];

interface Result {
  readonly value: NdArray;
  readonly first: readonly (NdArray | undefined)[];
  readonly second: readonly (NdArray | undefined)[];
}

const sum = (b: Builder, x: NodeId): NodeId => b.add("sum", { over: axesOf(b.shape(x)) }, [x]);

/**
 * In double precision: f, the gradients of Σ f·k, and the gradients of the sum of the squares of those by the inputs (as a gradient
 * penalty has them), k being seeded numbers.
 */
function reference(c: Case, values: readonly NdArray[], seeds: (shape: Shape) => NdArray): Result {
  const b = new Builder();
  const shapes = [...c.inputs, ...Object.values(c.learned ?? {})];
  const ids = shapes.map((shape, i) => b.add("input", { kind: "value", name: `x${i}`, shape }, []));
  const learned = Object.fromEntries(Object.keys(c.learned ?? {}).map((name, i) => [name, ids[c.inputs.length + i]!]));
  const y = c.graph(new Ops(b), ids.slice(0, c.inputs.length), learned);
  const k = b.add("input", { kind: "value", name: "k", shape: b.shape(y) }, []);
  const first = differentiate(b, sum(b, b.add("mul", {}, [y, k])), ids);
  const squares = first.slice(0, c.inputs.length).flatMap((g) => (g === undefined ? [] : [sum(b, b.add("mul", {}, [g, g]))]));
  const total = squares.reduce((s, x) => b.add("add", {}, [s, x]));
  const second = differentiate(b, total, ids);
  const order = c.axes.split(" ");
  const laid = order.map((axis) => b.shape(y).find((a) => a.axis === axis)!);
  const feeds = new Map([...ids.map((id, i) => [id, values[i]!] as const), [k, seeds(laid)] as const]);
  const found = evaluate(b, [y, ...[...first, ...second].filter((g) => g !== undefined)], feeds);
  const at = (id: NodeId | undefined, i: number): NdArray | undefined => (id === undefined ? undefined : whole(found.get(id)!, shapes[i]!));
  return { value: ordered(found.get(y)!, order), first: first.map(at), second: second.map(at) };
}

/** A gradient may lack axes along which it is constant. */
function whole(x: NdArray, shape: Shape): NdArray {
  const dims = numbersOf(shape);
  const missing = shape.flatMap((a, i) => (x.shape.some((o) => o.axis === a.axis) ? [] : [{ axis: a.axis, dim: dims[i]! }]));
  const times = missing.reduce((n, a) => n * a.dim, 1);
  const data = Float64Array.from({ length: x.data.length * times }, (_, i) => x.data[i % x.data.length]!);
  return ordered({ shape: [...missing, ...x.shape], data }, axesOf(shape));
}

function close(got: Float32Array | undefined, wanted: NdArray | undefined, what: string): void {
  if (!got || !wanted) {
    // One side may know that a gradient is zero everywhere, and the other say it in numbers.
    expect(Math.max(0, ...[...(got ?? wanted?.data ?? [])].map(Math.abs)), `${what}: one side has none`).toBe(0);
    return;
  }
  expect(got.length, what).toBe(wanted.data.length);
  const largest = wanted.data.reduce((m, v) => Math.max(m, Math.abs(v)), 0.1);
  const worst = wanted.data.reduce((m, v, i) => Math.max(m, Number.isFinite(got[i]) ? Math.abs(got[i]! - v) : Infinity), 0);
  expect(worst / largest, `${what}: ${[...got.slice(0, 6)].join(" ")} for ${[...wanted.data.slice(0, 6)].join(" ")}`).toBeLessThanOrEqual(TOLERANCE);
}

function run(kit: Kit, c: Case, values: readonly NdArray[], seeds: (shape: Shape) => NdArray): { value: Float32Array; first: (Float32Array | undefined)[]; second: (Float32Array | undefined)[] } {
  const { tf } = kit;
  const weights = new kit.Weights({ seed: 1 });
  const scope = weights.net("N");
  const names = Object.keys(c.learned ?? {});
  // States of `rest` are flattened in files: the shape that the model asks for decides.
  weights.load(new Map(names.map((name, i) => {
    const { shape, data } = values[c.inputs.length + i]!;
    const dims = name.endsWith(".numbers") ? [data.length] : shape.map((a) => a.dim);
    return [`param/N.${name}`, { shape: dims, data: Float32Array.from(data) }];
  })));
  const xs = c.inputs.map((_, i) => tf.variable(tf.tensor(Float32Array.from(values[i]!.data), values[i]!.shape.map((a) => a.dim))));
  const inputs = (): { name: string; net: string; role: "other"; variable: (typeof xs)[number] }[] => xs.map((variable, i) => ({ name: `x${i}`, net: "", role: "other", variable }));
  const wanted = (): ReturnType<typeof weights.learned> => [...inputs(), ...weights.learned(["N"])];
  const k = (y: Tensor): Tensor => {
    const order = c.axes.split(" ");
    return tf.tensor(Float32Array.from(seeds(y.shape.map((dim, i) => ({ axis: order[i]!, dim }))).data), y.shape);
  };
  let value!: Float32Array;
  const loss = (): Tensor => {
    const y = c.kit(kit, xs, scope);
    value = y.dataSync<"float32">().slice();
    return y.mul(kit.offTape(() => k(y))).sum();
  };
  const list = (grads: ReadonlyMap<string, Tensor>): (Float32Array | undefined)[] => [...inputs().map((x) => x.name), ...names.map((n) => `N.${n}`)].map((name) => inFile(grads.get(name), name));
  const inFile = (g: Tensor | undefined, name: string): Float32Array | undefined => {
    if (!g) return undefined;
    // A gradient lies as its tensor does; a model of its own says how files have it.
    const probe = new kit.Weights({ seed: 1 });
    if (!name.startsWith("N.")) return g.dataSync<"float32">().slice();
    tf.tidy(() => c.kit(kit, xs, probe.net("N")));
    probe.learned(["N"]).find((l) => l.name === name)!.variable.assign(g as never);
    const data = probe.save().get(`param/${name}`)!.data.slice();
    probe.dispose();
    return data;
  };
  const first = tf.tidy(() => list(kit.gradients(wanted, loss).grads));
  const before = tf.memory().numTensors;
  const second = tf.tidy(() => list(kit.gradients(wanted, () => {
    const { grads } = kit.gradients(inputs, loss);
    return tf.addN([...grads.values()].map((g) => g.square().sum()));
  }).grads));
  expect(tf.memory().numTensors, "tensors left over").toBe(before);
  weights.dispose();
  for (const x of xs) x.dispose();
  return { value, first, second };
}

const titles = (list: readonly Case[]): string[] => list.map((c) => c.title.split(" ")[0]!);

describe("every operation of the kit", () => {
  it("has a case", () => {
    const tested = new Set([...titles(cases), ...cases.flatMap((c) => c.title.split(/[ ,]/))]);
    expect(kitNames().filter((name) => /^[a-zA-Z]/.test(name)).filter((name) => !tested.has(name) && !NOT_OPERATIONS.includes(name) && !isType(name))).toEqual([]);
  });

  it.skip.each(absent().map((name) => [name]))("is checked on %s (not at hand: TFJS_PACKAGES names no folder)", () => undefined);

  for (const engine of engines()) {
    describe(`on ${engine.name}`, async () => {
      const { tf } = await engine.load();
      const kit = await loadKit(tf, engine.name);
      const groups = [...new Set(cases.map((c) => c.title.split(/ (?:of|over|with|after) /)[0]!))];
      it("where values are equal or zero: one maximum takes the gradient, the first; of two the first; at 0 as PyTorch", () => {
        const gradientAt = (values: number[], shape: number[], f: (x: Tensor) => Tensor): number[] => tf.tidy(() => [...tf.grad((x: Tensor) => f(x).sum())(tf.tensor(values, shape)).dataSync()]);
        const picture = [1, 0, 1, 0, 1, 0, 0, 1, 1, 1, 0, 1]; // h 2, w 3, c 2
        expect(gradientAt(picture, [1, 2, 3, 2], (x) => kit.max(x, [1, 2]))).toEqual([1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
        expect(gradientAt(picture, [1, 2, 3, 2], (x) => kit.max(x, [1, 2, 3]))).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        expect(gradientAt([0, 1, 0, 1, 1, 1, 1, 1, 1, 0, 1, 1], [1, 2, 3, 2], (x) => kit.max(x, [3, 1, 2]))).toEqual([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
        expect(gradientAt(picture, [1, 2, 3, 2], (x) => kit.min(x, [1, 2]))).toEqual([0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
        const two = tf.tensor([1, 1, 1]);
        expect(gradientAt([0, 1, 2], [3], (x) => kit.maximum(x, two))).toEqual([0, 1, 1]);
        expect(gradientAt([0, 1, 2], [3], (x) => kit.maximum(two, x))).toEqual([0, 0, 1]);
        expect(gradientAt([0, 1, 2], [3], (x) => kit.minimum(x, two))).toEqual([1, 1, 0]);
        expect(gradientAt([-1, 0, 0.5, 1, 2], [5], (x) => kit.clamp(x, 0, 1))).toEqual([0, 1, 1, 1, 0]);
        expect(gradientAt([-1, 0, 1], [3], (x) => kit.abs(x))).toEqual([-1, 0, 1]);
        expect(gradientAt([-1, 0, 1], [3], (x) => kit.relu(x))).toEqual([0, 0, 1]);
        expect(gradientAt([-1, 0, 1], [3], (x) => kit.leakyRelu(x, 0.5))).toEqual([0.5, 0.5, 1]);
        two.dispose();
      });

      for (const group of groups) {
        it(group, () => {
          for (const c of cases.filter((d) => d.title.split(/ (?:of|over|with|after) /)[0] === group)) {
            const values = drawAll([...c.inputs, ...Object.values(c.learned ?? {})], c.range ?? [-1, 1], 7);
            const seeds = (shape: Shape): NdArray => drawAll([shape], [-1, 1], 3)[0]!;
            const want = reference(c, values, seeds);
            const got = run(kit, c, values, seeds);
            close(got.value, want.value, `${c.title}: value`);
            want.first.forEach((g, i) => close(got.first[i], g, `${c.title}: gradient ${i}`));
            want.second.forEach((g, i) => close(got.second[i], g, `${c.title}: second gradient ${i}`));
          }
        });
      }
    });
  }
});

/** Types are exported, too; they leave nothing behind when the kit is loaded. */
function isType(name: string): boolean {
  return /^[A-Z]/.test(name);
}
