// Evaluates expressions: rule 3 (repeat, if and bounds by params only), rule 5 (lists are unrolled), stages and pipes.
import type { Expr, ForClause } from "../../dsl/tree";
import { rules } from "../diagnostics/table";
import { nearest } from "../diagnostics/near";
import { BATCH, showShape } from "../graph/shape";
import { binary, negate } from "./arithmetic";
import { MOST_ITEMS } from "./arithmetic";
import { asRecipe } from "./initfor";
import { callExpression } from "./arguments";
import { Env } from "./env";
import type { Tracer } from "./tracer";
import { isKind, isPoison, isStage, isTensor, kindName, NONE, POISON, type Value } from "./values";

export function evaluate(t: Tracer, e: Expr, env: Env): Value {
  try {
    return t.enter(e.span) ? evaluateKind(t, e, env) : POISON;
  } finally {
    t.leave();
  }
}

function evaluateKind(t: Tracer, e: Expr, env: Env): Value {
  switch (e.kind) {
    case "number": return e.value;
    case "string": return e.value;
    case "bool": return e.value;
    case "none": return NONE;
    case "name": {
      const found = env.find(e.name);
      if (found && t.mode === "inference" && holdsTensor(found.value) && env.isOfStep(e.name))
        return t.report(rules.outsideTraining, { what: `\`${e.name}\`, a value of the training step,`, hint: "an export computes from its own inputs: call the nets on them" }, e.span);
      // A body's names are its module's, whoever calls it: in a net that an export calls, too, `training` is what is traced.
      if (found && e.name === "training" && env.isOutermost("training")) return t.mode === "training";
      if (found) return found.value;
      return t.report(rules.unknownName, { name: e.name, near: nearest(e.name, env.all()) }, e.span);
    }
    case "field": return field(t, e, env);
    case "call": return callExpression(t, e, env);
    case "index": return index(t, e, env);
    case "binary": return binaryExpression(t, e, env);
    case "unary": {
      const v = evaluate(t, e.operand, env);
      if (e.op === "-") return negate(t, v, e.span);
      return typeof v === "boolean" ? !v : isPoison(v) ? v : t.report(rules.wrongKind, { what: "`not`", expected: "true or false", got: kindName(v) }, e.span);
    }
    case "pipe": return pipe(t, e, env);
    case "lambda": return { kind: "lambda", parameter: e.parameter.text, body: e.body, env };
    case "if": {
      const c = evaluate(t, e.condition, env);
      if (isPoison(c)) return POISON;
      if (typeof c !== "boolean") return t.report(rules.wrongKind, { what: "`if`", expected: "a condition of params, true or false", got: kindName(c) }, e.condition.span);
      if (c) return evaluate(t, e.then, env);
      return e.otherwise ? evaluate(t, e.otherwise, env) : NONE;
    }
    case "repeat": {
      const n = evaluate(t, e.count, env);
      if (isPoison(n)) return POISON;
      if (typeof n !== "number") return t.report(rules.needsNumber, { what: "the count of repeat", got: kindName(n) }, e.count.span);
      if (!Number.isInteger(n) || n < 0) return t.report(rules.badAmount, { what: "the count of repeat", expected: "a whole number, 0 or more", got: String(n) }, e.count.span);
      if (n > MOST_ITEMS) return t.report(rules.tooLarge, { what: `this repeat of ${n}`, limit: `${MOST_ITEMS} turns` }, e.count.span);
      return { kind: "repeat", count: n, body: e.body, env, ...(e.index ? { index: e.index.text } : {}) };
    }
    case "record": {
      const fields = new Map<string, Value>();
      for (const f of e.fields) {
        const source = f.value ?? ({ kind: "name", name: f.name.text, span: f.name.span } as const);
        if (fields.has(f.name.text)) t.report(rules.duplicateName, { name: f.name.text, what: "the field" }, f.name.span);
        fields.set(f.name.text, evaluate(t, source, env));
      }
      return { kind: "record", fields };
    }
    case "list": return { kind: "list", items: e.items.map((i) => evaluate(t, i, env)) };
    case "tuple": return { kind: "tuple", items: e.items.map((i) => evaluate(t, i, env)) };
    case "comprehension": {
      const items: Value[] = [];
      const whole = forEach(t, e.clauses, env, (inner) => items.push(evaluate(t, e.body, inner)));
      return whole ? { kind: "list", items } : POISON;
    }
    case "axes": return t.report(rules.outsideTraining, { what: "a list of axes" }, e.span);
    case "sample": return sample(t, e, env);
  }
}

/** What a value of this graph is made of, however deep. */
function holdsTensor(v: Value, seen = new Set<Value>()): boolean {
  if (isTensor(v)) return true;
  if (seen.has(v)) return false;
  seen.add(v);
  if (isKind(v, "list") || isKind(v, "tuple")) return v.items.some((i) => holdsTensor(i, seen));
  return isKind(v, "record") && [...v.fields.values()].some((f) => holdsTensor(f, seen));
}

/** Runs `body` once for each combination, later clauses inside earlier ones; false where a source is no list. */
export function forEach(t: Tracer, clauses: readonly ForClause[], env: Env, body: (env: Env) => void): boolean {
  const [first, ...rest] = clauses;
  if (!first) {
    body(env);
    return true;
  }
  const source = evaluate(t, first.source, env);
  if (isPoison(source)) return false;
  if (!isKind(source, "list")) {
    t.report(rules.wrongKind, { what: "`for`", expected: "a list or a range such as 0..3", got: kindName(source) }, first.source.span);
    return false;
  }
  let whole = true;
  source.items.forEach((item, k) => {
    const inner = new Env(env);
    if (first.names.length === 1) inner.set(first.names[0]!.text, item, { expr: { kind: "index", object: first.source, entries: [{ index: { kind: "number", value: k, text: String(k), span: first.span } }], span: first.span }, env });
    else {
      const parts = isKind(item, "tuple") || isKind(item, "list") ? item.items : [];
      if (parts.length !== first.names.length) {
        t.report(rules.wrongKind, { what: `a pattern of ${first.names.length} names`, expected: `${first.names.length} values`, got: kindName(item) }, first.span);
        whole = false;
        return;
      }
      first.names.forEach((n, i) => inner.set(n.text, parts[i]!));
    }
    whole = forEach(t, rest, inner, body) && whole;
  });
  return whole;
}

function field(t: Tracer, e: Extract<Expr, { kind: "field" }>, env: Env): Value {
  const object = evaluate(t, e.object, env);
  if (isPoison(object)) return POISON;
  if (isKind(object, "none")) return NONE;
  if (!isKind(object, "record")) return t.report(rules.wrongKind, { what: `\`.${e.field.text}\``, expected: "a record", got: kindName(object) }, e.span);
  const v = object.fields.get(e.field.text);
  if (v !== undefined) return v;
  const known = [...object.fields.keys()];
  return t.report(rules.unknownField, { name: e.field.text, of: "the record", near: nearest(e.field.text, known), known }, e.field.span);
}

function index(t: Tracer, e: Extract<Expr, { kind: "index" }>, env: Env): Value {
  let object = evaluate(t, e.object, env);
  for (const entry of e.entries) {
    const i = evaluate(t, entry.index, env);
    if (isPoison(object) || isPoison(i)) return POISON;
    if (typeof i !== "number") return t.report(rules.needsNumber, { what: "an index", got: kindName(i) }, entry.index.span);
    if (!Number.isInteger(i)) return t.report(rules.badAmount, { what: "an index", expected: "a whole number", got: String(i) }, entry.index.span);
    if (entry.axis) {
      if (!isTensor(object)) return t.report(rules.wrongKind, { what: `\`[${entry.axis.text}: ...]\``, expected: "a tensor", got: kindName(object) }, e.span);
      const cut = t.op("slice", { axis: entry.axis.text, start: i, size: 1 }, [object.id], entry.axis.span, `[${entry.axis.text}: ${i}]`);
      object = isTensor(cut) ? t.op("squeeze", { axis: entry.axis.text }, [cut.id], e.span) : cut;
      continue;
    }
    if (!isKind(object, "list") && !isKind(object, "tuple"))
      return t.report(rules.wrongKind, { what: "an index without an axis", expected: "a list", got: kindName(object) }, e.span);
    const item: Value | undefined = object.items[i];
    if (item === undefined) return t.report(rules.indexRange, { index: String(i), length: object.items.length }, entry.index.span);
    object = item;
  }
  return object;
}

function binaryExpression(t: Tracer, e: Extract<Expr, { kind: "binary" }>, env: Env): Value {
  const left = evaluate(t, e.left, env);
  if (e.op === "or" || e.op === "and") {
    if (typeof left !== "boolean") return isPoison(left) ? left : t.report(rules.wrongKind, { what: `\`${e.op}\``, expected: "true or false", got: kindName(left) }, e.left.span);
    if (left === (e.op === "or")) return left;
    return evaluate(t, e.right, env);
  }
  // A factor that folds to 0 costs nothing and is dropped before dims are checked (rule 19).
  if (e.op === "*" && left === 0) return 0;
  return binary(t, e.op, left, evaluate(t, e.right, env), e.span);
}

function pipe(t: Tracer, e: Extract<Expr, { kind: "pipe" }>, env: Env): Value {
  const left = evaluate(t, e.left, env);
  const right = evaluate(t, e.right, env);
  if (isPoison(left) || isPoison(right)) return POISON;
  if (isKind(right, "builtin") && right.spec.parameters[0]?.kind === "tensor" && isKind(left, "none")) return NONE;
  const steps = (v: Value): Value => (isKind(v, "builtin") && !v.spec.stage && v.spec.parameters.every((p) => p.default !== undefined || p.optional) ? t.call(v, e.right.span) : v);
  const [a, b] = [steps(left), steps(right)];
  if (isKind(a, "data-steps") && isKind(b, "data-steps")) return { kind: "data-steps", steps: [...a.steps, ...b.steps] };
  if (!isStage(right)) return t.report(rules.notStage, { got: kindName(right) }, e.right.span);
  if (isStage(left)) return { kind: "composed", first: left, second: right, span: e.span };
  return t.apply(right, [left], new Map(), e.right.span);
}

function sample(t: Tracer, e: Extract<Expr, { kind: "sample" }>, env: Env): Value {
  if (e.training && t.mode !== "training") return NONE;
  const recipe = asRecipe(t, evaluate(t, e.distribution, env));
  if (!recipe || !e.like) return t.report(rules.outsideTraining, { what: "a sample without a shape (write `like y`)" }, e.span);
  const like = evaluate(t, e.like, env);
  if (isPoison(like)) return POISON;
  if (!isTensor(like)) return t.report(rules.wrongKind, { what: "`like`", expected: "a tensor", got: kindName(like) }, e.like.span);
  const shape = t.shape(like);
  if (shape.some((a) => typeof a.dim !== "number" && a.axis !== BATCH))
    return t.report(rules.dimNeedsNumber, { op: "sample", axis: "h", shape: showShape(shape) }, e.span);
  return t.sample(t.segment("sample"), shape, recipe);
}
