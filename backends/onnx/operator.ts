// ONNX as plain data: what the lowerings write and encode.ts turns into protobuf.

export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly text: string }
  | { readonly ints: readonly number[] };
export type Attributes = Readonly<Record<string, Attribute>>;

/** One operator of the ONNX graph. */
export interface Operator {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

export type Initializer =
  | { readonly name: string; readonly type: "float"; readonly dims: readonly number[]; readonly data: Float32Array }
  | { readonly name: string; readonly type: "int64"; readonly dims: readonly number[]; readonly data: readonly number[] };

/** A dim of an input or output: a number, or a name ONNX solves for when the model runs. */
export type ValueDim = number | string;
export interface ValueInfo {
  readonly name: string;
  /** Of a float tensor; a sequence of such has none. */
  readonly dims: readonly ValueDim[] | "sequence";
}

export const int = (value: number): Attribute => ({ int: value });
export const float = (value: number): Attribute => ({ float: value });
export const text = (value: string): Attribute => ({ text: value });
export const ints = (values: readonly number[]): Attribute => ({ ints: values });
