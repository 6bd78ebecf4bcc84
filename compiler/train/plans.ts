// Phases at unequal rates (rule 16): each set of phases that run together is traced, differentiated and cut as a step of its own.
import type { Diagnostic } from "../../dsl/diagnostic";
import type { Module } from "../resolve/modules";
import { elaborateTrain } from "./elaborate";
import type { TrainModel } from "./model";
import { buildStep, type Step } from "./step";
import { setsOf } from "./when";

export interface Plan {
  readonly model: TrainModel;
  readonly step: Step;
}

/** The whole step alone, where no phase ever rests. */
export function plansOf(module: Module, params: ReadonlySet<string>, whole: TrainModel, step: Step, exported: ReadonlySet<string>, diagnostics: Diagnostic[]): Plan[] {
  const { conditions } = whole;
  if (conditions.length === 0) return [{ model: whole, step }];
  return setsOf(conditions.map((c) => c.when)).map((truths) => {
    const rests = new Set(conditions.filter((_, i) => !truths[i]).map((c) => c.phase));
    if (rests.size === 0) return { model: whole, step };
    const phases = new Set(whole.phases.map((p) => p.name).filter((name) => !rests.has(name)));
    const model = elaborateTrain(module, params, diagnostics, { phases, shared: { params: new Map(whole.params), states: new Map(whole.states), optimizers: whole.optimizers } });
    if (!model) throw new Error("defect: the train block is gone");
    return { model, step: buildStep(model, exported, true) };
  });
}
