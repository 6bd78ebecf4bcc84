// Runs the statements of a declaration's body: let, learn, state, next, sample, for, return.
import type { BodyDecl, Expr, Statement, TypeExpr } from "../../dsl/tree";
import { rules } from "../diagnostics/table";
import { BATCH, countOf, dimOf, sameShape, showShape, type Shape } from "../graph/shape";
import type { NodeId } from "../graph/types";
import { asRecipe, initFor } from "./initfor";
import { evaluate, forEach } from "./expressions";
import { Env } from "./env";
import { typeAxes, writeType } from "./parameters";
import type { Tracer } from "./tracer";
import { isPoison, isTensor, kindName, POISON, type Value } from "./values";

export function runBody(t: Tracer, decl: BodyDecl, env: Env): Value {
  const result = runStatements(t, decl.body, env);
  return result ?? t.report(rules.noReturn, { name: `${decl.keyword} ${decl.name.text}` }, decl.name.span);
}

function runStatements(t: Tracer, body: readonly Statement[], env: Env): Value | undefined {
  for (const s of body) {
    const done = runStatement(t, s, env);
    if (done !== undefined) return done;
  }
  return undefined;
}

function runStatement(t: Tracer, s: Statement, env: Env): Value | undefined {
  switch (s.kind) {
    case "let":
      runLet(t, s, env);
      return undefined;
    case "return":
      return evaluate(t, s.value, env);
    case "learn":
      env.set(s.name.text, learn(t, s, env));
      return undefined;
    case "state": {
      const shape = shapeOf(t, s.type, env);
      const recipe = asRecipe(t, evaluate(t, s.init, env));
      if (shape && !recipe) t.report(rules.wrongKind, { what: `the first value of \`${s.name.text}\``, expected: "a number or an initialization", got: "another value" }, s.init.span);
      if (!shape || !recipe) env.set(s.name.text, POISON);
      else {
        const { path, id } = t.state(s.name.text, shape, recipe, s.span);
        env.set(s.name.text, { kind: "tensor", id: t.must("stop", {}, [id]) });
        env.set(`state ${s.name.text}`, path);
      }
      return undefined;
    }
    case "next": {
      if (s.training && t.mode !== "training") return undefined;
      const path = env.find(`state ${s.name.text}`)?.value;
      const v = evaluate(t, s.value, env);
      if (typeof path !== "string") t.report(rules.unknownName, { name: s.name.text, what: "no state of this body" }, s.name.span);
      else if (isTensor(v)) advance(t, s, path, v.id, env);
      else if (!isPoison(v)) t.report(rules.wrongKind, { what: "`next`", expected: "a tensor", got: kindName(v) }, s.span);
      return undefined;
    }
    case "for":
      forEach(t, s.clauses, env, (inner) => void runStatements(t, s.body, new Env(inner)));
      return undefined;
    case "sample":
      runSample(t, s, env);
      return undefined;
    case "term":
      t.report(rules.outsideTraining, { what: "a loss term outside a phase" }, s.span);
      return undefined;
  }
}

/** The state is shared by all samples: its next value has its very axes. */
function advance(t: Tracer, s: Extract<Statement, { kind: "next" }>, path: string, id: NodeId, env: Env): void {
  const [shape, got] = [t.stateInfos.get(path)!.shape, t.b.shape(id)];
  const fits = shape.length === got.length && shape.every((a) => dimOf(got, a.axis) === a.dim);
  if (!fits) {
    t.report(rules.argumentShape, { what: `\`next ${s.name.text}\``, expected: showShape(shape), got: showShape(got, true) }, s.span);
    return;
  }
  const fixed = t.must("stop", {}, [sameShape(shape, got) ? id : t.must("expand", { shape }, [id])]);
  t.states.set(path, fixed);
  rebind(env, s.name.text, { kind: "tensor", id: fixed });
}

/** `next u` inside a `for` speaks of the state declared outside it. */
function rebind(env: Env, name: string, value: Value): void {
  let at: Env | undefined = env;
  while (at && !at.owns(name)) at = at.outer;
  (at ?? env).set(name, value);
}

export function runLet(t: Tracer, s: Extract<Statement, { kind: "let" }>, env: Env): void {
  const path = t.scope.path;
  const value = path === "" ? evaluate(t, s.value, env) : t.within(freshName(t, s.name.text), () => evaluate(t, s.value, env));
  env.set(s.name.text, value, { expr: s.value, env });
}

/** A let that runs again (in a `for`) is another place. */
function freshName(t: Tracer, name: string): string {
  const n = (t.scope.counters.get(`let ${name}`) ?? 0) + 1;
  t.scope.counters.set(`let ${name}`, n);
  return n === 1 ? name : `${name}${n}`;
}

export function runSample(t: Tracer, s: Extract<Statement, { kind: "sample" }>, env: Env): void {
  const shape = shapeOf(t, s.type, env);
  const recipe = asRecipe(t, evaluate(t, s.distribution, env));
  for (const n of s.names) {
    if (!shape || !recipe) env.set(n.text, POISON);
    else env.set(n.text, t.sample(freshName(t, n.text), [{ axis: BATCH, dim: t.batch }, ...shape], recipe));
  }
}

/** The shape that a type of `learn`, `state` or `sample` writes; all its dims are known here. */
export function shapeOf(t: Tracer, type: TypeExpr, env: Env): Shape | undefined {
  const axes = typeAxes(type);
  if (!axes) {
    t.report(rules.wrongKind, { what: "this place", expected: "a tensor type such as vector[C]", got: writeType(type) }, type.span);
    return undefined;
  }
  const shape = axes.map((a) => ({ axis: a.axis, dim: dimOfType(t, a.axis, a.dim, env) }));
  return shape.every((a): a is { axis: string; dim: number } => a.dim !== undefined) ? shape : undefined;
}

/** A dim that must be known: of a parameter, a state, a draw, of data, or of `into:`. */
export function dimOfType(t: Tracer, axis: string, dim: Expr, env: Env): number | undefined {
  const what = `the dim of \`${axis}\``;
  if (dim.kind === "name" && /^[A-Z_]/.test(dim.name) && !env.find(dim.name)) {
    t.report(rules.needsNumber, { what, got: `the free dim \`${dim.name}\`` }, dim.span);
    return undefined;
  }
  const v = evaluate(t, dim, env);
  if (typeof v === "number" && Number.isInteger(v) && v >= 1 && v < 2 ** 31) return v;
  if (typeof v === "number" && dim.kind === "binary" && dim.op === "/") {
    const [over, by] = [evaluate(t, dim.left, env), evaluate(t, dim.right, env)];
    if (typeof by === "number" && by > 0 && !Number.isInteger(v)) t.report(rules.indivisible, { op: what, what: String(over), by }, dim.span);
    return undefined;
  }
  if (typeof v === "number") t.report(rules.badAmount, { what, expected: "a whole number above 0", got: String(v) }, dim.span);
  else if (!isPoison(v)) t.report(rules.needsNumber, { what, got: kindName(v) }, dim.span);
  return undefined;
}

function learn(t: Tracer, s: Extract<Statement, { kind: "learn" }>, env: Env): Value {
  const shape = shapeOf(t, s.type, env);
  if (!shape) return POISON;
  const recipe = s.init ? asRecipe(t, evaluate(t, s.init, env)) : initFor(t, "linear", "weight");
  if (!recipe) return t.report(rules.wrongKind, { what: `\`${s.name.text}\``, expected: "a number or an initialization", got: "another value" }, s.init?.span ?? s.span);
  const range = s.within?.map((e) => evaluate(t, e, env));
  const [low, high] = range ?? [];
  const within = typeof low === "number" && typeof high === "number" ? ([low, high] as const) : undefined;
  if (range && !within) return t.report(rules.needsNumber, { what: "a bound of `within`", got: kindName(typeof low === "number" ? high! : low!) }, s.span);
  if (within && within[0] > within[1]) return t.report(rules.badAmount, { what: "`within`", expected: "[low, high], the low bound first", got: `[${within[0]}, ${within[1]}]` }, s.span);
  const fan = countOf(shape);
  return t.parameter(s.name.text, shape, recipe, { in: fan, out: fan }, { role: s.init ? roleOf(recipe.kind) : "weight", ...(within ? { within } : {}) }, s.span);
}

/** A learned vector that starts like a linear map's weight is one: decay_on: weights covers it (CAM's classifiers). */
const roleOf = (kind: string): "weight" | "other" => (kind === "uniform_fan_in" || kind === "kaiming_normal" ? "weight" : "other");
