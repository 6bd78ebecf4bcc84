// What the train block of a spec amounts to, traced: data, nets, phases with their losses, optimizers, schedule.
import type { Span } from "../../dsl/source";
import type { NodeId } from "../graph/types";
import type { DataStreamSpec, OptimizerSpec, Program, SchedulePieceSpec, StepExpr } from "../program";
import type { ParamInfo, StateInfo, Tracer } from "../trace/tracer";
import type { Env } from "../trace/env";
import type { InstanceValue } from "../trace/values";

export interface Term {
  readonly name: string;
  /** Averaged over the batch; a scalar. Undefined: it vanished. */
  readonly node: NodeId | undefined;
  readonly formula: string;
}

export interface Phase {
  readonly name: string;
  readonly span: Span;
  readonly index: number;
  readonly nets: readonly InstanceValue[];
  readonly terms: readonly Term[];
  /** How often each trained net had been updated when the phase began. */
  readonly versions: ReadonlyMap<string, number>;
}

export interface TrainModel {
  readonly tracer: Tracer;
  readonly env: Env;
  readonly data: readonly DataStreamSpec[];
  readonly nets: ReadonlyMap<string, InstanceValue>;
  readonly phases: readonly Phase[];
  readonly optimizers: readonly (Omit<OptimizerSpec, "params" | "phases"> & { readonly clipNorm?: number; readonly nets: readonly string[]; readonly span: Span; /** One of its names is unknown: what it covers is not all that was meant. */ readonly broken: boolean })[];
  readonly schedule: readonly SchedulePieceSpec[];
  readonly held?: Program["held"];
  /** Of the phases that rest at some steps. */
  readonly conditions: readonly { readonly phase: string; readonly when: StepExpr }[];
  readonly batch: number;
  readonly length: { readonly count: number; readonly unit: "steps" | "epochs" };
  readonly params: ReadonlyMap<string, ParamInfo>;
  readonly states: ReadonlyMap<string, StateInfo>;
}
