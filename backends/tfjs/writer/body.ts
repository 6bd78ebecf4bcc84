// One function that is being written: its statements, its names, and the scope in which it makes weights.
import { Block, inside, type Line, reads, Taken } from "./block";
import type { Project } from "./project";
import type { ListValue, RecordValue, TensorValue, TextValue } from "./values";

/** A scope of weights, declared only if something is made in it. */
export class ScopeName {
  private name: string | undefined;
  constructor(
    private readonly body: Body,
    private readonly line: Line,
    private readonly hint: string,
    private readonly make: () => string,
    /** The hint is the name itself. */
    private readonly fixed = false,
  ) {}

  text(): string {
    if (this.name === undefined) {
      this.name = this.fixed ? this.hint : this.body.taken.fresh(this.hint);
      this.line.text = `const ${this.name} = ${this.make()};`;
      this.line.declares = this.name;
    }
    this.body.usedScope = true;
    return this.name;
  }
}

export class Body {
  block = new Block();
  taken = new Taken();
  usedScope = false;
  /** Names that `next` sets again: another name for one of them must be a value of its own. */
  readonly changing = new Set<string>();
  /** Of a reparam: the name of the scope that knows how the weight's `rest` axis lies in a file. */
  restOf: string | undefined;
  scope: { text(): string };

  constructor(
    readonly project: Project,
    root: string | undefined,
  ) {
    this.scope = {
      text: () => {
        this.usedScope = true;
        return root ?? "this.weights";
      },
    };
  }

  /** Runs with a scope of this text as `w`, declared only if something is made in it. */
  placed<T>(text: string, run: () => T): T {
    const outer = this.scope;
    this.scope = new ScopeName(this, this.block.add(""), "w", () => text, true);
    try {
      return run();
    } finally {
      this.scope = outer;
    }
  }

  /** Writes with another scope; `make` gives its text. */
  within<T>(hint: string, make: (outer: string) => string, run: () => T): T {
    const outer = this.scope;
    this.scope = new ScopeName(this, this.block.add(""), hint, () => make(outer.text()));
    try {
      return run();
    } finally {
      this.scope = outer;
    }
  }

  /** Whether the text speaks of a name that `next` sets again. */
  changes(text: string): boolean {
    return [...this.changing].some((name) => reads(text, name));
  }

  /** Gives the value a name of its own, unless it has one that stays what it is. */
  spill<T extends TextValue>(v: T, hint: string): T {
    if (!("text" in v) || v.text === undefined || (isName(v.text) && !this.changing.has(v.text))) return v;
    const name = this.taken.fresh(hint);
    this.block.add(`const ${name} = ${v.text};`, { declares: name });
    return renamed(v, name) as T;
  }

  /** The text, or the name of what computes it: where the block's own lines have it already, unchanged since, it gets a name there. */
  shared(text: string, hint: string): string {
    const at = this.block.items.findIndex((i) => !("head" in i) && i.text.includes(text));
    const line = this.block.items[at];
    if (!line || "head" in line) return text;
    const changed = this.block.items.slice(at).flatMap((i) => [...("head" in i ? inside(i) : i.text).matchAll(/^(\w+) = /gm)].map((m) => m[1]!));
    if (changed.some((name) => reads(text, name))) return text;
    const name = this.taken.fresh(hint);
    line.text = line.text.replace(text, name);
    this.block.items.splice(at, 0, { text: `const ${name} = ${text};`, declares: name });
    return name;
  }

  /** Evaluates one after the other; where a later one needs statements, what came before it is evaluated before them. */
  inOrder(runs: readonly (() => TextValue)[]): TextValue[] {
    const done: TextValue[] = [];
    runs.forEach((run) => {
      // `shared` may put a line above this one.
      const last = this.block.items.at(-1);
      const v = run();
      const added = this.block.items.splice(last ? this.block.items.lastIndexOf(last) + 1 : 0);
      if (added.some((i) => "head" in i || i.text !== "")) done.forEach((d, k) => (done[k] = hasEffect(d) ? this.spill(d, "before") : d));
      this.block.items.push(...added);
      done.push(v);
    });
    return done;
  }

  /** Runs with a block of its own, which is not yet part of the body. Names made inside are free again afterwards. */
  apart<T>(run: () => T): { block: Block; value: T } {
    const [block, taken] = [this.block, this.taken];
    this.block = new Block();
    this.taken = taken.copy();
    try {
      return { value: run(), block: this.block };
    } finally {
      this.block = block;
      this.taken = taken;
    }
  }
}

export const isName = (text: string): boolean => /^[\w$.]+$/.test(text);
const hasEffect = (v: TextValue): boolean => "effect" in v && v.effect === true;

/** The same value under another text: what it holds is reached through that text. */
export function renamed(v: TextValue, text: string): TextValue {
  switch (v.kind) {
    case "number": return { kind: "number", value: v.value, text, tight: true };
    case "tensor": return { ...v, text, tight: true, effect: false } satisfies TensorValue;
    case "record": return { kind: "record", text, fields: new Map([...v.fields].map(([k, f]) => [k, renamed(f, `${text}.${k}`)])) } satisfies RecordValue;
    case "list": return { kind: "list", text, items: v.items.map((f, k) => renamed(f, `${text}[${k}]`)) } satisfies ListValue;
    case "function": return { ...v, alias: { text, bound: v.bound } };
    case "builtin": return { ...v, text };
    case "instance":
    case "plain": return { ...v, text };
    default: return v;
  }
}

/** The type that TypeScript needs where it cannot infer one. */
export function typeOf(v: TextValue): string {
  switch (v.kind) {
    case "tensor": return "Tensor";
    case "number": return "number";
    case "record": return `{ ${[...v.fields].filter(([, f]) => f.kind !== "none").map(([k, f]) => `${k}: ${typeOf(f)}`).join("; ")} }`;
    case "list": {
      const types = [...new Set(v.items.map(typeOf))];
      return types.length === 1 ? `${types[0]!}[]` : `[${v.items.map(typeOf).join(", ")}]`;
    }
    default: return "never";
  }
}

export { reads };
