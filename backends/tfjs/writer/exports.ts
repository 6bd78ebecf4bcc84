// What the spec exports, as functions of tensors.
import type { Compiled } from "../../../compiler/compile";
import { typeAxes } from "../../../compiler/trace/parameters";
import type { Parameter } from "../../../dsl/tree";
import { ordered } from "./axes";
import { Body } from "./body";
import { evaluate, initText, textOf } from "./evaluate";
import type { Names } from "./names";
import type { Project } from "./project";

export function exportsText(project: Project, c: Compiled, names: Names): string {
  return c.modules.entry.file.decls.flatMap((d) => {
    if (d.kind !== "export") return [];
    const b = new Body(project, "store.place()");
    const inner = names.inner();
    project.phase = undefined;
    const [first] = d.parameters;
    const head = d.parameters.map((p) => {
      const axes = ["batch", ...(p.type ? (typeAxes(p.type) ?? []) : []).map((a) => a.axis)];
      inner.set(p.name.text, project.tensor(p.name.text, ordered(axes)));
      return p.name.text + drawn(b, p, first!.name.text, inner);
    });
    const v = evaluate(b, d.value, inner);
    const body = b.block.print();
    const result = v.kind === "record" && v.text === undefined ? `(${textOf(v)})` : textOf(v);
    return [`${d.name.text}: (${head.join(", ")}) => ${body === "" ? result : `{\n${body}return ${result};\n}`}`];
  }).join(", ");
}

/** ` = tf.randomNormal(...)` for a code that is drawn unless it is given. */
function drawn(b: Body, p: Parameter, like: string, names: Names): string {
  if (p.default?.kind !== "sample" || !p.type) return "";
  const [, kind, settings] = /^(normal|uniform)\((.*)\)$/.exec(initText(evaluate(b, p.default.distribution, names))) ?? [];
  if (kind === undefined) return b.project.cannot("this default of an export", "only normal and uniform draws are written", p.span) && "";
  const sizes = typeAxes(p.type)!.map((a) => textOf(evaluate(b, a.dim, names)));
  return ` = tf.random${kind === "normal" ? "Normal" : "Uniform"}([${like}.shape[0]!, ${sizes.join(", ")}], ${settings})`;
}
