// Checks an argument against the type of its parameter, and gives the dims of the type their values (rule 3).
import type { Expr, Parameter, TypeExpr } from "../../dsl/tree";
import type { Span } from "../../dsl/source";
import { rules } from "../diagnostics/table";
import { type Dim, sameDim, showDim } from "../graph/dim";
import { axesOf, BATCH, dimOf, type Shape, showShape } from "../graph/shape";
import type { Env } from "./env";
import { evaluate } from "./expressions";
import { cameFrom } from "./problems";
import type { Tracer } from "./tracer";
import { isKind, isPoison, isStage, isTensor, kindName, type Value } from "./values";

/** The axes that a type names, slowest first, or undefined for types that are no tensors. */
export function typeAxes(type: TypeExpr): { axis: string; dim: Expr }[] | undefined {
  if (type.kind === "axes") return type.entries.map((e) => ({ axis: e.axis.text, dim: e.dim }));
  if (type.kind !== "named") return undefined;
  const names = { image: ["c", "h", "w"], vector: ["c"], weight: ["out", "rest"], scalar: [] as string[] }[type.name.text];
  return names?.map((axis, i) => ({ axis, dim: type.dims?.[i] ?? ({ kind: "name", name: "_", span: type.span } as const) }));
}

const isFreeName = (e: Expr): e is Extract<Expr, { kind: "name" }> => e.kind === "name" && /^[A-Z_]/.test(e.name);

function bindTensor(t: Tracer, type: TypeExpr, axes: { axis: string; dim: Expr }[], v: Value, env: Env, what: string, span: Span): boolean {
  if (typeof v === "number" && axes.length === 0) return true;
  if (!isTensor(v)) {
    if (typeof v === "number") return true;
    t.report(rules.wrongKind, { what, expected: writeType(type), got: kindName(v) }, span);
    return false;
  }
  const shape = t.shape(v).filter((a) => a.axis !== BATCH);
  const names = axes.map((a) => a.axis);
  if (shape.length !== names.length || shape.some((a) => !names.includes(a.axis))) {
    const lacks = names.filter((n) => dimOf(shape, n) === undefined);
    const extra = shapeAxes(shape).filter((n) => !names.includes(n));
    t.report(rules.axisName, { what, expected: writeType(type), got: showShape(shape), lacks, extra }, span);
    return false;
  }
  for (const { axis, dim } of axes) {
    const got = dimOf(shape, axis)!;
    if (dim.kind === "name" && dim.name === "_") continue;
    const known = isFreeName(dim) ? env.find(dim.name)?.value : evaluate(t, dim, env);
    if (known === undefined && isFreeName(dim)) env.set(dim.name, typeof got === "number" ? got : { kind: "dim", dim: got });
    else if (known !== undefined && !isPoison(known)) {
      const expected: Dim | undefined = typeof known === "number" ? known : isKind(known, "dim") ? known.dim : undefined;
      if (expected === undefined || sameDim(expected, got)) continue;
      const wanted = showShape(axes.map((a) => ({ axis: a.axis, dim: a.axis === axis ? expected : (dimOf(shape, a.axis) ?? 0) })));
      if (axis === "c" && what.includes(" of the net ")) t.report(rules.channels, { op: what, expected: showDim(expected), got: showDim(got), left: wanted, right: showShape(shape) }, span, cameFrom(t, v.id, "c"));
      else t.report(rules.argumentShape, { what, expected: wanted, got: showShape(shape) }, span, cameFrom(t, v.id, axis));
      return false;
    }
  }
  return true;
}

/** Puts the argument into the body's scope; false where it does not fit (and that is reported). */
export function bindParameter(t: Tracer, p: Parameter, v: Value, env: Env, callee: string, span: Span): boolean {
  const what = `\`${p.name.text}\` of ${callee}`;
  const fit = p.type ? bindTyped(t, p.type, v, env, what, span, p.name.text) : fitsDefault(t, p, v, what, span) ? v : undefined;
  if (fit === undefined) return false;
  env.set(p.name.text, fit);
  return true;
}

/** A parameter without a type takes what its default is: `eps = 1e-5` a number (or what it may be made of), `affine = false` a switch. */
function fitsDefault(t: Tracer, p: Parameter, v: Value, what: string, span: Span): boolean {
  const kind = p.default?.kind;
  const got = typeof v === "number" ? String(v) : kindName(v);
  if (kind === "bool" && typeof v !== "boolean") t.report(rules.wrongKind, { what, expected: "true or false", got }, span);
  else if (kind === "number" && (typeof v === "boolean" || typeof v === "string" || isStage(v))) t.report(rules.wrongKind, { what, expected: "a number", got }, span);
  else return true;
  return false;
}

function bindTyped(t: Tracer, type: TypeExpr, v: Value, env: Env, what: string, span: Span, name: string): Value | undefined {
  if (isKind(v, "none")) return v;
  const axes = typeAxes(type);
  if (axes) return bindTensor(t, type, axes, v, env, what, span) ? v : undefined;
  const wrong = (expected: string): undefined => {
    t.report(rules.wrongKind, { what, expected, got: typeof v === "number" ? String(v) : kindName(v) }, span);
    return undefined;
  };
  if (type.kind === "record") {
    if (!isKind(v, "record")) return wrong(writeType(type));
    for (const f of type.fields) {
      const inner = v.fields.get(f.name.text);
      if (inner === undefined) {
        t.report(rules.unknownField, { name: f.name.text, of: "the record", known: [...v.fields.keys()] }, span);
        return undefined;
      }
      if (bindTyped(t, f.type, inner, env, `\`${f.name.text}\` of ${what}`, span, f.name.text) === undefined) return undefined;
    }
    return v;
  }
  if (type.kind !== "named") return v;
  switch (type.name.text) {
    case "int": return typeof v === "number" && Number.isInteger(v) ? v : isKind(v, "dim") ? v : wrong("a whole number");
    case "float": return typeof v === "number" ? v : wrong("a number");
    case "bool": return typeof v === "boolean" ? v : wrong("true or false");
    case "word": return typeof v === "string" ? v : wrong("a word");
    case "list": return isKind(v, "list") ? v : wrong("a list");
    default: return bindSlot(t, type, v, what, span, name);
  }
}

/** What each kind of slot takes. */
export const SLOT_KINDS: Record<string, { readonly keywords: readonly string[]; readonly words: string }> = {
  Norm: { keywords: ["norm", "block"], words: "a norm such as IN" },
  Head: { keywords: ["head"], words: "a head such as CAM or Plain" },
  Activation: { keywords: ["block"], words: "an activation such as relu" },
  Reparam: { keywords: ["reparam"], words: "a reparam such as spectral" },
  Loss: { keywords: ["loss"], words: "a loss such as mse" },
  Block: { keywords: ["block", "network"], words: "a block" },
  Init: { keywords: ["init"], words: "an initialization" },
  Upsample: { keywords: ["block"], words: "an upsampling block" },
};

/** A slot takes what keeps its contract; otherwise the type names a network, and an instance of it is wanted. */
export function bindSlot(t: Tracer, type: Extract<TypeExpr, { kind: "named" }>, v: Value, what: string, span: Span, name: string): Value | undefined {
  const kind = SLOT_KINDS[type.name.text];
  const inner = isKind(v, "slot") ? v.value : v;
  if (!kind) {
    if (isKind(v, "instance") && v.make.decl.name.text === type.name.text) return v;
    t.report(rules.slotKind, { slot: name, expected: `a net made of ${type.name.text}`, got: kindName(v) }, span);
    return undefined;
  }
  const offers = (type.offers ?? []).map((o) => o.text);
  if (isKind(inner, "function")) {
    if (!kind.keywords.includes(inner.decl.keyword)) {
      t.report(rules.slotKind, { slot: name, expected: kind.words, got: kindName(inner) }, span);
      return undefined;
    }
    const lacking = inner.decl.styles.map((s) => s.name.text).filter((s) => !inner.bound.has(s) && !offers.includes(s));
    if (lacking.length > 0) {
      t.report(rules.styleNotOffered, { norm: inner.decl.name.text, needs: lacking.map((s) => `\`${s}\``).join(", "), slot: name, offers: offers.length > 0 ? offers.map((o) => `\`${o}\``).join(", ") : "no style inputs" }, span);
      return undefined;
    }
  } else if (!isStage(inner) && !(type.name.text === "Init" && (isKind(inner, "init") || typeof inner === "number"))) {
    t.report(rules.slotKind, { slot: name, expected: kind.words, got: typeof v === "number" ? String(v) : kindName(v) }, span);
    return undefined;
  } else if (isKind(inner, "builtin") && inner.spec.name !== "identity" && inner.spec.name !== "plain" && ["Norm", "Head", "Loss"].includes(type.name.text)) {
    t.report(rules.slotKind, { slot: name, expected: kind.words, got: kindName(inner) }, span);
    return undefined;
  }
  return { kind: "slot", name, value: inner, offers };
}

export function writeType(type: TypeExpr): string {
  const dim = (e: Expr): string => (e.kind === "name" ? e.name : e.kind === "number" ? e.text : "…");
  if (type.kind === "axes") return `[${type.entries.map((e) => `${e.axis.text}: ${dim(e.dim)}`).join(", ")}]`;
  if (type.kind === "record") return `{ ${type.fields.map((f) => `${f.name.text}: ${writeType(f.type)}`).join(", ")} }`;
  return type.dims ? `${type.name.text}[${type.dims.map(dim).join(", ")}]` : type.name.text;
}

export const shapeAxes = (s: Shape): string[] => axesOf(s).filter((a) => a !== BATCH);
