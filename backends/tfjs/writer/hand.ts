// Stages that are handed to another function: by name where they have one, as an arrow where settings were bound to them.
import type { Span } from "../../../dsl/source";
import type { Body } from "./body";
import { takesTensor } from "./call";
import { camel, textOf } from "./evaluate";
import type { FunctionValue, TextValue } from "./values";

/** The text of a stage as an argument. @param warm writes its function first, so that its name is known */
export function asFunction(b: Body, v: TextValue, span: Span, warm?: () => void): string {
  if (v.kind === "builtin") {
    if (v.text !== undefined) return v.text;
    const settings = [...v.bound.values.values()].map(textOf);
    return settings.length === 0 ? camel(v.spec.name) : `(y: Tensor) => ${camel(v.spec.name)}(y, ${settings.join(", ")})`;
  }
  if (v.kind !== "function") return textOf(b.project.cannot("a stage that is handed on", "name it: a norm, a block, or something built in", span));
  if (v.written.size === 0) warm?.();
  if ((v.decl.keyword === "block" || v.decl.keyword === "network") && v.alias === undefined) return ofClass(v);
  const takes = b.project.settings.get(nameOf(v));
  const added = [...v.bound].filter(([name]) => v.alias?.bound.get(name) !== v.bound.get(name) && (takes?.some((t) => t.name === name) ?? true));
  const name = v.alias?.text ?? nameOf(v);
  if (added.length === 0) return name;
  const given = added.map(([k, a]) => {
    const text = handedOn(b, a, span);
    return text === k ? k : `${k}: ${text}`;
  }).join(", ");
  // What nobody has given yet passes through.
  const open = takes?.filter((t) => !v.bound.has(t.name)) ?? [];
  const styles = open.filter((t) => v.decl.styles.some((p) => p.name.text === t.name));
  const passed = styles.length > 0 ? styles : v.decl.keyword === "head" ? open : [];
  if (passed.length === 0) return `(at: Scope, y: Tensor) => ${name}(at, y, { ${given} })`;
  const called = styles.length > 0 ? "styles" : "settings";
  const type = `{ ${passed.map((t) => `${t.name}${t.optional ? "?" : ""}: ${t.type}`).join("; ")} }`;
  return `(at: Scope, y: Tensor, ${called}: ${type}) => ${name}(at, y, { ${given}, ...${called} })`;
}

/** A class as a stage: made at its place, and called. */
function ofClass(v: FunctionValue): string {
  const inputs = v.decl.parameters.filter((p) => takesTensor(p) && !v.bound.has(p.name.text)).map((p) => p.name.text);
  const settings = [...v.bound].map(([name, value]) => `${name}: ${textOf(value)}`);
  const made = `new ${nameOf(v)}(${[`at.place("${v.decl.name.text}")`, ...(settings.length > 0 ? [`{ ${settings.join(", ")} }`] : [])].join(", ")})`;
  return `(at: Scope, ${inputs.map((n) => `${n}: Tensor`).join(", ")}) => ${made}.call(${inputs.join(", ")})`;
}

const nameOf = (v: FunctionValue): string => [...v.written][0] ?? v.decl.name.text;

/** A setting as it is handed on: a stage by its name, anything else by its text. */
export const handedOn = (b: Body, v: TextValue, span: Span): string => (v.kind === "function" || v.kind === "builtin" || v.kind === "lambda" || v.kind === "composed" ? asFunction(b, v, span) : textOf(v));
