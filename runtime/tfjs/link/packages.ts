// Which installed packages are linked.
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { UserError } from "../../files/errors";
import { addonFile, findPackage, fullName, type Installed, isNative, type NativePackage, readPackage, TFJS_PACKAGES } from "../packages";

export interface Linkable extends Installed<NativePackage> {
  /** Where the package looks for its addon, absolute. */
  readonly addon: string;
  readonly sources: readonly string[];
}

const SOURCES = ["binding/tfjs_backend.cc", "binding/tfjs_binding.cc"] as const;

/** The package in the folder given, or every native package that is found from it; without one, from the working directory. */
export function linkable(given: string | undefined): readonly Linkable[] {
  const from = resolve(given ?? ".");
  if (!existsSync(from)) throw new UserError(`--package: ${from} does not exist`, "name the package's folder, e.g. node_modules/@tensorflow/tfjs-node, or a folder that has it installed");
  const itself = readPackage(from);
  const found = itself ? [itself] : TFJS_PACKAGES.filter(isNative).map((name) => findPackage(name, from)).filter((p) => p !== undefined);
  if (found.length === 0) {
    throw new UserError(
      `${fullName("tfjs-node")} and ${fullName("tfjs-node-gpu")} are not installed in ${from}, nor above it`,
      `npm install --ignore-scripts ${fullName("tfjs-node-gpu")} (or ${fullName("tfjs-node")}); without the scripts, for its own would look for TensorFlow 2.9`,
    );
  }
  return found.map(prepared);
}

function prepared(pack: Installed): Linkable {
  const { name } = pack;
  if (!isNative(name)) throw new UserError(`--package: ${pack.folder} is ${fullName(name)}, which has no addon to link`, "it takes tfjs-node or tfjs-node-gpu");
  const sources = SOURCES.map((s) => join(pack.folder, s));
  const lost = sources.find((s) => !existsSync(s));
  if (lost) throw new UserError(`${lost} is not there: ${fullName(name)} ${pack.version} has no such source`, "ganc links version 4.22.0");
  const addon = addonFile({ ...pack, name });
  if (addon === undefined) throw new UserError(`${fullName(name)} ${pack.version} has no addon for Node-API ${process.versions["napi"]}, the newest of Node ${process.version}`, "ganc links version 4.22.0");
  return { ...pack, name, addon, sources };
}
