// The whole kit as an emitted project would hold it, on one of TensorFlow.js's packages.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import type * as tensorFlow from "@tensorflow/tfjs";
import { kitNames, shake } from "../../../../backends/tfjs/shake";
import type * as adam from "../../../../backends/tfjs/kit/adam";
import type * as adjoint from "../../../../backends/tfjs/kit/adjoint";
import type * as inits from "../../../../backends/tfjs/kit/inits";
import type * as layers from "../../../../backends/tfjs/kit/layers";
import type * as math from "../../../../backends/tfjs/kit/math";
import type * as order from "../../../../backends/tfjs/kit/order";
import type * as pads from "../../../../backends/tfjs/kit/pads";
import type * as random from "../../../../backends/tfjs/kit/random";
import type * as resample from "../../../../backends/tfjs/kit/resample";
import type * as rules from "../../../../backends/tfjs/kit/rules";
import type * as samples from "../../../../backends/tfjs/kit/samples";
import type * as scope from "../../../../backends/tfjs/kit/scope";
import type * as statistics from "../../../../backends/tfjs/kit/statistics";
import type * as tape from "../../../../backends/tfjs/kit/tape";
import type * as tf from "../../../../backends/tfjs/kit/tf";
import type * as weights from "../../../../backends/tfjs/kit/weights";

export type Kit = typeof adam & typeof adjoint & typeof inits & typeof layers & typeof math & typeof order & typeof pads & typeof random &
  typeof resample & typeof rules & typeof samples & typeof scope & typeof statistics & typeof tape & typeof tf & typeof weights;

/** Where the bundle of a kit finds its `tf`: one symbol a kit. */
const given = globalThis as unknown as Record<string, typeof tensorFlow>;
let made = 0;

/** All modules of the kit in one; only how it loads TensorFlow.js is replaced. */
export async function loadKit(tf: typeof tensorFlow, name = "tfjs"): Promise<Kit> {
  const key = `ganc kit ${made++}`;
  given[key] = tf;
  const cache = join(process.cwd(), "node_modules", ".cache");
  mkdirSync(cache, { recursive: true });
  const home = mkdtempSync(join(cache, "ganc-kit-"));
  try {
    const files = shake(new Set(kitNames()));
    files.delete("main.ts"); // it runs when it is loaded
    for (const [file, text] of files) writeFileSync(join(home, file), text);
    writeFileSync(join(home, "tf.ts"), `export const tf = globalThis[${JSON.stringify(key)}];\nexport const packageName = ${JSON.stringify(name)};\n`);
    writeFileSync(join(home, "index.ts"), [...files.keys()].map((file) => `export * from "./${file}";`).join("\n"));
    const out = join(home, "kit.mjs");
    await build({ entryPoints: [join(home, "index.ts")], bundle: true, format: "esm", platform: "node", outfile: out, external: ["sharp"], logLevel: "error" });
    const kit = (await import(pathToFileURL(out).href)) as Kit;
    // As every phase of a training does.
    kit.useRules();
    return kit;
  } finally {
    rmSync(home, { recursive: true });
  }
}
