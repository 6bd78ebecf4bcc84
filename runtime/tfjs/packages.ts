// TensorFlow.js as it is installed: which packages there are, and how one is found from a folder.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

/** The packages that run a model, best first: TensorFlow with CUDA, TensorFlow on the processor, plain JavaScript. */
export const TFJS_PACKAGES = ["tfjs-node-gpu", "tfjs-node", "tfjs"] as const;
export type TfjsPackage = (typeof TFJS_PACKAGES)[number];
/** Those with an addon that calls TensorFlow's own libraries. */
export type NativePackage = Exclude<TfjsPackage, "tfjs">;

export interface Installed<Name extends TfjsPackage = TfjsPackage> {
  readonly name: Name;
  /** The package's own folder, absolute. */
  readonly folder: string;
  readonly version: string;
}

export const isNative = (name: TfjsPackage): name is NativePackage => name !== "tfjs";
export const fullName = (name: TfjsPackage): string => `@tensorflow/${name}`;

/** `require` as a file of this folder would have it. */
export const requireFrom = (folder: string): NodeJS.Require => createRequire(join(resolve(folder), "ganc.cjs"));

/** The package as a file of `from` would import it (Node's own way up through node_modules), or undefined. */
export function findPackage<Name extends TfjsPackage>(name: Name, from: string): Installed<Name> | undefined {
  for (const modules of requireFrom(from).resolve.paths(fullName(name)) ?? []) {
    const found = readPackage(join(modules, fullName(name)));
    if (found?.name === name) return { ...found, name };
  }
  return undefined;
}

/** What the package.json in a folder says, if it is one of these packages. */
export function readPackage(folder: string): Installed | undefined {
  const file = join(resolve(folder), "package.json");
  if (!existsSync(file)) return undefined;
  const { name, version } = JSON.parse(readFileSync(file, "utf8")) as { readonly name?: unknown; readonly version?: unknown };
  const known = TFJS_PACKAGES.find((p) => fullName(p) === name);
  return known && { name: known, folder: resolve(folder), version: String(version) };
}

/** Where the package looks for its addon: Node-API is the newest of the versions it names that this Node has (8 since Node 16). */
export function addonFile(pack: Installed<NativePackage>, napi = Number(process.versions["napi"])): string | undefined {
  const { binary } = JSON.parse(readFileSync(join(pack.folder, "package.json"), "utf8")) as { readonly binary?: { readonly napi_versions?: readonly number[] } };
  const fitting = (binary?.napi_versions ?? []).filter((v) => v <= napi);
  return fitting.length === 0 ? undefined : join(pack.folder, "lib", `napi-v${Math.max(...fitting)}`, "tfjs_binding.node");
}
