import type { Span } from "../../dsl/source";
import type { Tracer } from "../trace/tracer";
import type { Value } from "../trace/values";

/** How an argument is read. `axis`, `axes`, `word` and `dims` are names, not expressions. */
export type ArgKind = "tensor" | "number" | "int" | "bool" | "axis" | "axes" | "word" | "dims" | "pad" | "reparam" | "init" | "steps" | "any";

export interface BuiltinParameter {
  readonly name: string;
  readonly kind: ArgKind;
  /** Absent: must be given, unless `optional`. */
  readonly default?: Value;
  readonly optional?: boolean;
  /** Of a number: its range. An `int` begins at 1 unless `least` says otherwise. */
  readonly least?: number;
  readonly most?: number;
  /** For `word`: what it may be. */
  readonly words?: readonly string[];
}

/** Named dims, as `[block: 4, part: 2]` gives them. */
export interface DimsArg {
  readonly entries: readonly { readonly axis: string; readonly dim: number }[];
}

export class Args {
  constructor(
    private readonly values: ReadonlyMap<string, Value>,
    readonly axesLists: ReadonlyMap<string, readonly string[]>,
    readonly dims: ReadonlyMap<string, DimsArg>,
    /** Further positional arguments of a builtin with `rest`. */
    readonly rest: readonly Value[],
  ) {}

  has(name: string): boolean {
    return this.values.has(name) || this.axesLists.has(name) || this.dims.has(name);
  }
  value(name: string): Value {
    const v = this.values.get(name);
    if (v === undefined) throw new Error(`defect: the builtin's argument ${name} is missing`);
    return v;
  }
  tensor(name: string): number {
    const v = this.value(name);
    if (typeof v === "object" && v.kind === "tensor") return v.id;
    throw new Error(`defect: ${name} is no tensor`);
  }
  number(name: string): number {
    const v = this.value(name);
    if (typeof v !== "number") throw new Error(`defect: ${name} is no number`);
    return v;
  }
  flag(name: string): boolean {
    return this.value(name) === true;
  }
  axes(name: string): readonly string[] | undefined {
    return this.axesLists.get(name);
  }
  axis(name: string): string | undefined {
    return this.axesLists.get(name)?.[0];
  }
  word(name: string): string | undefined {
    const v = this.values.get(name);
    return typeof v === "string" ? v : undefined;
  }
}

export interface Builtin {
  readonly name: string;
  /** One line for `--help` and hover. */
  readonly doc: string;
  readonly parameters: readonly BuiltinParameter[];
  /** The first parameter is the tensor that `|>` applies it to. */
  readonly stage: boolean;
  /** Takes any number of values after its first. */
  readonly rest?: boolean;
  /** Makes parameters: its places are numbered in the path (`conv1`, `conv2`). */
  readonly learns?: boolean;
  run(t: Tracer, args: Args, span: Span): Value;
}

export const x: BuiltinParameter = { name: "x", kind: "tensor" };
