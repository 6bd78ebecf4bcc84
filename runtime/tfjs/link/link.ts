// Builds the addon of an installed tfjs-node package against the TensorFlow of a Python wheel, and sees that it calculates.
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { explainFsError, UserError } from "../../files/errors";
import type { NativePackage } from "../packages";
import { compileAddon, findCompiler } from "./compile";
import { linkable, type Linkable } from "./packages";
import { findTensorFlow, type TensorFlow } from "./tensorflow";
import { type Verified, verifyLinked } from "./verify";

export interface LinkOptions {
  /** The wheel's folder, or an environment that has it; looked for unless given. */
  readonly tensorflow?: string;
  /** The package's folder, or one whose node_modules have it; the working directory unless given. */
  readonly package?: string;
  readonly onProgress?: (line: string) => void;
}

export interface Linked {
  readonly name: NativePackage;
  readonly version: string;
  readonly folder: string;
  readonly addon: string;
  /** Of the library it was linked to. */
  readonly tensorflow: string;
  readonly gpu: boolean;
}

/** Links every package that is found. Throws a UserError at the first that cannot be linked, whose old addon is then in place again. */
export async function linkPackages(options: LinkOptions): Promise<{ readonly tensorflow: TensorFlow; readonly compiler: string; readonly packages: readonly Linked[] }> {
  if (process.platform !== "linux") throw new UserError(`ganc links on Linux, not on ${process.platform}: wheels for other systems have other libraries`, "plain @tensorflow/tfjs runs everywhere");
  const packages = linkable(options.package);
  const tensorflow = findTensorFlow(options.tensorflow);
  const compiler = findCompiler();
  const done: Linked[] = [];
  for (const pack of packages) {
    options.onProgress?.(`compiling the addon of ${pack.folder} with ${compiler} against ${tensorflow.folder}`);
    const verified = await replaced(pack, await compileAddon(pack, tensorflow, compiler));
    done.push({ name: pack.name, version: pack.version, folder: pack.folder, addon: pack.addon, ...verified });
  }
  return { tensorflow, compiler, packages: done };
}

/** Puts the new addon in place and tries it there; a renamed file leaves processes that run the old one alone. */
async function replaced(pack: Linkable, made: string): Promise<Verified> {
  const before = `${made}.old`;
  const had = existsSync(pack.addon);
  try {
    if (had) await rename(pack.addon, before);
    await rename(made, pack.addon);
    const verified = await verifyLinked(pack);
    await rm(before, { force: true });
    return verified;
  } catch (e) {
    await rm(had ? made : pack.addon, { force: true }).catch(() => undefined);
    if (had && existsSync(before)) await rename(before, pack.addon).catch(() => undefined);
    throw explainFsError(e, pack.addon);
  }
}
