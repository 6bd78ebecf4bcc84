// Every form of the convolutions of U-GAT-IT's step and of their adjoints: measured, least of many alternating runs, beside what the cost
// model expects. Run by hand (which keeps only layers whose title holds WORD):
//   npx esbuild bench/onnx/lowerings.ts --bundle --platform=node --format=esm --packages=external --outfile=node_modules/.cache/lowerings.mjs && node node_modules/.cache/lowerings.mjs [WORD]
import * as ort from "onnxruntime-node";
import { COSTS } from "../../backends/onnx/forms/costs";
import { Chooser, type Question } from "../../backends/onnx/forms/choice";
import { keyOf } from "../../backends/onnx/forms/site";
import { lowerWith } from "../../backends/onnx/lower/index";
import { emitModel } from "../../backends/onnx/model";
import { Builder } from "../../compiler/graph/builder";
import { numbersOf, type Shape } from "../../compiler/graph/shape";
import type { NodeId, PadMode, Window2d } from "../../compiler/graph/types";
import { TRAINING } from "./measure";

interface Layer {
  readonly c: number;
  readonly k: number;
  readonly size: number;
  readonly taps: number;
  readonly stride?: number;
  readonly pad?: number;
  readonly mode?: PadMode;
  readonly up?: boolean;
}
/** Generator and critics at `size` pixels and `ch` channels. */
const layers = (size: number, ch: number): Layer[] => [
  { c: 4 * ch, k: 4 * ch, size: size / 4, taps: 3, pad: 1 },
  { c: 4 * ch, k: 2 * ch, size: size / 4, taps: 3, pad: 1, up: true },
  { c: 2 * ch, k: ch, size: size / 2, taps: 3, pad: 1, up: true },
  { c: 3, k: ch, size, taps: 7, pad: 3 },
  { c: ch, k: 3, size, taps: 7, pad: 3 },
  { c: ch, k: 2 * ch, size, taps: 3, stride: 2, pad: 1 },
  { c: 8 * ch, k: 4 * ch, size: size / 4, taps: 1 },
  { c: ch, k: 2 * ch, size: size / 2, taps: 4, stride: 2, pad: 1 },
  { c: 4 * ch, k: 8 * ch, size: size / 8, taps: 4, pad: 1 },
  { c: 16 * ch, k: 8 * ch, size: size / 8 - 1, taps: 1 },
  { c: 8 * ch, k: 1, size: size / 8 - 1, taps: 4, pad: 1 },
];
const KINDS = ["conv", "input adjoint", "kernel adjoint"] as const;
type Kind = (typeof KINDS)[number];

const axes = (...dims: readonly (readonly [string, number])[]): Shape => dims.map(([axis, dim]) => ({ axis, dim }));

function build(kind: Kind, l: Layer): { b: Builder; inputs: NodeId[]; y: NodeId } {
  const b = new Builder();
  const [stride, p, factor] = [l.stride ?? 1, l.pad ?? 0, l.up ? 2 : 1];
  const window: Window2d = { kernel: [l.taps, l.taps], stride: [stride, stride], pad: [0, 0] };
  const amounts = { top: p, bottom: p, left: p, right: p };
  const seen = l.size * factor + 2 * p;
  const out = Math.floor((seen - l.taps) / stride) + 1;
  const input = (name: string, shape: Shape): NodeId => b.add("input", { kind: "data", name, shape }, []);
  const picture = (name: string, c: number, s: number): NodeId => input(name, axes(["batch", 1], ["c", c], ["h", s], ["w", s]));
  const kernel = (): NodeId => input("k", axes(["out", l.k], ["in", l.c], ["kh", l.taps], ["kw", l.taps]));
  const before = (x: NodeId): NodeId => {
    const up = l.up ? b.add("upsample", { factor }, [x]) : x;
    return p > 0 ? b.add("pad", { mode: l.mode ?? "reflect", amounts }, [up]) : up;
  };
  if (kind === "conv") {
    const [x, k] = [picture("x", l.c, l.size), kernel()];
    return { b, inputs: [x, k], y: b.add("conv", { window }, [before(x), k]) };
  }
  const g = picture("g", l.k, out);
  if (kind === "kernel adjoint") {
    const x = picture("x", l.c, l.size);
    return { b, inputs: [x, g], y: b.add("conv_kernel_adjoint", { window }, [before(x), g]) };
  }
  const k = kernel();
  let y = b.add("conv_input_adjoint", { window, h: seen, w: seen }, [g, k]);
  if (p > 0) y = b.add("pad_adjoint", { mode: l.mode ?? "reflect", amounts }, [y]);
  if (l.up) y = b.add("upsample_adjoint", { factor }, [y]);
  return { b, inputs: [g, k], y };
}

/** What a chooser is asked, and what it expects. */
class Asking extends Chooser {
  readonly expected = new Map<string, { form: string; ns: number }[]>();
  override choose<F extends string>(question: Question, candidates: Parameters<Chooser["choose"]>[1]): F {
    this.expected.set(keyOf(question.op, question.site), candidates.map((c) => ({ form: c.form, ns: c.ns(COSTS) })));
    return super.choose(question, candidates) as F;
  }
}

async function opened(kind: Kind, l: Layer, form: string): Promise<{ step: () => Promise<number> }> {
  const { b, inputs, y } = build(kind, l);
  const spec = { name: "m", graph: b, inputs: inputs.map((node) => ({ node, name: `i${node}` })), outputs: [{ node: y, name: "y" }] };
  const keys = Object.keys(emitModel(spec).chosen);
  const session = await ort.InferenceSession.create(emitModel({ ...spec, lowerings: { chosen: Object.fromEntries(keys.map((k) => [k, form])) } }).bytes, TRAINING);
  const feeds = Object.fromEntries(inputs.map((id) => {
    const dims = numbersOf(b.shape(id));
    return [`i${id}`, new ort.Tensor("float32", Float32Array.from({ length: dims.reduce((n, d) => n * d, 1) }, (_, i) => Math.sin(i * 1.7)), dims)];
  }));
  const fetches = { y: (await session.run(feeds))["y"]! };
  return { step: async () => {
    const start = performance.now();
    await session.run(feeds, fetches);
    return performance.now() - start;
  } };
}

const only = process.argv[2];
const rounds = Number(process.env["ROUNDS"] ?? 25);
for (const [size, ch] of (process.env["SIZES"] ?? "128:32,256:64").split(",").map((s) => s.split(":").map(Number) as [number, number])) {
  for (const l of layers(size, ch)) {
    for (const kind of KINDS) {
      const { b, y } = build(kind, l);
      const asking = new Asking();
      const title = `${size}: ${kind} ${l.c}→${l.k} at ${l.size}${l.up ? " up" : ""}, ${l.taps}/${l.stride ?? 1}`;
      if (only !== undefined && !title.includes(only)) continue;
      lowerWith(asking, b, new Map(b.nodes.filter((n) => n.op === "input").map((n) => [n.id, `i${n.id}`])), [y]);
      const [expected] = [...asking.expected.values()] as [{ form: string; ns: number }[]];
      const running = await Promise.all(expected.map(async ({ form }) => opened(kind, l, form)));
      const least = expected.map(() => Infinity);
      for (let r = 0; r < rounds; r++) for (const [i, one] of running.entries()) least[i] = Math.min(least[i]!, await one.step());
      const best = Math.min(...least);
      const cheapest = Math.min(...expected.map((x) => x.ns));
      console.log(title);
      expected.forEach(({ form, ns }, i) => console.log(`  ${form.padEnd(12)} ${least[i]!.toFixed(2).padStart(8)} ms, expected ${(ns / 1e6).toFixed(2).padStart(8)}${least[i] === best ? "  quickest" : ""}${ns === cheapest ? "  chosen" : ""}`));
    }
  }
}
