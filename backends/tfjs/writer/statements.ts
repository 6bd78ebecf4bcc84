// Statements of a declaration's body.
import type { Statement } from "../../../dsl/tree";
import { typeAxes } from "../../../compiler/trace/parameters";
import { ordered, permutation } from "./axes";
import { type Body, renamed } from "./body";
import { evaluate, forEach, initText, textOf } from "./evaluate";
import type { Names } from "./names";
import { isStage, type TextValue } from "./values";

/** The value of the first `return`. */
export function runStatements(b: Body, body: readonly Statement[], n: Names): TextValue | undefined {
  for (const s of body) {
    const done = run(b, s, n, body);
    if (done !== undefined) return done;
  }
  return undefined;
}

const advances = (body: readonly Statement[], name: string): boolean => body.some((s) => (s.kind === "next" && s.name.text === name) || (s.kind === "for" && advances(s.body, name)));

function run(b: Body, s: Statement, n: Names, body: readonly Statement[]): TextValue | undefined {
  switch (s.kind) {
    case "return": return evaluate(b, s.value, n);
    case "let":
      runLet(b, s, n);
      return undefined;
    case "for":
      forEach(b, s.clauses, n, (inner) => void runStatements(b, s.body, inner.inner()));
      return undefined;
    case "learn": {
      const { axes, text } = tensorOf(b, s.type, n);
      const init = s.init ? initText(evaluate(b, s.init, n)) : "uniformFanIn";
      const within = s.within?.map((e) => textOf(evaluate(b, e, n)));
      const settings = [...(within ? [`within: [${within.join(", ")}]`] : []), ...text.order];
      hold(b, n, s.name.text, `${b.scope.text()}.learn("${s.name.text}", [${text.sizes}], ${init}${settings.length > 0 ? `, { ${settings.join(", ")} }` : ""})`, axes);
      return undefined;
    }
    case "state": {
      const { axes, text } = tensorOf(b, s.type, n);
      hold(b, n, s.name.text, `${b.scope.text()}.state("${s.name.text}", [${text.sizes}], ${initText(evaluate(b, s.init, n))}${text.order.length > 0 ? `, { ${text.order.join(", ")} }` : ""})`, axes, advances(body, s.name.text) ? "let" : "const");
      return undefined;
    }
    case "next": {
      const now = n.find(s.name.text);
      if (now?.kind !== "tensor") return undefined;
      // Where nobody asks for the value nothing of it may run, so its lines belong to its function.
      const { block, value } = b.apart(() => textOf(evaluate(b, s.value, n)));
      const lines = block.print();
      const made = lines === "" ? value : `{\n${lines}return ${value};\n}`;
      b.block.add(`${now.text} = ${b.scope.text()}.next("${s.name.text}", () => ${made}${s.training ? "" : ", { inExports: true }"});`, { needed: true });
      n.replace(s.name.text, b.project.tensor(now.text, now.axes, { nets: now.nets }));
      return undefined;
    }
    case "sample":
      runSample(b, s, n);
      return undefined;
    case "term":
      b.project.cannot(`\`${s.kind}\``, "it stands outside a phase", s.span);
      return undefined;
  }
}

/** The step's draw, by its place. */
export function runSample(b: Body, s: Extract<Statement, { kind: "sample" }>, n: Names): void {
  const axes = ["batch", ...(typeAxes(s.type)?.map((a) => a.axis) ?? [])];
  for (const { text } of s.names) hold(b, n, text, `${b.scope.text()}.sample("${text}")`, ordered(axes));
}

/** What a let makes is made in a scope of its own, but for what the phases share. */
export function runLet(b: Body, s: Extract<Statement, { kind: "let" }>, n: Names, scoped = true): void {
  const name = s.name.text;
  const v = !scoped ? evaluate(b, s.value, n, name) : b.within(`in${name[0]!.toUpperCase()}${name.slice(1)}`, (outer) => `${outer}.at("${name}")`, () => evaluate(b, s.value, n, name));
  n.set(name, isStage(v) ? settled(b, v, name) : v.kind === "number" ? v : named(b, v, name));
}

/** What is evaluated later keeps the states that it speaks of as they are now. */
function settled(b: Body, v: TextValue, name: string): TextValue {
  const each = (values: ReadonlyMap<string, TextValue>): Map<string, TextValue> => new Map([...values].map(([k, x]) => [k, settled(b, x, k)]));
  if (b.changing.size === 0) return v;
  switch (v.kind) {
    case "tensor": return b.changes(v.text) ? b.spill(v, name) : v;
    case "record": return v.text === undefined ? { ...v, fields: each(v.fields) } : v;
    case "list": return v.text === undefined ? { ...v, items: v.items.map((x) => settled(b, x, name)) } : v;
    case "tuple": return { ...v, items: v.items.map((x) => settled(b, x, name)) };
    case "function": return { ...v, bound: each(v.bound) };
    case "builtin": return { ...v, bound: { ...v.bound, values: each(v.bound.values), rest: v.bound.rest.map((x) => settled(b, x, name)) } };
    case "composed": return { ...v, first: settled(b, v.first, name), second: settled(b, v.second, name) };
    default: return v;
  }
}

/** Under its own name, unless it has that already; what has no text of its own stays as it is. */
function named(b: Body, v: TextValue, name: string): TextValue {
  if (v.kind === "record" && v.text === undefined) return { ...v, fields: new Map([...v.fields].map(([k, f]) => [k, f.kind === "tensor" ? b.spill(f, k) : f])) };
  if (v.kind === "list" && v.text === undefined) return b.spill({ ...v, text: textOf(v) }, name);
  return v.kind === "tuple" ? settled(b, v, name) : b.spill(v, name);
}

function hold(b: Body, n: Names, name: string, text: string, axes: readonly string[], keyword = "const"): void {
  const own = b.taken.fresh(name);
  if (keyword === "let") b.changing.add(own);
  b.block.add(`${keyword} ${own} = ${text};`, { declares: own });
  n.set(name, renamed(b.project.tensor(text, axes, { effect: true }), own));
}

/** Axes in memory, and how a file has them where it differs. */
function tensorOf(b: Body, type: Extract<Statement, { kind: "learn" }>["type"], n: Names): { axes: readonly string[]; text: { sizes: string; order: string[] } } {
  const written = typeAxes(type) ?? [];
  const axes = ordered(written.map((a) => a.axis));
  const sizes = axes.map((axis) => textOf(evaluate(b, written.find((a) => a.axis === axis)!.dim, n)));
  const order = permutation(axes, written.map((a) => a.axis));
  const rest = b.restOf !== undefined && axes.length === 1 && axes[0] === "rest";
  return { axes, text: { sizes: sizes.join(", "), order: rest ? [`order: ${b.restOf}.rest`] : order ? [`order: { axes: [${order.join(", ")}] }`] : [] } };
}
