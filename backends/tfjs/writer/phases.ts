// The phases of a training: a function each, which adds its terms up and returns what is minimized.
import type { Statement, TrainItem } from "../../../dsl/tree";
import type { Block } from "./block";
import type { Body } from "./body";
import { evaluate, forEach, textOf } from "./evaluate";
import type { Names } from "./names";
import { runLet, runSample } from "./statements";

export type PhaseItem = Extract<TrainItem, { kind: "phase" }>;

export function writePhase(b: Body, phase: PhaseItem, outer: Names): Block {
  const write = (body: readonly Statement[], n: Names): void => {
    for (const s of body) {
      switch (s.kind) {
        case "let":
          runLet(b, s, n);
          break;
        case "sample":
          runSample(b, s, n);
          break;
        case "for":
          forEach(b, s.clauses, n, (inner) => write(s.body, inner.inner()));
          break;
        case "term": {
          const v = evaluate(b, s.value, n);
          if (v.kind !== "none" && !(v.kind === "number" && v.value === 0)) b.block.add(`losses.add("${phase.name.text}.${s.name.text}", ${textOf(v)});`, { needed: true });
          break;
        }
        default:
          b.project.cannot(`\`${s.kind}\` in a phase`, "it is not written yet", s.span);
      }
    }
  };
  const { block } = b.apart(() => b.placed(`store.place("${phase.name.text}")`, () => write(phase.body, outer.inner())));
  block.prune();
  return block;
}
