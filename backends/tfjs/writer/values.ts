// What an expression of the language is while it is written as TypeScript: its text, and as much of its value as decides the text.
import type { BodyDecl, Expr } from "../../../dsl/tree";
import type { Env } from "../../../compiler/trace/env";
import type { Builtin } from "../../../compiler/builtins/signature";
import type { Names } from "./names";

/** TypeScript for a value. `tight` text can stand before `.method()` and beside an operator without parentheses. */
export interface Code {
  readonly text: string;
  readonly tight: boolean;
}

export interface NumberValue extends Code {
  readonly kind: "number";
  /** Of the loosest operator in the text: + 1, * 2, ** 3; a name has none. */
  readonly loose?: 1 | 2 | 3;
  /** The parameter of a function: other callers give other numbers. */
  readonly open?: boolean;
  /** Known where it depends on params alone; not for a size of a picture. */
  readonly value: number | undefined;
}
export interface TensorValue extends Code {
  readonly kind: "tensor";
  /** In the order of memory: see axes.ts. */
  readonly axes: readonly string[];
  /** Equal for two calls of one net on equal values: they are one computation. */
  readonly id: number;
  /** Evaluating the text makes weights, advances states or draws: its place among such texts matters. */
  readonly effect: boolean;
  /** The nets whose weights it depends on. */
  readonly nets: ReadonlySet<string>;
  /** The text in terms of the step's own names, where there is one. */
  readonly root: string | undefined;
  /** Set where `text` stands for mix(a, b, t), or for scale times it: what an offset can be added to in the same go. */
  readonly mix?: MixParts | undefined;
  /** Set where `text` stands for a matrix [rest, out] times v, or for u times that: what the matrix can be divided by in the same go. */
  readonly gain?: GainParts | undefined;
}
/** The parts hold for this text alone: a value that got a name has another. */
interface Parts {
  readonly text: string;
}
interface GainParts extends Parts {
  readonly matrix: string;
  readonly v: string;
  readonly u?: string;
  /** The matrix times v. */
  readonly product: string;
}
interface MixParts extends Parts {
  readonly of: readonly [a: TensorValue, b: TensorValue, t: TensorValue];
  readonly scale?: TensorValue;
}
export interface RecordValue {
  readonly kind: "record";
  readonly fields: ReadonlyMap<string, TextValue>;
  /** Set where the record has a name of its own. */
  readonly text?: string;
  readonly effect?: boolean;
}
export interface ListValue {
  readonly kind: "list";
  readonly items: readonly TextValue[];
  readonly text?: string;
  readonly effect?: boolean;
}
export interface TupleValue {
  readonly kind: "tuple";
  readonly items: readonly TextValue[];
}
export interface FunctionValue {
  readonly kind: "function";
  readonly decl: BodyDecl;
  readonly home: Env;
  readonly bound: ReadonlyMap<string, TextValue>;
  /** A name that stands for it, such as a param's, with what was bound when it got the name. */
  readonly alias?: Alias;
  /** Names of the functions that were written for it, wherever it was handed on to. */
  readonly written: Set<string>;
}
interface Alias {
  readonly text: string;
  readonly bound: ReadonlyMap<string, TextValue>;
}
export interface BuiltinValue {
  readonly kind: "builtin";
  readonly spec: Builtin;
  readonly bound: BoundBuiltin;
  readonly text?: string;
  /** The kind of slot it came through: what a stage is called with. */
  readonly slot?: string;
}
export interface BoundBuiltin {
  readonly values: ReadonlyMap<string, TextValue>;
  readonly axes: ReadonlyMap<string, readonly string[]>;
  readonly dims: ReadonlyMap<string, readonly { readonly axis: string; readonly dim: NumberValue }[]>;
  readonly rest: readonly TextValue[];
}
export interface LambdaValue {
  readonly kind: "lambda";
  readonly parameter: string;
  readonly body: Expr;
  readonly names: Names;
}
export interface ComposedValue {
  readonly kind: "composed";
  readonly first: TextValue;
  readonly second: TextValue;
  readonly text?: string;
}
export interface RepeatValue {
  readonly kind: "repeat";
  readonly count: NumberValue;
  readonly index: string | undefined;
  readonly body: Expr;
  readonly names: Names;
}
export interface InstanceValue {
  readonly kind: "instance";
  readonly name: string;
  readonly decl: BodyDecl;
  readonly home: Env;
  readonly bound: ReadonlyMap<string, TextValue>;
  readonly text: string;
}
/** An initialization, a padding, or another thing that is only handed on. */
export interface PlainValue {
  readonly kind: "plain";
  readonly what: "init" | "pad" | "other";
  readonly text: string;
}

export type TextValue =
  | { readonly kind: "none" }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "word"; readonly value: string }
  | NumberValue
  | TensorValue
  | RecordValue
  | ListValue
  | TupleValue
  | FunctionValue
  | BuiltinValue
  | LambdaValue
  | ComposedValue
  | RepeatValue
  | InstanceValue
  | PlainValue;

export const NONE: TextValue = { kind: "none" };
const NO_NETS: ReadonlySet<string> = new Set();

export const number = (value: number): NumberValue => ({ kind: "number", value, ...literal(value) });

function literal(value: number): Code {
  const text = Number.isInteger(value) && Math.abs(value) >= 1e4 && Math.abs(value) < 1e15 ? String(value).replace(/\B(?=(\d{3})+$)/g, "_") : String(value);
  return { text, tight: value >= 0 };
}

export type TensorParts = Partial<Pick<TensorValue, "effect" | "nets" | "root" | "tight" | "id">>;

export const unionOf = (all: readonly ReadonlySet<string>[]): ReadonlySet<string> => {
  const some = all.filter((s) => s.size > 0);
  return some.length === 0 ? NO_NETS : some.length === 1 ? some[0]! : new Set(some.flatMap((s) => [...s]));
};

export const isStage = (v: TextValue): boolean => ["function", "builtin", "lambda", "composed", "repeat", "instance"].includes(v.kind);

/** Text that can stand before `.method()`. */
export const tight = (c: Code): string => (c.tight ? c.text : `(${c.text})`);
