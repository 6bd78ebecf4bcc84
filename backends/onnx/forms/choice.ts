import type { Lowerings } from "../../../compiler/lowering";
import { COSTS, type Costs, costsOf } from "./costs";
import { keyOf, type Site } from "./site";

/** Forms that can be refused by name: `compile(..., { without: ["winograd"] })`. Every operation keeps one that is not listed. */
export const FORMS = {
  winograd: "convolutions of stride 1 and their adjoints over 6×6 tiles: a quarter of the products, errors five times those of direct sums",
  subpixel: "nearest upsampling ×2 and a 3×3 convolution (and adjoints) at low resolution",
  scattered: "a convolution to few channels as one product and sums of shifted results",
  turned: "a gradient by the input as a convolution with the kernel turned around",
  product: "1×1 convolutions and their adjoints as matrix products",
  swapped: "a gradient by the kernel that copies the gradient instead of the input",
  gathered: "a convolution of few pixels of several pictures, and its adjoint by the input, as one product, which reads the kernel once",
  accumulated: "sums of matrix products in one buffer, through a Gemm's third operand",
  joined: "a sum of products of few terms into a large matrix as one product",
  mirrored: "a reflected pad's adjoint over a small picture as two products with matrices of zeros and ones",
} as const;
export type FormName = keyof typeof FORMS;
export const formNames = Object.keys(FORMS) as FormName[];

/** Of what a form is chosen. */
export interface Question {
  readonly op: "conv" | "input adjoint" | "kernel adjoint";
  readonly site: Site;
}

export interface Candidate<F extends string> {
  readonly form: F;
  /** Expected time. */
  readonly ns: (costs: Costs) => number;
}

/** Chooses among forms by cost and remembers what it chose. */
export class Chooser {
  readonly costs: Costs;
  /** Form by key. */
  readonly made = new Map<string, string>();
  private readonly refused: ReadonlySet<string>;
  private readonly recorded: Readonly<Record<string, string>>;

  constructor({ costs, without = [], chosen = {} }: Lowerings = {}) {
    this.costs = costs ? costsOf(costs) : COSTS;
    this.refused = new Set(without);
    this.recorded = chosen;
  }

  allows(form: FormName): boolean {
    return !this.refused.has(form);
  }

  /** The first of the candidates is the one that is always there. */
  choose<F extends string>({ op, site }: Question, candidates: readonly Candidate<F>[]): F {
    const key = keyOf(op, site);
    const open = candidates.filter((c, i) => i === 0 || !this.refused.has(c.form));
    const recorded = open.find((c) => c.form === this.recorded[key]);
    const best = recorded ?? cheapest(open, this.costs);
    this.made.set(key, best.form);
    return best.form;
  }
}

function cheapest<F extends string>(candidates: readonly Candidate<F>[], costs: Costs): Candidate<F> {
  const times = candidates.map((c) => c.ns(costs));
  return candidates[times.indexOf(Math.min(...times))]!;
}
