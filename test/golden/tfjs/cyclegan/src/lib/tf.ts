// TensorFlow.js itself. Every other module takes `tf` from here, so that one place decides which package trains.
import { createRequire } from "node:module";
import type * as TensorFlow from "@tensorflow/tfjs";
import { UserError } from "./mistake.js";

export type Tensor = TensorFlow.Tensor;
export type Tensor4D = TensorFlow.Tensor4D;
export type Variable = TensorFlow.Variable;

/** On a GPU, on the processor, and in plain JavaScript (only to try things out: hundreds of times slower). */
const packages = ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node", "@tensorflow/tfjs"];

/** The package that TFJS_PACKAGE names, or the first that loads. */
function load(): { readonly name: string; readonly tf: typeof TensorFlow } {
  const require = createRequire(import.meta.url);
  // TensorFlow's notices on stderr: errors and warnings alone.
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "1";
  // Node 23 has dropped functions that tfjs-node 4.22 still calls.
  const util = require("node:util") as Record<string, unknown>;
  util["isNullOrUndefined"] ??= (x: unknown) => x === null || x === undefined;
  util["isArray"] ??= Array.isArray;
  const asked = process.env["TFJS_PACKAGE"];
  const reasons: string[] = [];
  for (const name of asked ? [asked] : packages) {
    try {
      return { name, tf: require(name) as typeof TensorFlow };
    } catch (e) {
      reasons.push(`${name}: ${e instanceof Error ? e.message.split("\n")[0] : String(e)}`);
    }
  }
  throw new UserError(`TensorFlow.js does not load: ${reasons.join("; ")}`);
}

const loaded = load();
export const tf = loaded.tf;
/** The package that was loaded. */
export const packageName = loaded.name;
