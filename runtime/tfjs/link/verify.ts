// Runs the linked package once, in a process of its own: an addon that does not fit may end it.
import { spawn } from "node:child_process";
import { UserError } from "../../files/errors";
import { fullName } from "../packages";
import type { Linkable } from "./packages";

export interface Verified {
  /** TensorFlow's own version, as its library says it. */
  readonly tensorflow: string;
  readonly gpu: boolean;
}

/**
 * The convolution (a cross-correlation, as everywhere in this field) of [1 2 3; 4 5 6; 7 8 9] with [1 2; 3 4], VALID, and the derivative
 * of its sum by the filter, worked out by hand: 1·1 + 2·2 + 4·3 + 5·4 = 37 and so on; 1 + 2 + 4 + 5 = 12 and so on. All are whole numbers
 * below 2^24, exact in float32 in any order.
 */
const EXPECTED = { values: [37, 47, 67, 77], gradient: [12, 16, 24, 28] } as const;

// Plain JavaScript for `node -e`; the package's folder is its argument. It sets what load.ts sets before loading.
const SCRIPT = `
const util = require("node:util");
util.isNullOrUndefined = (x) => x == null;
util.isArray = Array.isArray;
process.noDeprecation = true;
const tf = require(process.argv[1]);
const x = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3, 1]), f = tf.tensor4d([1, 2, 3, 4], [2, 2, 1, 1]);
const conv = (w) => tf.conv2d(x, w, 1, "valid");
const values = [...conv(f).dataSync()], gradient = [...tf.grad((w) => conv(w).sum())(f).dataSync()];
const held = tf.backend();
console.log("\\n" + JSON.stringify({ backend: tf.getBackend(), values, gradient, tensorflow: held.binding.TF_Version, gpu: held.isUsingGpuDevice === true }));
`;

interface Answer extends Verified {
  readonly backend: string;
  readonly values: readonly number[];
  readonly gradient: readonly number[];
}

/** Throws a UserError if the package does not load, or does not calculate. */
export async function verifyLinked(pack: Linkable): Promise<Verified> {
  const child = spawn(process.execPath, ["-e", SCRIPT, pack.folder], { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: process.env["TF_CPP_MIN_LOG_LEVEL"] ?? "2" } });
  let out = "", err = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (out += part));
  child.stderr.setEncoding("utf8").on("data", (part: string) => (err += part));
  const [status, signal] = await new Promise<[number | null, string | null]>((done, failed) => child.on("error", failed).on("close", (s, by) => done([s, by])));
  const name = `${fullName(pack.name)} ${pack.version}`;
  if (status !== 0) throw new UserError(`${name} was built, but does not run: ${signal ? `ended by ${signal}` : reason(err)}`, "its addon is as it was before; another version of TensorFlow may fit");
  const answer = JSON.parse(out.trim().split("\n").at(-1)!) as Answer;
  for (const what of ["values", "gradient"] as const) {
    if (answer.backend !== "tensorflow" || answer[what].join() !== EXPECTED[what].join()) {
      throw new UserError(`${name} was built, but calculates wrongly: a convolution's ${what} on ${answer.backend} are ${answer[what].join(", ")}, not ${EXPECTED[what].join(", ")}`, "its addon is as it was before; another version of TensorFlow may fit");
    }
  }
  return { tensorflow: answer.tensorflow, gpu: answer.gpu };
}

/** The error's own line of what Node prints when a script throws. */
function reason(err: string): string {
  const lines = err.split("\n").map((l) => l.trim()).filter((l) => l !== "");
  return lines.find((l) => /^(\w*Error|[^\s:]+\.so[^:]*):/.test(l)) ?? lines.at(-1) ?? "it said nothing";
}
