import type { Graph, NodeId } from "../graph/types";
import { arithmetic } from "./arithmetic";
import { batched } from "./batched";
import { broadcast } from "./broadcast";
import { factors } from "./factors";
import { fold } from "./fold";
import type { Pass } from "./pass";
import { linear } from "./linear";
import { pairings } from "./pairings";
import { scales } from "./scales";
import { shapes } from "./shapes";
import { share } from "./share";

export type { Pass, Rewritten } from "./pass";

/** In rounds, in this order, until none finds more. */
const inRounds: readonly Pass[] = [shapes, fold, broadcast, arithmetic, factors, scales, pairings, linear, share];
/** Once, when the rounds are over: they put together what the others look at one by one. */
const atLast: readonly Pass[] = [batched];
/** In the order in which they run. */
export const passes: readonly Pass[] = [...inRounds, ...atLast];

export interface OptimizeOptions {
  /** Names of passes that are left out. */
  readonly disabled?: readonly string[];
  /** Called after each pass, e.g. to verify or print. */
  readonly after?: (pass: string, graph: Graph, outputs: readonly NodeId[]) => void;
}

/** More rounds than any graph needs: a rule that undoes another is our defect, and must not hang the compiler. */
const ROUNDS = 12;

/** Runs the passes until none finds anything more. The outputs keep their order, values and shapes. */
export function optimize(graph: Graph, outputs: readonly NodeId[], options: OptimizeOptions = {}): { graph: Graph; outputs: NodeId[] } {
  const enabled = inRounds.filter((p) => !options.disabled?.includes(p.name));
  let now = { graph, outputs: [...outputs] };
  let changes = 0;
  /** How many changes there had been when a pass last began: with none since, it would find nothing. */
  const seen = new Map<Pass, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const pass of enabled) {
      if (seen.get(pass) === changes) continue;
      seen.set(pass, changes);
      const next = pass.rewrite(now.graph, now.outputs);
      if (next.changed) changes++;
      now = { graph: next.graph, outputs: next.outputs };
      options.after?.(pass.name, now.graph, now.outputs);
    }
  }
  for (const pass of atLast) {
    if (options.disabled?.includes(pass.name)) continue;
    const { graph: next, outputs: ends } = pass.rewrite(now.graph, now.outputs);
    now = { graph: next, outputs: ends };
    options.after?.(pass.name, next, ends);
  }
  return now;
}
