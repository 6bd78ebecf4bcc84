// TensorFlow's own operations that TensorFlow.js has no name for: what takes it several kernels takes one.
import { type Tensor, tf } from "./tf.js";

interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** What tfjs-node's backend offers beyond the interface of all backends. */
interface NodeBackend {
  readonly binding: Readonly<Record<string, number>>;
  executeSingleOutput(name: string, attributes: readonly Attribute[], inputs: readonly Tensor[]): Tensor;
}

/** One operation by the name that TensorFlow gives it. Not recorded on the tape. */
export type NativeOperation = (
  name: string,
  inputs: readonly Tensor[],
  attributes: Readonly<Record<string, string | number>>,
) => Tensor;

const types: Readonly<Record<string, string>> = { float32: "TF_FLOAT", int32: "TF_INT32" };

/** TensorFlow itself, under tfjs-node and tfjs-node-gpu. */
export function tensorFlow(): NativeOperation | undefined {
  if (tf.getBackend() !== "tensorflow") return undefined;
  const backend = tf.backend() as unknown as NodeBackend;
  const { binding } = backend;
  const attribute = (name: string, value: string | number): Attribute => {
    if (typeof value === "number") return { name, type: binding["TF_ATTR_FLOAT"]!, value };
    const type = types[value];
    return type
      ? { name, type: binding["TF_ATTR_TYPE"]!, value: binding[type] }
      : { name, type: binding["TF_ATTR_STRING"]!, value };
  };
  return (name, inputs, attributes) =>
    backend.executeSingleOutput(
      name,
      Object.entries(attributes).map(([key, value]) => attribute(key, value)),
      inputs,
    );
}
