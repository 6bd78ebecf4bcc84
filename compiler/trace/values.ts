// What an expression of the language can be while a spec is traced.
import type { BodyDecl, Expr } from "../../dsl/tree";
import type { Span } from "../../dsl/source";
import type { SymDim } from "../graph/dim";
import type { NodeId, PadMode } from "../graph/types";
import type { Builtin } from "../builtins/signature";
import type { DataStepSpec } from "../program";
import type { Env } from "./env";
import type { InitRecipe } from "./init";

export interface TensorValue {
  readonly kind: "tensor";
  readonly id: NodeId;
}
export interface RecordValue {
  readonly kind: "record";
  readonly fields: ReadonlyMap<string, Value>;
}
export interface ListValue {
  readonly kind: "list";
  readonly items: readonly Value[];
}
export interface TupleValue {
  readonly kind: "tuple";
  readonly items: readonly Value[];
}
/** A declaration with some of its parameters bound: `Residual(norm: IN)`, `AdaLIN(eps: 1e-6)`, or bare `mse`. */
export interface FunctionValue {
  readonly kind: "function";
  readonly decl: BodyDecl;
  /** The declaration's own module. */
  readonly home: Env;
  readonly bound: ReadonlyMap<string, Value>;
  /** Where the bound arguments were written, for messages. */
  readonly span?: Span;
}
export interface BuiltinValue {
  readonly kind: "builtin";
  readonly spec: Builtin;
  readonly bound: ReadonlyMap<string, Value>;
}
export interface LambdaValue {
  readonly kind: "lambda";
  readonly parameter: string;
  readonly body: Expr;
  readonly env: Env;
}
export interface ComposedValue {
  readonly kind: "composed";
  readonly first: Value;
  readonly second: Value;
  readonly span: Span;
}
export interface RepeatValue {
  readonly kind: "repeat";
  readonly count: number;
  readonly index?: string;
  readonly body: Expr;
  readonly env: Env;
}
/** What a slot holds, with the style inputs that the slot offers. */
export interface SlotValue {
  readonly kind: "slot";
  readonly name: string;
  readonly value: Value;
  readonly offers: readonly string[];
}
/** One `net`: every call shares its parameters. */
export interface InstanceValue {
  readonly kind: "instance";
  readonly name: string;
  readonly make: FunctionValue;
  readonly init: Value | undefined;
  readonly span: Span;
  /** Params that its arguments name: what a hint may propose to change. */
  readonly params: readonly string[];
}
export interface InitValue {
  readonly kind: "init";
  readonly recipe: InitRecipe;
}
export interface PadValue {
  readonly kind: "pad";
  readonly mode: PadMode;
  readonly amounts: { readonly top: number; readonly bottom: number; readonly left: number; readonly right: number };
}
export interface DataStepValue {
  readonly kind: "data-steps";
  readonly steps: readonly DataStepSpec[];
}

export type Value =
  | number
  | boolean
  | string
  | { readonly kind: "none" }
  /** Stands for a value whose making was reported as an error already: everything made of it is poison, silently. */
  | { readonly kind: "poison" }
  | { readonly kind: "dim"; readonly dim: SymDim }
  | TensorValue
  | RecordValue
  | ListValue
  | TupleValue
  | FunctionValue
  | BuiltinValue
  | LambdaValue
  | ComposedValue
  | RepeatValue
  | SlotValue
  | InstanceValue
  | InitValue
  | PadValue
  | DataStepValue;

export type ObjectValue = Exclude<Value, number | boolean | string>;
export type ValueKind = ObjectValue["kind"];

export const NONE: Value = { kind: "none" };
export const POISON: Value = { kind: "poison" };

export function isKind<K extends ValueKind>(v: Value, kind: K): v is Extract<ObjectValue, { kind: K }> {
  return typeof v === "object" && v.kind === kind;
}
export const isTensor = (v: Value): v is TensorValue => isKind(v, "tensor");
export const isPoison = (v: Value): boolean => isKind(v, "poison");
export const isNone = (v: Value): boolean => isKind(v, "none");

const STAGES: readonly ValueKind[] = ["function", "builtin", "lambda", "composed", "repeat", "slot", "instance"];
export const isStage = (v: Value): boolean => typeof v === "object" && STAGES.includes(v.kind);

/** What the value is, in words an author would use. */
export function kindName(v: Value): string {
  if (typeof v === "number") return "a number";
  if (typeof v === "boolean") return "true or false";
  if (typeof v === "string") return "a word";
  switch (v.kind) {
    case "tensor":
      return "a tensor";
    case "record":
      return "a record";
    case "list":
    case "tuple":
      return "a list";
    case "function":
      return `the ${v.decl.keyword} ${v.decl.name.text}`;
    case "builtin":
      return `\`${v.spec.name}\``;
    case "instance":
      return `the net ${v.name}`;
    case "slot":
      return `the slot ${v.name}`;
    case "init":
      return "an initialization";
    case "pad":
      return "a padding";
    case "data-steps":
      return "a preprocessing step";
    case "dim":
      return "a dim";
    case "none":
      return "none";
    case "poison":
      return "a value with an error";
    case "lambda":
    case "composed":
    case "repeat":
      return "a stage";
  }
}
