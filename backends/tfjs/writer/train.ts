// `src/train.ts`: the nets, a function a phase, and the step that runs them in order.
import type { Compiled } from "../../../compiler/compile";
import type { TrainModel } from "../../../compiler/train/model";
import type { Decl, TrainItem } from "../../../dsl/tree";
import { type Block, reads } from "./block";
import { Body } from "./body";
import { withRoot } from "./call";
import { exportsText } from "./exports";
import { Names } from "./names";
import { bindNets, netLines } from "./nets";
import { optimizersOf } from "./optimizers";
import { type PhaseItem, writePhase } from "./phases";
import { type Crossing, type Project, SHARED } from "./project";
import { runLet, runSample } from "./statements";
import { conditionText, stepText } from "./step";
import { type TextValue, unionOf } from "./values";

export function writeTraining(project: Project, c: Compiled, model: TrainModel): string {
  const train = c.modules.entry.file.decls.find((d): d is Extract<Decl, { kind: "train" }> => d.kind === "train")!;
  const names = new Names(undefined, c.modules.entry.env);
  const b = new Body(project, undefined);
  for (const name of topNames(train.items)) b.taken.fresh(name);
  bindNets(project, names, model, train.items);
  for (const d of model.data) names.set(d.name, project.tensor(d.name, ["batch", "c", "h", "w"], { root: d.name }));

  const active = new Set(model.phases.map((p) => p.name));
  const phases = train.items.filter((i): i is PhaseItem => i.kind === "phase" && active.has(i.name.text));
  project.phase = SHARED;
  const shared = b.apart(() => b.placed("store.place()", () => {
    for (const item of train.items) {
      if (item.kind === "let") runLet(b, item, names, false);
      if (item.kind === "sample") runSample(b, item, names);
    }
  })).block;
  nameShared(names, shared);
  const written = phases.map((p, k) => {
    project.phase = k;
    return writePhase(b, p, names);
  });

  const texts = written.map((w) => w.print());
  const crossing = [...project.crossing(), ...sharedUses(names, shared, texts)];
  shared.prune(texts.join("\n"));
  const sharedText = shared.print();
  const locals = [...new Set([...model.data.map((d) => d.name), ...declared(shared).filter((name) => names.find(name) !== undefined)])];
  const used = (text: string): string[] => locals.filter((l) => reads(text, l));
  const all = locals.filter((l) => texts.some((t) => reads(t, l)) || crossing.some((x) => reads(x.text ?? "", l)));
  const inputs = model.data.map((d) => d.name).filter((n) => reads(sharedText, n) || all.includes(n));
  const optimizers = optimizersOf(b, c, model, train.items.filter((i) => i.kind === "optimizer"), names);
  const conditions = new Map(model.conditions.map(({ phase, when }) => [phase, conditionText(when)]));
  const counted = [...new Set(optimizers.map((o) => o.optimizer))];

  return [
    `/** The nets of ${c.source.path}, their optimizers, and its training step. */`,
    "export function training(store: Weights): Training {",
    ...netLines(project, model, train.items),
    "",
    ...optimizers.map((o) => o.text),
    "",
    "/** What the phases share. */",
    `function values({ ${inputs.map((n) => `${n}`).join(", ")} }: Readonly<Record<string, Tensor>>) {`,
    sharedText,
    `return { ${all.join(", ")} };`,
    "}",
    "type Values = ReturnType<typeof values>;",
    ...phases.flatMap((p, k) => [
      "",
      `/** phase ${p.name.text}, ${project.place(p.span)} */`,
      `function ${p.name.text}({ ${used(texts[k]!).join(", ")} }: Values, losses: Losses): Tensor {`,
      texts[k]!,
      `return losses.total("${p.name.text}");`,
      "}",
    ]),
    "",
    "return {",
    `optimizers: { ${counted.map((name) => `${JSON.stringify(name)}: [${optimizers.filter((o) => o.optimizer === name).map((o) => o.name).join(", ")}]`).join(", ")} },`,
    stepText(project, { model, phases, adams: optimizers, crossing, conditions }),
    `exports: { ${exportsText(project, c, names)} },`,
    "};",
    "}",
  ].join("\n");
}

/** Calls speak of what the phases share by its name. */
function nameShared(names: Names, shared: Block): void {
  for (const name of declared(shared)) {
    const v = names.find(name);
    if (v) names.set(name, withRoot(v, name));
  }
}

const declared = (block: Block): string[] => block.items.flatMap((i) => ("head" in i ? [] : (i.declares ?? [])));

/** Values that are named outside the phases, and the phases that read them. */
function sharedUses(names: Names, shared: Block, texts: readonly string[]): Crossing[] {
  return declared(shared).flatMap((name) => {
    const v = names.find(name);
    const nets = v ? netsIn(v) : new Set<string>();
    return nets.size === 0 ? [] : texts.flatMap((text, phase) => (reads(text, name) ? [{ first: SHARED, phase, text: undefined, nets }] : []));
  });
}

function netsIn(v: TextValue): ReadonlySet<string> {
  if (v.kind === "tensor") return v.nets;
  if (v.kind === "record") return unionOf([...v.fields.values()].map(netsIn));
  return v.kind === "list" || v.kind === "tuple" ? unionOf(v.items.map(netsIn)) : new Set();
}

const topNames = (items: readonly TrainItem[]): string[] =>
  ["store", "losses", "batch", "shared", "values", "training", ...items.flatMap((i) => (i.kind === "net" || i.kind === "data" ? i.names.map((n) => n.text) : i.kind === "phase" ? [i.name.text] : []))];
