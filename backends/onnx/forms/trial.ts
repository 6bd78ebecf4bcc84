// A convolution or an adjoint by itself, as a graph: what `ganc tune` runs in each of its forms.
import { Builder } from "../../../compiler/graph/builder";
import type { Shape } from "../../../compiler/graph/shape";
import type { GraphFile } from "../../../compiler/train/graph-file";
import type { NodeId, Window2d } from "../../../compiler/graph/types";
import { numberOf } from "../extent";
import { formsOf, lowerWith } from "../lower/index";
import { type Candidate, Chooser, type Question } from "./choice";
import { COSTS, type Costs } from "./costs";
import { keyOf, type Site } from "./site";
import { winograd, subpixel } from "./tiles";

export interface Trial {
  readonly key: string;
  readonly graph: Builder;
  readonly inputs: readonly NodeId[];
  readonly output: NodeId;
  readonly forms: readonly TrialForm[];
}
export interface TrialForm {
  readonly form: string;
  /** What running it alone is expected to take. */
  readonly ns: (costs: Costs) => number;
  /** The part of it that a step has from elsewhere: the transformed gradient, which the adjoint in x made. */
  readonly shared: (costs: Costs) => number;
}

/** What the graphs' convolutions leave to be chosen, each shape once; without free dims and without what has one form only. */
export function trialsOf(graphs: readonly GraphFile[]): Trial[] {
  const asking = new Asking();
  for (const g of graphs) lowerWith(asking, g.graph, new Map(g.inputs.map((i) => [i.node, i.name])), g.outputs.map((o) => o.node));
  const trials = [...asking.asked].map(([key, { question, candidates }]) => trialOf(key, question, candidates));
  return trials.filter((t): t is Trial => t !== undefined);
}

/** Remembers what it is asked. */
class Asking extends Chooser {
  readonly asked = new Map<string, { question: Question; candidates: readonly Candidate<string>[] }>();

  override choose<F extends string>(question: Question, candidates: readonly Candidate<F>[]): F {
    if (candidates.length > 1) this.asked.set(keyOf(question.op, question.site), { question, candidates });
    return super.choose(question, candidates);
  }
}

function trialOf(key: string, { op, site }: Question, candidates: readonly Candidate<string>[]): Trial | undefined {
  const numbers = numbersOf(site);
  if (!numbers) return undefined;
  const built = build(op, site, numbers);
  // A site that comes about in another way than this would be measured for nothing.
  if (!(key in formsOf(built.graph, [built.output], {}))) return undefined;
  const forms = candidates.map(({ form, ns }): TrialForm => {
    const shared = op === "kernel adjoint" ? (costs: Costs): number => gradientTransform(form, site, numbers) * costs.tile : (): number => 0;
    return { form, shared, ns: (costs) => ns(costs) + shared(costs) };
  });
  return { key, ...built, forms };
}

interface Numbers {
  readonly n: number;
  readonly c: number;
  readonly k: number;
  readonly h: number;
  readonly w: number;
  readonly oh: number;
  readonly ow: number;
}
function numbersOf({ n, c, k, h, w, oh, ow }: Site): Numbers | undefined {
  const batch = numberOf(n);
  const all = [c, k, h, w, oh, ow];
  if (batch === undefined || !all.every((d): d is number => typeof d === "number")) return undefined;
  const [cs, ks, hs, ws, ohs, ows] = all as [number, number, number, number, number, number];
  return { n: batch, c: cs, k: ks, h: hs, w: ws, oh: ohs, ow: ows };
}

/** Elements of A ∂y Aᵀ. */
function gradientTransform(form: string, { kernel: [taps], factor }: Site, { n, k, oh, ow }: Numbers): number {
  if (form !== "winograd" && form !== "subpixel") return 0;
  const tiling = form === "subpixel" ? subpixel(taps) : winograd(taps, factor === 2 ? 2 : 1);
  return n * k * tiling.points ** 2 * Math.ceil(oh / tiling.results) * Math.ceil(ow / tiling.results);
}

function build(op: Question["op"], { kernel, stride, factor, mode, pad }: Site, { n, c, k, h, w, oh, ow }: Numbers): { graph: Builder; inputs: NodeId[]; output: NodeId } {
  const b = new Builder();
  const own = mode === "zero" && pad.top === pad.bottom && pad.left === pad.right;
  const window: Window2d = { kernel, stride, pad: own ? [pad.top, pad.left] : [0, 0] };
  const shape = (...dims: readonly (readonly [string, number])[]): Shape => dims.map(([axis, dim]) => ({ axis, dim }));
  const input = (name: string, s: Shape): NodeId => b.add("input", { kind: "data", name, shape: s }, []);
  const picture = (): NodeId => input("x", shape(["batch", n], ["c", c], ["h", h], ["w", w]));
  const gradient = (): NodeId => input("g", shape(["batch", n], ["c", k], ["h", oh], ["w", ow]));
  const weights = (): NodeId => input("k", shape(["out", k], ["in", c], ["kh", kernel[0]], ["kw", kernel[1]]));
  const before = (x: NodeId): NodeId => {
    const large = factor === 1 ? x : b.add("upsample", { factor }, [x]);
    return own ? large : b.add("pad", { mode, amounts: pad }, [large]);
  };
  if (op === "conv") {
    const inputs = [picture(), weights()];
    return { graph: b, inputs, output: b.add("conv", { window }, [before(inputs[0]!), inputs[1]!]) };
  }
  if (op === "kernel adjoint") {
    const inputs = [picture(), gradient()];
    return { graph: b, inputs, output: b.add("conv_kernel_adjoint", { window }, [before(inputs[0]!), inputs[1]!]) };
  }
  const inputs = [gradient(), weights()];
  const seen = own ? [h * factor, w * factor] as const : [h * factor + pad.top + pad.bottom, w * factor + pad.left + pad.right] as const;
  const there = b.add("conv_input_adjoint", { window, h: seen[0], w: seen[1] }, inputs);
  const folded = own ? there : b.add("pad_adjoint", { mode, amounts: pad }, [there]);
  return { graph: b, inputs, output: factor === 1 ? folded : b.add("upsample_adjoint", { factor }, [folded]) };
}

/** How much of each elementary cost an expected time holds: all forms are sums of them. */
export function shares(ns: (costs: Costs) => number): Costs {
  const names = Object.keys(COSTS) as (keyof Costs)[];
  const nothing = Object.fromEntries(names.map((name) => [name, 0])) as Record<keyof Costs, number>;
  return Object.fromEntries(names.map((name) => [name, ns({ ...nothing, [name]: 1 })])) as Costs;
}
