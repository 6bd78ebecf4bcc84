import proto from "onnx-proto";
import type { onnx as Onnx } from "onnx-proto";
import type { Attribute, Initializer, Operator, ValueInfo } from "./operator";

const { onnx } = proto;

/**
 * Opset 18 is the first in which every reduction takes its axes as an input, so one form serves all of them; IR 8 is the
 * version published with it. Runtimes years older than ours (and the browser's) read both.
 */
export const OPSET = 18;
export const IR_VERSION = 8;

/** Where an initializer's bytes lie outside the model. */
export interface ExternalPlace {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

export interface ModelParts {
  readonly name: string;
  readonly operators: readonly Operator[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly inner: readonly ValueInfo[];
  readonly initializers: readonly Initializer[];
  readonly places: ReadonlyMap<string, ExternalPlace>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly opset: number;
  readonly irVersion: number;
}

const Types = onnx.TensorProto.DataType;
const Kinds = onnx.AttributeProto.AttributeType;
const utf8 = new TextEncoder();

function attribute(name: string, value: Attribute): Onnx.IAttributeProto {
  if ("int" in value) return { name, type: Kinds.INT, i: value.int };
  if ("float" in value) return { name, type: Kinds.FLOAT, f: value.float };
  if ("text" in value) return { name, type: Kinds.STRING, s: utf8.encode(value.text) };
  return { name, type: Kinds.INTS, ints: [...value.ints] };
}

/** Bytes in ONNX's order, which is little-endian whatever the machine. */
export function bytesOf(data: Float32Array): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] === 1) return bytes;
  const swapped = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) swapped[i] = bytes[i ^ 3]!;
  return swapped;
}

function tensor(from: Initializer, place: ExternalPlace | undefined): Onnx.ITensorProto {
  const base = { name: from.name, dims: [...from.dims] };
  if (from.type === "int64") return { ...base, dataType: Types.INT64, int64Data: [...from.data] };
  if (!place) return { ...base, dataType: Types.FLOAT, rawData: bytesOf(from.data) };
  const { file, offset, length } = place;
  const entries = { location: file, offset: String(offset), length: String(length) };
  return {
    ...base,
    dataType: Types.FLOAT,
    dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
  };
}

function valueInfo(value: ValueInfo): Onnx.IValueInfoProto {
  if (value.dims === "sequence") return { name: value.name, type: { sequenceType: { elemType: { tensorType: { elemType: Types.FLOAT } } } } };
  const dim = value.dims.map((d) => (typeof d === "number" ? { dimValue: d } : { dimParam: d }));
  return { name: value.name, type: { tensorType: { elemType: Types.FLOAT, shape: { dim } } } };
}

export function encodeModel(parts: ModelParts): Uint8Array {
  const node = parts.operators.map(
    (o): Onnx.INodeProto => ({
      name: o.outputs[0]!,
      opType: o.type,
      input: [...o.inputs],
      output: [...o.outputs],
      attribute: Object.entries(o.attributes).map(([name, value]) => attribute(name, value)),
    }),
  );
  return onnx.ModelProto.encode({
    irVersion: parts.irVersion,
    producerName: "ganc",
    opsetImport: [{ domain: "", version: parts.opset }],
    metadataProps: Object.entries(parts.metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: parts.name,
      node,
      initializer: parts.initializers.map((i) => tensor(i, parts.places.get(i.name))),
      input: parts.inputs.map(valueInfo),
      output: parts.outputs.map(valueInfo),
      valueInfo: parts.inner.map(valueInfo),
    },
  }).finish();
}
