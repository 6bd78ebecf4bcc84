// Applying stages: what is built in, declarations, nets, repeats.
import type { Span } from "../../../dsl/source";
import { type Body, isName, renamed } from "./body";
import { runBuiltin } from "./builtin-call";
import { callDeclaration } from "./call";
import { evaluate, textOf } from "./evaluate";
import { applyReparam } from "./reparam";
import { type BuiltinValue, NONE, type RepeatValue, type TensorValue, type TextValue } from "./values";

/** Text longer than this goes through a variable before the next stage. */
const LONG = 100;
const LAYERS = new Set(["conv", "conv_transpose", "linear"]);

/** A layer begins a line: what stands before it goes through a variable. */
const isLayer = (v: TextValue): boolean => (v.kind === "builtin" && v.text === undefined && LAYERS.has(v.spec.name)) || (v.kind === "function" && v.decl.keyword === "block");

/** @param matrix set where a reparam is given the matrix it sees */
export function apply(b: Body, callee: TextValue, positional: readonly TextValue[], named: ReadonlyMap<string, TextValue>, span: Span, hint: string, matrix = false): TextValue {
  const [first] = positional;
  switch (callee.kind) {
    case "builtin": {
      const p = callee.spec.parameters[0];
      if (callee.text !== undefined && first?.kind === "tensor") return throughName(b, callee, callee.text, first, matrix);
      const values = new Map(callee.bound.values);
      if (p && first !== undefined) values.set(p.name, first);
      return runBuiltin(b, callee.spec.name, { ...callee.bound, values, rest: [...callee.bound.rest, ...positional.slice(1)] }, callee.spec.parameters, span, hint);
    }
    case "function": {
      if (callee.decl.keyword === "reparam" && first?.kind === "tensor" && !matrix) return applyReparam(b, callee, first, span);
      return callDeclaration(b, callee, positional, named, span, hint);
    }
    case "instance": return callDeclaration(b, callee, positional, named, span, hint);
    case "composed": return apply(b, callee.second, [apply(b, callee.first, positional, named, span, hint)], new Map(), span, hint);
    case "lambda": {
      const inner = callee.names.inner();
      inner.set(callee.parameter, first === undefined ? NONE : b.spill(first, callee.parameter));
      return evaluate(b, callee.body, inner, hint);
    }
    case "repeat": return applyAll(b, [callee], first ?? NONE, span, hint);
    case "none": return NONE;
    default: return b.project.cannot("this call", "what is called is no stage", span);
  }
}

/** A stage that is known by a name: a parameter, or a param of the spec. What it is called with depends on its slot. */
function throughName(b: Body, stage: BuiltinValue, name: string, x: TensorValue, matrix: boolean): TextValue {
  if (stage.slot === "Reparam") return matrix || x.axes.includes("rest") ? b.project.tensor(`${name}(${b.scope.text()}, ${x.text})`, x.axes, { nets: x.nets, effect: true }) : b.project.tensor(`reparamVector(${b.scope.text()}, ${name}, ${x.text})`, x.axes, { nets: x.nets, effect: true });
  const scoped = stage.slot === "Norm" || stage.slot === "Block" || stage.slot === "Upsample";
  return b.project.tensor(`${name}(${scoped ? `${b.scope.text()}, ` : ""}${x.text})`, x.axes, { nets: x.nets, effect: scoped || x.effect });
}

/** A chain of stages. Long text and loops go through one variable, which then holds the value so far. */
export function applyAll(b: Body, stages: readonly TextValue[], first: TextValue, span: Span, hint: string): TextValue {
  let value = first;
  const variable = new Running(b, hint);
  for (const [k, stage] of stages.entries()) {
    if (stage.kind === "repeat") {
      if (stage.count.value === 0) continue;
      value = repeated(b, stage, variable, value, span);
      continue;
    }
    if (k > 0 && isLayer(stage) && value.kind === "tensor" && !isName(value.text)) value = variable.hold(value);
    value = apply(b, stage, [value], new Map(), span, hint);
    if (k < stages.length - 1 && value.kind === "tensor" && value.text.length > LONG) value = variable.hold(value);
  }
  return variable.end(value);
}

/** The variable of a chain: declared by `const` if it is set once. */
class Running {
  private name: string | undefined;
  private set = 0;
  private line: { text: string } | undefined;

  constructor(
    private readonly b: Body,
    private readonly hint: string,
  ) {}

  hold(v: TextValue): TextValue {
    const text = textOf(v);
    if (this.name !== undefined && text === this.name) return v;
    if (this.name === undefined) {
      this.name = this.b.taken.fresh(this.hint);
      this.line = this.b.block.add(`const ${this.name} = ${text};`, { declares: this.name });
    } else {
      this.b.block.add(`${this.name} = ${text};`);
      this.line!.text = this.line!.text.replace(/^const /, "let ");
    }
    this.set++;
    return renamed(v, this.name);
  }

  /** For a loop, which sets it again and again. */
  open(v: TextValue): { name: string; value: TextValue } {
    const value = this.hold(v);
    this.line!.text = this.line!.text.replace(/^const (\w+) =/, "let $1: Tensor =").replace(/^let (\w+) =/, "let $1: Tensor =");
    return { name: this.name!, value };
  }

  /** What follows the last held value is held, too, so that a chain ends under one name. */
  end(v: TextValue): TextValue {
    return this.name !== undefined && v.kind === "tensor" ? this.hold(v) : v;
  }
}

/** A loop where every turn is written alike; otherwise one turn after the other. */
function repeated(b: Body, stage: RepeatValue, variable: Running, value: TextValue, span: Span): TextValue {
  const count = stage.count.value ?? 0;
  const { name, value: begun } = variable.open(value);
  const run = (i: number, index: string, v: TextValue): TextValue => {
    const inner = stage.names.inner();
    if (stage.index !== undefined) inner.set(stage.index, { kind: "number", value: i, text: index, tight: true });
    const made = apply(b, evaluate(b, stage.body, inner), [v], new Map(), span, name);
    b.block.add(`${name} = ${textOf(made)};`);
    return renamed(made, name);
  };
  const counter = b.apart(() => b.taken.fresh(stage.index ?? "i")).value;
  let now = begun;
  const turns = Array.from({ length: count }, (_, i) => b.apart(() => {
    b.taken.fresh(stage.index ?? "i");
    return (now = run(i, counter, now));
  }));
  const axes = new Set(turns.map((t) => (t.value.kind === "tensor" ? t.value.axes.join() : "")));
  if (new Set(turns.map((t) => t.block.print())).size === 1 && axes.size === 1) {
    b.block.loop(`for (let ${counter} = 0; ${counter} < ${stage.count.text}; ${counter}++)`, turns[0]!.block);
    return now;
  }
  now = begun;
  for (let i = 0; i < count; i++) {
    const turn = b.apart(() => (now = run(i, String(i), now)));
    if (turn.block.items.some((item) => !("head" in item) && item.declares !== undefined)) b.block.loop("", turn.block);
    else b.block.items.push(...turn.block.items);
  }
  return now;
}

