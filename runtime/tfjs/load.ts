// Loads TensorFlow.js: the first of its packages that works here, or the one asked for.
import nodeUtil from "node:util";
import type * as tfjs from "@tensorflow/tfjs";
import { UserError } from "../files/errors";
import { findPackage, fullName, type Installed, isNative, requireFrom, TFJS_PACKAGES, type TfjsPackage } from "./packages";
import { separately } from "./separate";

export type Tf = typeof tfjs;

export interface LoadedTfjs {
  readonly tf: Tf;
  readonly name: TfjsPackage;
  readonly version: string;
  /** The folder of the package. */
  readonly folder: string;
  /** The packages that would have come first, and in a few words why they did not load. */
  readonly passedOver: readonly { readonly name: TfjsPackage; readonly reason: string }[];
}

export interface LoadOptions {
  /** The folder whose node_modules (or a parent's) hold the packages; the working directory unless given. */
  readonly from?: string;
  /**
   * Take the copy that every `require` from that folder gets, for code that requires TensorFlow.js on its own and passes tensors to and
   * fro. Otherwise each call gives a copy with an engine of its own, and several packages live side by side in one process.
   */
  readonly shared?: boolean;
}

/**
 * The TensorFlow.js namespace with its best backend set and ready: `tensorflow` of the native packages, `cpu` of the plain one.
 * Throws a UserError that says for each package why not, if the one asked for, or all of them, cannot be loaded.
 */
export async function loadTfjs(preferred?: TfjsPackage, { from = process.cwd(), shared = false }: LoadOptions = {}): Promise<LoadedTfjs> {
  const passedOver: { readonly name: TfjsPackage; readonly reason: string }[] = [];
  for (const name of preferred ? [preferred] : TFJS_PACKAGES) {
    const found = findPackage(name, from);
    if (!found) {
      passedOver.push({ name, reason: "not installed" });
      continue;
    }
    try {
      return { tf: await start(found, shared), ...found, passedOver };
    } catch (e) {
      passedOver.push({ name, reason: shortReason(e) });
    }
  }
  const installed = passedOver.some(({ reason }) => reason !== "not installed");
  throw new UserError(
    `no TensorFlow.js could be loaded from ${from}: ${passedOver.map(({ name, reason }) => `${fullName(name)}: ${reason}`).join("; ")}`,
    installed ? "ganc tfjs-node link builds the addon of tfjs-node and tfjs-node-gpu for this machine" : `npm install --ignore-scripts ${fullName(preferred ?? "tfjs")}, there or above it`,
  );
}

async function start(pack: Installed, shared: boolean): Promise<Tf> {
  prepare();
  const require = requireFrom(pack.folder);
  const load = (): Tf => withoutDeprecations(() => require(pack.folder) as Tf);
  const tf = shared ? load() : separately(require.cache, load);
  const backend = isNative(pack.name) ? "tensorflow" : "cpu";
  // Only a shared engine can be somebody else's.
  const native = tf.findBackend("tensorflow") as { readonly isGPUPackage?: boolean } | null;
  const mine = isNative(pack.name) ? native?.isGPUPackage === (pack.name === "tfjs-node-gpu") : native === null;
  if (!mine) throw new Error("another package holds this process's engine");
  await tf.setBackend(backend);
  await tf.ready();
  const held = tf.backend() as { firstUse?: boolean };
  // The plain backend greets at its first operation and recommends the native packages.
  if (backend === "cpu") held.firstUse = false;
  return tf;
}

/** What must hold before a native package is loaded. */
function prepare(): void {
  // TensorFlow tells its progress on stderr unless told how much. (One line about oneDNN comes before it reads this. It reads the
  // process's environment, so a worker thread's setting reaches it only under SHARE_ENV.)
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
  // tfjs-node 4.22 calls what Node 22 warns of and Node 23 has no longer; the meaning is the same on every Node.
  const util = nodeUtil as { isNullOrUndefined?: (x: unknown) => boolean; isArray?: (x: unknown) => boolean };
  util.isNullOrUndefined = (x) => x === null || x === undefined;
  util.isArray = Array.isArray;
}

/** The packages' own old dependencies call what Node deprecates; nobody here can change that. */
function withoutDeprecations<T>(load: () => T): T {
  const before = process.noDeprecation;
  process.noDeprecation = true;
  try {
    return load();
  } finally {
    process.noDeprecation = before;
  }
}

function shortReason(e: unknown): string {
  const text = e instanceof Error ? e.message : String(e);
  if (/native addon module .*can not be found/.test(text.replaceAll("\n", " "))) return "its addon is not built";
  const library = /(\S+\.so[.\d]*|\S+\.dylib): cannot open shared object/.exec(text);
  if (library) return `its addon asks for ${library[1]}, which is gone`;
  if (/different Node\.js version|NODE_MODULE_VERSION/.test(text)) return "its addon was built for another Node";
  return text.split("\n", 1)[0]!.trim();
}
