// A piece of a step as a file of its own: its number, its ports' names, and what they read and write.
import type { Builder } from "../graph/builder";
import type { NodeId } from "../graph/types";
import type { Alike, Like } from "./alike";
import type { CutSegment } from "./segments";

/** A graph with the names of its ports: what a backend turns into one file. */
export interface GraphFile {
  readonly file: string;
  readonly graph: Builder;
  readonly inputs: readonly NamedPort[];
  readonly outputs: readonly NamedPort[];
}
export interface NamedPort {
  readonly node: NodeId;
  readonly name: string;
}

/** A cut of a step with its name. */
export interface StepGraph extends CutSegment {
  /** Its place among those of all steps. */
  readonly number: number;
  readonly phaseName: string;
  readonly file: GraphFile;
  /** An earlier graph that does the same: it is run instead, and there is no such file. */
  readonly like?: Like;
}

/** File names of the steps' graphs in their order, each with its update's behind it. */
export const stepFile = (number: number, phase: string, update = false): string => `step.${number}.${phase}${update ? ".update" : ""}.onnx`;

/** A value's number is its node's. Where the phases that run are not always the same, each set of them has a graph of its own: `plan` is its number. */
const valueIn = (value: string, plan?: number): string => (plan === undefined ? value : value.replace(/^value:/, `value:${plan}.`));

/** @param alike of all before it; undefined: each is a file of its own */
export function stepGraph(cut: CutSegment, number: number, phaseName: string, plan: number | undefined, alike: Alike | undefined): StepGraph {
  const named = (ports: CutSegment["inputs"]): NamedPort[] => ports.map(({ node, value }) => ({ node, name: valueIn(value, plan) }));
  const file = { file: stepFile(number, phaseName), graph: cut.graph, inputs: named(cut.inputs), outputs: named(cut.outputs) };
  const like = alike?.find(file);
  return { ...cut, number, phaseName, file, ...(like ? { like } : {}) };
}
