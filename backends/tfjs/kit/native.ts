// TensorFlow's own operations that TensorFlow.js has no name for: what takes it several kernels takes one.
import { type Tensor, tf } from "./tf";

interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** What tfjs-node's backend offers beyond the interface of all backends. */
interface NodeBackend {
  readonly binding: Readonly<Record<string, number>>;
  executeSingleOutput(name: string, attributes: readonly Attribute[], inputs: readonly Tensor[]): Tensor;
  executeMultipleOutputs(name: string, attributes: readonly Attribute[], inputs: readonly Tensor[], count: number): Tensor[];
}

/** An attribute's value; the names of types are what tfjs calls them. */
type Attributes = Readonly<Record<string, string | number | boolean | readonly number[]>>;

/** Operations by the names that TensorFlow gives them. Not recorded on the tape. */
export interface TensorFlowOperations {
  run(name: string, inputs: readonly Tensor[], attributes: Attributes): Tensor;
  /** One with `count` outputs. */
  runMany(name: string, inputs: readonly Tensor[], attributes: Attributes, count: number): Tensor[];
  /** The constant of this name, made once and kept: a small operand that is the same in every step. */
  constant(name: string, make: () => Tensor): Tensor;
  /** x - factor · y in one pass, written into x's own memory where nothing else sees it. x is used up. */
  subtractScaled(x: Tensor, factor: Tensor, y: Tensor): Tensor;
}

const types: Readonly<Record<string, string>> = { float32: "TF_FLOAT", int32: "TF_INT32" };

const known = new WeakMap<NodeBackend, TensorFlowOperations>();

/** TensorFlow itself, under tfjs-node and tfjs-node-gpu. */
export function tensorFlow(): TensorFlowOperations | undefined {
  if (tf.getBackend() !== "tensorflow") return undefined;
  const backend = tf.backend() as unknown as NodeBackend;
  const found = known.get(backend) ?? operationsOf(backend);
  known.set(backend, found);
  return found;
}

function operationsOf(backend: NodeBackend): TensorFlowOperations {
  const { binding } = backend;
  const attribute = (name: string, value: string | number | boolean | readonly number[]): Attribute => {
    if (typeof value === "object") return { name, type: binding["TF_ATTR_SHAPE"]!, value };
    if (typeof value === "number") return { name, type: binding["TF_ATTR_FLOAT"]!, value };
    if (typeof value === "boolean") return { name, type: binding["TF_ATTR_BOOL"]!, value };
    const type = types[value];
    return type ? { name, type: binding["TF_ATTR_TYPE"]!, value: binding[type] } : { name, type: binding["TF_ATTR_STRING"]!, value };
  };
  const all = (attributes: Attributes): Attribute[] => Object.entries(attributes).map(([key, value]) => attribute(key, value));
  const constants = new Map<string, Tensor>();
  const constant = (name: string, make: () => Tensor): Tensor => {
    const made = constants.get(name) ?? tf.keep(make());
    constants.set(name, made);
    return made;
  };
  const run: TensorFlowOperations["run"] = (name, inputs, attributes) => backend.executeSingleOutput(name, all(attributes), inputs);
  const runMany: TensorFlowOperations["runMany"] = (name, inputs, attributes, count) => backend.executeMultipleOutputs(name, all(attributes), inputs, count);
  return {
    constant,
    run,
    runMany,
    subtractScaled(x, factor, y) {
      // TensorFlow does this to a variable of its own. It holds x's memory alone once x is gone.
      const place = constant("place", () => run("VarHandleOp", [], { dtype: "float32", shape: [], shared_name: "place" }));
      runMany("AssignVariableOp", [place, x], { dtype: "float32" }, 0);
      x.dispose();
      runMany("ResourceApplyGradientDescent", [place, factor, y], { T: "float32" }, 0);
      return run("ReadVariableOp", [place], { dtype: "float32" });
    },
  };
}
