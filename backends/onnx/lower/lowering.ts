import type { NodeOf, OpName } from "../../../compiler/graph/types";
import type { Emitter } from "../emitter";

/** Writes one node as ONNX operators and returns the value that holds its result, laid out as `node.shape`. */
export type Lowering<K extends OpName> = (e: Emitter, node: NodeOf<K>) => string;
