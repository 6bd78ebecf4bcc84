// The nets of a training: instances by name, as the phases speak of them, and how each is made.
import type { InstanceValue as TracedInstance } from "../../../compiler/trace/values";
import type { TrainModel } from "../../../compiler/train/model";
import type { TrainItem } from "../../../dsl/tree";
import { takesTensor } from "./call";
import { define } from "./define";
import { initText } from "./evaluate";
import { Body } from "./body";
import { handedOn } from "./hand";
import type { Names } from "./names";
import type { Project } from "./project";
import { NONE, type TextValue } from "./values";
import { typeAxes } from "../../../compiler/trace/parameters";
import { ordered } from "./axes";

/** A list of nets is `DA`, its items `DA.0` by name and `DA[0]` in the text. */
export function bindNets(project: Project, names: Names, model: TrainModel, items: readonly TrainItem[]): void {
  for (const item of items) {
    if (item.kind !== "net") continue;
    for (const { text } of item.names) {
      const single = model.nets.get(text);
      const list = [...model.nets.values()].filter((n) => n.name.startsWith(`${text}.`));
      names.set(text, single ? project.instance(single) : { kind: "list", text, items: list.map((n) => project.instance(n)) });
    }
  }
}

/** `const DA = [...]`, in the order of the spec. Of a list only its nets that are called are made. */
export function netLines(project: Project, model: TrainModel, items: readonly TrainItem[]): string[] {
  return items.flatMap((item) => (item.kind === "net" ? item.names.map(({ text }) => `const ${text} = ${netText(project, model, text)};`) : []));
}

function netText(project: Project, model: TrainModel, name: string): string {
  const single = model.nets.get(name);
  if (single) return made(project, single);
  return `[${[...model.nets.values()].filter((n) => n.name.startsWith(`${name}.`)).map((n) => made(project, n)).join(", ")}]`;
}

function made(project: Project, net: TracedInstance): string {
  const { decl, home } = net.make;
  const { bound } = project.instance(net);
  const args = new Map<string, TextValue>(bound);
  for (const p of decl.parameters) {
    const axes = p.type && takesTensor(p) ? typeAxes(p.type) : undefined;
    if (axes && !args.has(p.name.text)) args.set(p.name.text, project.tensor(p.name.text, ordered(["batch", ...axes.map((a) => a.axis)])));
  }
  const made = define(project, decl, home, args, net.span);
  const b = new Body(project, undefined);
  const settings = made.settings.map((p) => `${p.name.text}: ${handedOn(b, bound.get(p.name.text) ?? NONE, net.span)}`);
  const begun = net.init === undefined ? NONE : project.convert(net.init);
  const init = begun.kind === "none" ? "" : `, ${initText(begun)}`;
  const parts = [net.name, ...partsOf(net)].map((n) => JSON.stringify(n)).join(", ");
  return `new Net(store, [${parts}], new ${made.name}(store.net("${net.name}"${init})${settings.length > 0 ? `, { ${settings.join(", ")} }` : ""}))`;
}

/** Names of the nets that were handed to this one. */
export const partsOf = (net: TracedInstance): string[] =>
  [...net.make.bound.values()].flatMap((v) => (typeof v === "object" && v.kind === "instance" ? [v.name, ...partsOf(v)] : []));
