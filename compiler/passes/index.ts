import type { Graph, NodeId } from "../graph/types";
import { copy, reachable } from "../graph/walk";
import { arithmetic } from "./arithmetic";
import { batched } from "./batched";
import { broadcast } from "./broadcast";
import { factors } from "./factors";
import { fold } from "./fold";
import { isLocal, type LocalPass, type Pass, rewriteBy } from "./pass";
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
/**
 * In the order in which they run; of those that look at one node, side by side, the first that finds something at a node, and then each again at what
 * was found.
 */
export const passes: readonly Pass[] = [...inRounds, ...atLast];

export interface OptimizeOptions {
  /** Names of passes that are left out. */
  readonly disabled?: readonly string[];
  /** Called after each walk over the graph with the names of the passes that took it, e.g. to verify or print. */
  readonly after?: (passes: string, graph: Graph, outputs: readonly NodeId[]) => void;
}

/** More rounds than any graph needs: a rule that undoes another is our defect, and must not hang the compiler. */
const ROUNDS = 12;

/** Runs the passes until none finds anything more. The outputs keep their order, values and shapes. */
export function optimize(graph: Graph, outputs: readonly NodeId[], options: OptimizeOptions = {}): { graph: Graph; outputs: NodeId[] } {
  const enabled = (list: readonly Pass[]): Pass[] => list.filter((p) => !options.disabled?.includes(p.name));
  let now = { graph, outputs: [...outputs] };
  const take = (pass: Pass): boolean => {
    const { graph: next, outputs: ends, changed } = pass.rewrite(now.graph, now.outputs);
    now = { graph: next, outputs: ends };
    options.after?.(pass.name, next, ends);
    return changed;
  };
  const walks = together(enabled(inRounds));
  let changes = 0;
  /** How many changes there had been when a pass last began: with none since, it would find nothing. */
  const seen = new Map<Pass, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const pass of walks) {
      if (seen.get(pass) === changes) continue;
      seen.set(pass, changes);
      if (take(pass)) changes++;
    }
  }
  for (const pass of enabled(atLast)) take(pass);
  // Without what no output needs.
  if (reachable(now.graph, now.outputs).every((needed) => needed === 1)) return now;
  const { graph: clean, map } = copy(now.graph, now.outputs);
  return { graph: clean, outputs: now.outputs.map((id) => map.get(id)!) };
}

/** Passes that look at one node at a time, and stand side by side, as one: a copy of the graph takes longer than their rules. */
function together(list: readonly Pass[]): Pass[] {
  const made: Pass[] = [];
  let group: LocalPass[] = [];
  const close = (): void => {
    const rules = group.map((p) => p.rule);
    const name = group.map((p) => p.name).join(" ");
    if (rules.length > 0) made.push({ name, doc: name, rewrite: (graph, outputs) => rewriteBy(rules, graph, outputs) });
    group = [];
  };
  for (const pass of list) {
    if (isLocal(pass)) group.push(pass);
    else {
      close();
      made.push(pass);
    }
  }
  close();
  return made;
}
