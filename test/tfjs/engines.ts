// The TensorFlow.js engines that tests run on: plain tfjs always, the native packages where TFJS_PACKAGES names the folder that
// test/oracle/tfjs/setup.sh has made.
//
// Two native packages that are simply required in one process share a global engine: the second one registers nothing, warns of each
// kernel, and runs on the first one's backend. `load` gives each call a copy with an engine of its own (runtime/tfjs/load.ts), so one
// test file, in one process, may walk through all of `engines()`, and may hold several at once (they calculate in the same
// libtensorflow and share its threads). What it gives is not what `import "@tensorflow/tfjs"` gives: a tensor belongs to the `tf` that
// made it. Code under test that imports TensorFlow.js on its own belongs in a process of its own. Vitest's default pool, forks,
// is one: a process a file. The native packages do load in threads, but there TensorFlow's log cannot be turned down, as
// process.env is a copy.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type LoadedTfjs, loadTfjs } from "../../runtime/tfjs/load";
import { isNative, TFJS_PACKAGES, type TfjsPackage } from "../../runtime/tfjs/packages";

export interface TestEngine {
  readonly name: TfjsPackage;
  /** A fresh copy on each call: keep it for the file, it costs 0.1 to 1 s and some 20 MB. */
  load(): Promise<LoadedTfjs>;
}

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

/** The folder of the linked packages, or undefined where none is named. A name that leads nowhere is an error. */
export function tfjsPackages(): string | undefined {
  const folder = process.env["TFJS_PACKAGES"];
  if (!folder) return undefined;
  if (!existsSync(folder)) throw new Error(`TFJS_PACKAGES is ${folder}, which does not exist: test/oracle/tfjs/setup.sh makes one and prints its path`);
  return folder;
}

const engine = (name: TfjsPackage, from: string): TestEngine => ({ name, load: () => loadTfjs(name, { from }) });

/** The engines at hand, plain tfjs first. */
export function engines(): readonly TestEngine[] {
  const folder = tfjsPackages();
  return [engine("tfjs", REPOSITORY), ...(folder ? [engine("tfjs-node", folder), engine("tfjs-node-gpu", folder)] : [])];
}

/** Those that are not, for tests that must say by name that they did not run: `it.skip.each(absent())`. */
export const absent = (): readonly TfjsPackage[] => (tfjsPackages() ? [] : TFJS_PACKAGES.filter(isNative));
