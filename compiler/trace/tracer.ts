import type { Diagnostic, Related, Rule } from "../../dsl/diagnostic";
import { diagnose } from "../../dsl/diagnostic";
import type { Span } from "../../dsl/source";
import { Builder, DimsError } from "../graph/builder";
import type { NodeId, OpAttrs, OpName } from "../graph/types";
import { axesOf, BATCH, countOf, sameShape, type Shape, showShape } from "../graph/shape";
import type { ParamSpec } from "../program";
import { rules } from "../diagnostics/table";
import { apply } from "./calls";
import type { Dim } from "../graph/dim";
import type { Arg } from "../../dsl/tree";
import { describeProblem } from "./problems";
import { type InitRecipe, resolveInit } from "./init";
import { type InstanceValue, isKind, POISON, type Value } from "./values";

const NOWHERE: Span = { file: "", start: 0, end: 0 };

/** Ends of what is unrolled: a slip such as repeat(1e9) must not keep the compiler busy for ever. */
const MOST_WORK = 300_000;
const MOST_NODES = 100_000;
const MOST_DEPTH = 400;

export const samePlace = (a: Diagnostic, b: Diagnostic): boolean =>
  a.code === b.code && a.span?.file === b.span?.file && a.span?.start === b.span?.start && a.span?.end === b.span?.end;

export interface ParamInfo {
  readonly name: string;
  readonly net: string;
  readonly shape: Shape;
  readonly role: ParamSpec["role"];
  readonly init: ParamSpec["init"];
  readonly within?: readonly [number, number];
  readonly madeBy?: string;
  readonly span: Span;
}
export interface StateInfo {
  readonly name: string;
  readonly net: string;
  readonly shape: Shape;
  readonly init: ParamSpec["init"];
}
export interface SampleInfo {
  readonly name: string;
  readonly shape: Shape;
  readonly distribution: ParamSpec["init"];
}

/** A place of the model: the names of parameters made here begin with `path`. */
export interface Scope {
  readonly path: string;
  readonly net: string;
  readonly netInit: Value | undefined;
  readonly counters: Map<string, number>;
  readonly madeBy?: string | undefined;
}

/** One call on the way to where the tracer stands, outermost first. */
export interface Frame {
  readonly label: string;
  readonly span: Span;
  readonly decl?: object;
  /** Set at the frame of a phase. */
  readonly phase?: string;
  /** Set where an instance is called. */
  readonly instance?: InstanceValue;
}

export interface CallMade {
  readonly phase: string;
  /** The nodes that the call, or an equal one before it, has added: from the first to before the last. */
  readonly nodes: readonly [number, number];
}

/**
 * Follows a spec's calls and grows the graph: elaboration and dims in one walk, so that a dims error knows its call
 * chain. One tracer makes one graph; parameters and states are shared between the graphs of a spec.
 */
export class Tracer {
  readonly b = new Builder();
  scope: Scope = { path: "", net: "", netInit: undefined, counters: new Map() };
  readonly frames: Frame[] = [];
  readonly samples = new Map<string, SampleInfo>();
  /** The value each state has now; what it is at the end is carried to the next step. */
  readonly states = new Map<string, NodeId>();
  /** How often a net was updated before the phase that is traced. */
  readonly versions = new Map<string, number>();
  /** Results of instance calls: two equal calls are one computation (rule 11). */
  readonly calls = new Map<string, { readonly value: Value; readonly nodes: CallMade["nodes"] }>();
  /** Each time a phase calls a net, as the spec has it: whatever another call of the step has made already counts again. */
  readonly callsMade: CallMade[] = [];
  readonly calledNets = new Set<string>();
  /** What each net was first called with: `describe` lays its layers out for these shapes. */
  readonly firstCalls = new Map<string, { readonly net: InstanceValue; readonly positional: readonly Value[]; readonly named: ReadonlyMap<string, Value> }>();

  constructor(
    readonly mode: "training" | "inference",
    readonly diagnostics: Diagnostic[],
    readonly params: Map<string, ParamInfo>,
    readonly stateInfos: Map<string, StateInfo>,
    /** Samples of a batch; a free symbol in exports. */
    readonly batch: Dim = 1,
  ) {}

  /** Applies a stage, a declaration or a net. */
  apply(callee: Value, positional: readonly Value[], named: ReadonlyMap<string, Value>, span: Span, args?: readonly Arg[]): Value {
    return apply(this, callee, positional, named, span, args);
  }

  /** A bare `normal` or `random_flip`, as if written with empty parentheses. */
  call(v: Value, span: Span = NOWHERE): Value {
    return apply(this, v, [], new Map(), span);
  }

  report<V>(of: Rule<V>, values: V, span?: Span, related: readonly Related[] = []): Value {
    // Sizes that one layer decided wrong clash wherever its result goes: the first place says it.
    const cause = of.code.startsWith("G05") && related[0]?.span ? `${related[0].span.start} ${related[0].message}` : undefined;
    const place = this.placeOf(span);
    if (cause !== undefined && place) {
      if ((this.causes.get(cause) ?? place.start) !== place.start) return POISON;
      this.causes.set(cause, place.start);
    }
    const chain: Related[] = [...this.frames].reverse().slice(0, 6).map((f) => ({ span: f.span, message: `in ${f.label}` }));
    const library: Related[] = span && place !== span && span.file !== "" ? [{ span, message: "found in the library" }] : [];
    const made = diagnose(of, values, place, [...related, ...library, ...chain]);
    // What is unrolled, or traced again for an export, goes wrong again at the same place: said once.
    const unrolled = made.span !== undefined && this.frames.length > 0;
    const same = (d: Diagnostic): boolean => samePlace(d, made) && (unrolled || d.message === made.message);
    if (!this.diagnostics.some(same)) this.diagnostics.push(made);
    return POISON;
  }

  /** A mistake that shows inside the library was made where the author's text calls it. */
  private placeOf(span: Span | undefined): Span | undefined {
    if (!span || !(span.file === "" || span.file.startsWith("std/"))) return span;
    const caller = [...this.frames].reverse().find((f) => f.span.file !== "" && !f.span.file.startsWith("std/"));
    return caller?.span ?? (span.file === "" ? undefined : span);
  }

  private readonly causes = new Map<string, number>();
  private readonly keys = new WeakMap<object, string>();
  private readonly numbers = new Map<string, string>();
  private made = 0;
  readonly fresh = (): number => this.made++;

  /** A short name for a value that is made of others: equal values, equal names. */
  intern(v: object, key: () => string): string {
    let name = this.keys.get(v);
    if (name !== undefined) return name;
    const text = key();
    name = this.numbers.get(text) ?? `$${this.numbers.size}`;
    this.numbers.set(text, name);
    this.keys.set(v, name);
    return name;
  }

  private depth = 0;
  private spent = 0;
  private gaveUp = false;

  /** False where the spec nests or unrolls beyond what any model needs; said once, and all further work is poison. */
  enter(span: Span): boolean {
    this.depth++;
    if (this.gaveUp) return false;
    if (++this.spent > MOST_WORK || this.b.nodes.length > MOST_NODES) return this.giveUp(`${MOST_NODES.toLocaleString("en-US")} operations`, span);
    return this.depth <= MOST_DEPTH || this.giveUp(`${MOST_DEPTH} calls inside each other`, span);
  }

  leave(): void {
    this.depth--;
  }

  private giveUp(limit: string, span: Span): false {
    this.gaveUp = true;
    this.report(rules.tooLarge, { what: "the model", limit }, span);
    return false;
  }

  /** A node as a value, or poison and a diagnostic where the operands do not fit. `label` is what the author would call it. */
  op<K extends OpName>(op: K, attrs: OpAttrs[K], inputs: readonly NodeId[], span: Span, label?: string): Value {
    this.b.origin = { span, label: label ?? op, path: this.scope.path };
    try {
      return { kind: "tensor", id: this.b.add(op, attrs, inputs) };
    } catch (error) {
      if (!(error instanceof DimsError)) throw error;
      return describeProblem(this, error, inputs, span, label ?? op);
    }
  }

  /** As `op`, where operands are known to fit. */
  must<K extends OpName>(op: K, attrs: OpAttrs[K], inputs: readonly NodeId[]): NodeId {
    return this.b.add(op, attrs, inputs);
  }

  shape(v: Value): Shape {
    if (!isKind(v, "tensor")) throw new Error("defect: the shape of a value that is no tensor");
    return this.b.shape(v.id);
  }

  /** `conv3` for the third conv in this scope. */
  segment(name: string): string {
    const n = (this.scope.counters.get(name) ?? 0) + 1;
    this.scope.counters.set(name, n);
    return `${name}${n}`;
  }

  within<T>(segment: string, run: () => T, madeBy?: string): T {
    const outer = this.scope;
    const path = outer.path === "" ? segment : `${outer.path}.${segment}`;
    this.scope = { ...outer, path, counters: new Map(), madeBy: madeBy ?? outer.madeBy };
    try {
      return run();
    } finally {
      this.scope = outer;
    }
  }

  inScope<T>(scope: Scope, run: () => T): T {
    const outer = this.scope;
    this.scope = scope;
    try {
      return run();
    } finally {
      this.scope = outer;
    }
  }

  /** The parameter `name` of this place: made at its first use, the same ever after. */
  parameter(name: string, shape: Shape, recipe: InitRecipe, fans: { in: number; out: number }, more: { role: ParamSpec["role"]; within?: readonly [number, number] }, span: Span): Value {
    const path = `${this.scope.path}.${name}`;
    const known = this.params.get(path);
    if (known && !sameShape(known.shape, shape)) {
      return this.report(rules.parameterShape, { path, was: showShape(known.shape), now: showShape(shape) }, span);
    }
    if (!known) {
      countOf(shape);
      this.params.set(path, {
        name: path, net: this.scope.net, shape, span, role: more.role, init: resolveInit(recipe, fans.in, fans.out),
        ...(more.within ? { within: more.within } : {}), ...(this.scope.madeBy ? { madeBy: this.scope.madeBy } : {}),
      });
    }
    const version = this.versions.get(this.scope.net) ?? 0;
    this.b.origin = { span, label: path, path: this.scope.path };
    return { kind: "tensor", id: this.b.add("input", { kind: "param", name: version === 0 ? path : `${path}@${version}`, shape }, []) };
  }

  /** The state `name` of this place as it is now; a constant for gradients. */
  state(name: string, shape: Shape, recipe: InitRecipe, span: Span): { path: string; id: NodeId } {
    const path = `${this.scope.path}.${name}`;
    const now = this.states.get(path);
    if (now !== undefined) return { path, id: now };
    if (!this.stateInfos.has(path)) {
      this.stateInfos.set(path, { name: path, net: this.scope.net, shape, init: resolveInit(recipe, countOf(shape), countOf(shape)) });
    }
    this.b.origin = { span, label: path, path: this.scope.path };
    const id = this.b.add("input", { kind: "state", name: path, shape }, []);
    this.states.set(path, id);
    return { path, id };
  }

  /** One draw a step for each place (rule 12). */
  sample(name: string, shape: Shape, recipe: InitRecipe): Value {
    const path = this.scope.path === "" ? name : `${this.scope.path}.${name}`;
    if (!this.samples.has(path)) this.samples.set(path, { name: path, shape, distribution: resolveInit(recipe, 1, 1) });
    return { kind: "tensor", id: this.b.add("input", { kind: "sample", name: path, shape }, []) };
  }

  /** Notes that a picture was too small for the instance that is called: compile() then looks for a depth that fits. */
  tooSmall(): void {
    const frame = [...this.frames].reverse().find((f) => f.instance);
    for (const p of frame?.instance?.params ?? []) this.tooDeep.add(p);
  }
  readonly tooDeep = new Set<string>();

  axesWithoutBatch(id: NodeId): string[] {
    return axesOf(this.b.shape(id)).filter((a) => a !== BATCH);
  }
}
