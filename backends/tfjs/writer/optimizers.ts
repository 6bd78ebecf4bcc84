// The optimizers of a training. Adam counts the updates of a parameter, so what is updated in other phases has an Adam of its own.
import type { Compiled } from "../../../compiler/compile";
import type { TrainModel } from "../../../compiler/train/model";
import type { TrainItem } from "../../../dsl/tree";
import type { Body } from "./body";
import { evaluate, textOf } from "./evaluate";
import type { Names } from "./names";

export interface WrittenAdam {
  readonly name: string;
  /** The OptimizerSpec that checkpoints count its updates by. */
  readonly optimizer: string;
  readonly phases: readonly string[];
  readonly text: string;
}

type OptimizerItem = Extract<TrainItem, { kind: "optimizer" }>;

export function optimizersOf(b: Body, c: Compiled, model: TrainModel, items: readonly OptimizerItem[], names: Names): WrittenAdam[] {
  const written: WrittenAdam[] = [];
  const netOf = new Map(c.program?.params.map((p) => [p.name, p.net]));
  for (const spec of c.program?.optimizers ?? []) {
    const covered = [...new Set(spec.params.map((p) => netOf.get(p)!))];
    const k = model.optimizers.findIndex((o) => spec.name === o.name || spec.name.startsWith(`${o.name} in `));
    const settings = settingsOf(b, items[k]!, names);
    // One Adam a phase, unless several phases update the same weights.
    const groups = (spec.phases?.length ?? 0) > 1 ? [spec.phases!] : model.phases.map((p) => [p.name]);
    for (const phases of groups) {
      const nets = covered.filter((n) => phases.every((name) => model.phases.find((p) => p.name === name)?.nets.some((net) => net.name === n)));
      if (nets.length === 0 || (spec.phases && !phases.every((p) => spec.phases!.includes(p)))) continue;
      const name = `${phases.join("_")}_adam`;
      written.push({ name, optimizer: spec.name, phases, text: `const ${name} = new Adam(store, [${nets.map((n) => `"${n}"`).join(", ")}], { ${settings} });` });
    }
  }
  return written;
}

const SPELLED: Readonly<Record<string, string>> = { eps_form: "epsForm", decay_on: "decayOn", clip_norm: "clipNorm" };
const DEFAULTS: Readonly<Record<string, string>> = { epsForm: '"corrected"', decayOn: '"all"' };

/** What `adam(...)` was given, by the names of the spec's params. */
function settingsOf(b: Body, item: OptimizerItem, names: Names): string {
  if (item.value.kind !== "call") return "";
  return item.value.args.flatMap((a) => {
    if (!a.name) return [];
    const key = SPELLED[a.name.text] ?? a.name.text;
    const isWord = a.value.kind === "name" && names.find(a.value.name) === undefined && b.project.global(a.value.name, names.home) === undefined;
    const text = isWord && a.value.kind === "name" ? JSON.stringify(a.value.name) : textOf(evaluate(b, a.value, names));
    if (DEFAULTS[key] === text) return [];
    return [text === key ? key : `${key}: ${text}`];
  }).join(", ");
}
