// What the pieces of an emitted project share while they are written: the declarations so far, and what is known of the spec.
import type { Compiled } from "../../../compiler/compile";
import { rules } from "../../../compiler/diagnostics/table";
import type { InstanceValue as InstanceOf, Value } from "../../../compiler/trace/values";
import type { Env } from "../../../compiler/trace/env";
import { diagnose, type Diagnostic } from "../../../dsl/diagnostic";
import { positionAt, type Span } from "../../../dsl/source";
import type { BodyDecl } from "../../../dsl/tree";
import { textOfNet } from "./names";
import { writeInit, writePad } from "./plain";
import { type InstanceValue, NONE, number, type RecordValue, type TensorParts, type TensorValue, type TextValue, unionOf } from "./values";
import { ordered } from "./axes";

/** A class or function of the emitted project. */
export interface Declaration {
  readonly name: string;
  /** Without extension, relative to src: `networks/Generator`, `norms`. */
  readonly file: string;
  readonly text: string;
}

/** What a function takes by name. */
export interface Setting {
  readonly name: string;
  readonly type: string;
  readonly optional: boolean;
}

/** Which arguments the callers of a declaration write: the others keep their defaults and leave the signature. */
export type Passed = Map<BodyDecl, Set<string>>;

/** The "phase" of what stands outside the phases. */
export const SHARED = -1;

/** A value that one phase computes and a later one uses, too. */
export interface Crossing {
  readonly first: number;
  readonly phase: number;
  /** A call in terms of the step's own names. */
  readonly text: string | undefined;
  /** What it depends on. */
  readonly nets: ReadonlySet<string>;
}

export class Project {
  readonly declarations = new Map<string, Declaration>();
  /** By declaration and text: two uses that come to the same text are one function. */
  private readonly byText = new Map<string, string>();
  readonly diagnostics: Diagnostic[] = [];
  private made = 0;
  /** What each function takes by name. */
  readonly settings = new Map<string, readonly Setting[]>();
  /** What this walk sees being passed. */
  readonly passing: Passed = new Map();

  /** The phase that is being written: calls of nets are noted by it. */
  phase: number | undefined;
  private readonly calls = new Map<string, { readonly result: TextValue; readonly first: number; readonly text: string | undefined; readonly nets: ReadonlySet<string>; readonly later: Set<number> }>();

  /** Equal calls of a net are one value. @param root the call in terms of the step's own names */
  noteCall(key: string, root: string | undefined, nets: ReadonlySet<string>, make: () => TextValue): TextValue {
    const known = this.calls.get(key);
    if (this.phase === undefined) return known?.result ?? make();
    if (known) {
      if (this.phase > known.first) known.later.add(this.phase);
      return known.result;
    }
    const result = make();
    this.calls.set(key, { result, first: this.phase, text: root, nets, later: new Set() });
    return result;
  }

  /** Calls that a phase shares with an earlier one. */
  crossing(): Crossing[] {
    return [...this.calls.values()].flatMap((c) => [...c.later].map((phase) => ({ first: c.first, phase, text: c.text, nets: c.nets })));
  }

  /** How often a net was updated before the phase that is written. */
  versionOf(net: string): number {
    const { model } = this.compiled;
    return model?.phases.slice(0, Math.max(0, this.phase ?? 0)).filter((p) => p.nets.some((n) => n.name === net)).length ?? 0;
  }

  /** What this walk sees functions read of what they are given. */
  readonly reading: Passed = new Map();

  /**
   * @param passed what an earlier walk over the same spec saw being passed
   * @param read what an earlier walk saw being read; everything, unless given
   */
  constructor(
    readonly compiled: Compiled,
    readonly passed: Passed,
    private readonly read?: Passed,
  ) {}

  tensor(text: string, axes: Iterable<string>, parts: TensorParts = {}): TensorValue {
    return { kind: "tensor", text, tight: parts.tight ?? true, axes: ordered(axes), id: parts.id ?? this.made++, effect: parts.effect ?? false, nets: parts.nets ?? unionOf([]), root: parts.root };
  }

  /** Keeps a declaration's text, and gives the name it goes by. `write` is given the name. */
  declare(decl: BodyDecl, file: string, write: (name: string) => string): string {
    const key = `${decl.span.file}:${decl.span.start}:${write("@")}`;
    const known = this.byText.get(key);
    if (known !== undefined) return known;
    let name = decl.name.text;
    for (let n = 2; this.declarations.has(name); n++) name = `${decl.name.text}${n}`;
    this.byText.set(key, name);
    this.declarations.set(name, { name, file: file.replace("@", name), text: write(name) });
    return name;
  }

  /** The name that a declaration goes by, once it is written. */
  nameOf(decl: BodyDecl): string | undefined {
    return [...this.byText].find(([key]) => key.startsWith(`${decl.span.file}:${decl.span.start}:`))?.[1];
  }

  /** Whether a function reads this parameter, for some of its callers at least. */
  isRead(decl: BodyDecl, parameter: string): boolean {
    return this.read?.get(decl)?.has(parameter) ?? this.read === undefined;
  }

  noteRead(decl: BodyDecl, parameter: string): void {
    this.reading.set(decl, (this.reading.get(decl) ?? new Set()).add(parameter));
  }

  isPassed(decl: BodyDecl, parameter: string): boolean {
    return this.passed.get(decl)?.has(parameter) ?? false;
  }

  notePassed(decl: BodyDecl, parameter: string): void {
    const known = this.passing.get(decl) ?? new Set();
    this.passing.set(decl, known.add(parameter));
  }

  cannot(op: string, reason: string, span: Span): TextValue {
    if (!this.diagnostics.some((d) => d.span?.start === span.start && d.span.file === span.file)) {
      this.diagnostics.push(diagnose(rules.cannotLower, { target: "tfjs", op, reason }, span));
    }
    return NONE;
  }

  /** `ugatit.gan:38`: where a piece of the spec stands. */
  place(span: Span): string {
    const text = this.compiled.modules.all.get(span.file)?.file.text;
    return text === undefined ? span.file : `${span.file}:${positionAt(text, span.start).line}`;
  }

  /** A name that no body has: a param, or a declaration of the module. */
  global(name: string, home: Env): TextValue | undefined {
    const found = home.find(name)?.value;
    if (found === undefined) return undefined;
    const isParam = this.compiled.params.has(name) && this.compiled.modules.entry.env.find(name)?.value === found;
    return this.convert(found, isParam ? name : undefined);
  }

  private readonly converted = new Map<string | undefined, Map<Value, TextValue>>();
  /** A value of the tracer: what params and modules hold. */
  convert(v: Value, name?: string): TextValue {
    if (typeof v === "number") return name === undefined ? number(v) : { kind: "number", value: v, text: name, tight: true };
    if (typeof v === "boolean") return { kind: "bool", value: v };
    if (typeof v === "string") return { kind: "word", value: v };
    const of = this.converted.get(name) ?? new Map<Value, TextValue>();
    this.converted.set(name, of);
    const made = of.get(v) ?? this.convertObject(v, name);
    of.set(v, made);
    return made;
  }

  private convertObject(v: Exclude<Value, number | boolean | string>, name?: string): TextValue {
    switch (v.kind) {
      case "slot": {
        const inner = this.convert(v.value, name);
        const declared = name === undefined ? undefined : this.compiled.params.get(name)?.decl.type;
        return inner.kind === "builtin" && declared?.kind === "named" ? { ...inner, slot: declared.name.text } : inner;
      }
      case "function": {
        const bound = this.all(v.bound);
        return { kind: "function", decl: v.decl, home: v.home, bound, written: new Set(), ...(name === undefined ? {} : { alias: { text: name, bound } }) };
      }
      case "builtin": {
        const bound = { values: this.all(v.bound), axes: new Map(), dims: new Map(), rest: [] };
        return { kind: "builtin", spec: v.spec, bound, ...(name === undefined ? {} : { text: name }) };
      }
      case "record": {
        const fields = new Map([...v.fields].map(([k, f]) => [k, this.convert(f, name === undefined ? undefined : `${name}.${k}`)]));
        return { kind: "record", fields, ...(name === undefined ? {} : { text: name }) } satisfies RecordValue;
      }
      case "list":
      case "tuple": return { kind: "list", items: v.items.map((i) => this.convert(i)) };
      case "instance": return this.instance(v);
      case "init": return { kind: "plain", what: "init", text: writeInit(v.recipe) };
      case "pad": return { kind: "plain", what: "pad", text: writePad(v) };
      default: return NONE;
    }
  }

  /** A net, called `DA[0]` in the text where its name is `DA.0`. */
  instance({ name, make }: InstanceOf): InstanceValue {
    return { kind: "instance", name, decl: make.decl, home: make.home, bound: this.all(make.bound), text: textOfNet(name, this.compiled.model?.nets ?? new Map()) };
  }

  private all(values: ReadonlyMap<string, Value>): Map<string, TextValue> {
    return new Map([...values].map(([k, v]) => [k, this.convert(v, this.paramOf(v))]));
  }

  /** The param that holds this very value, so that the text may speak of it by name. */
  private paramOf(v: Value): string | undefined {
    if (typeof v !== "object" || !["slot", "function"].includes(v.kind)) return undefined;
    return [...this.compiled.params].find(([, p]) => p.value === v)?.[0];
  }
}
