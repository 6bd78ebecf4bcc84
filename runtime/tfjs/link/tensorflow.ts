// Finds the TensorFlow that Python has installed: the folder site-packages/tensorflow of a tensorflow-cpu or tensorflow[and-cuda] wheel.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { UserError } from "../../files/errors";

/** What the addon is linked to, in the wheel's folder. */
export const LIBRARIES = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"] as const;
const HEADERS = ["include/tensorflow/c/c_api.h", "include/tensorflow/c/eager/c_api.h"] as const;

export interface TensorFlow {
  /** The wheel's folder, absolute: `.../site-packages/tensorflow`. */
  readonly folder: string;
  /** By the wheel's name, e.g. "tensorflow-cpu 2.21.0"; undefined where no wheel's record lies beside the folder. */
  readonly wheel: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The folder given, or the first that has the libraries: of the active virtual environment, of conda, of the `python3` on the path. */
export function findTensorFlow(given: string | undefined, environment: Environment = process.env): TensorFlow {
  if (given !== undefined) return chosen(resolve(given));
  const looked: string[] = [];
  for (const { place, folders } of places(environment)) {
    const usable = folders.find((f) => missing(f) === undefined);
    if (usable) return described(usable);
    looked.push(`${place}: ${folders[0] === undefined ? "no tensorflow" : `${folders[0]} has no ${missing(folders[0])!}`}`);
  }
  throw new UserError(
    `no TensorFlow found; looked in ${looked.join("; ")}`,
    "python3 -m venv tf && tf/bin/pip install tensorflow-cpu (or 'tensorflow[and-cuda]'), then --tensorflow tf",
  );
}

/** A folder that a person named: the wheel's own, site-packages, or the root of an environment. */
function chosen(folder: string): TensorFlow {
  if (!existsSync(folder)) throw new UserError(`--tensorflow: ${folder} does not exist`, "name the folder site-packages/tensorflow, or the environment that has it");
  const candidates = [folder, join(folder, "tensorflow"), ...inEnvironment(folder)];
  const usable = candidates.find((f) => missing(f) === undefined);
  if (usable) return described(usable);
  const nearest = candidates.find((f) => basename(f) === "tensorflow" && existsSync(f)) ?? folder;
  throw new UserError(
    `--tensorflow: ${nearest} has no ${missing(nearest)!}`,
    "it takes the folder site-packages/tensorflow of a tensorflow-cpu or tensorflow[and-cuda] wheel for Linux, or the environment that has it",
  );
}

/** The first thing that is not there, of those that the addon needs. */
export const missing = (folder: string): string | undefined => [...LIBRARIES, ...HEADERS].find((name) => !existsSync(join(folder, name)));

function places(environment: Environment): readonly { readonly place: string; readonly folders: readonly string[] }[] {
  const roots = (["VIRTUAL_ENV", "CONDA_PREFIX"] as const).flatMap((name) => (environment[name] ? [{ place: `${name} ${environment[name]}`, folders: inEnvironment(environment[name]) }] : []));
  return [...roots, ...["python3", "python"].map((python) => askPython(python, environment))];
}

/** `lib/python3.x/site-packages/tensorflow`, for every Python of the environment that has one. */
function inEnvironment(root: string): readonly string[] {
  const lib = join(root, "lib");
  if (!existsSync(lib)) return [];
  const folders = readdirSync(lib).filter((n) => /^python3/.test(n)).map((n) => join(lib, n, "site-packages", "tensorflow"));
  return folders.filter((f) => existsSync(f));
}

/** Where Python would import it from. It is not imported: that takes seconds. */
function askPython(python: string, environment: Environment): { readonly place: string; readonly folders: readonly string[] } {
  const script = "import importlib.util as u\ns = u.find_spec('tensorflow')\nprint(next(iter(s.submodule_search_locations or []), '') if s else '')";
  const { error, stdout } = spawnSync(python, ["-c", script], { encoding: "utf8", env: { ...environment }, timeout: 30_000, stdio: ["ignore", "pipe", "ignore"] });
  const folder = error ? "" : stdout.trim();
  return { place: error ? `${python}, which is not on the path` : `${python} on the path`, folders: folder ? [folder] : [] };
}

function described(folder: string): TensorFlow {
  const records = readdirSync(join(folder, "..")).map((name) => /^(tensorflow(?:_cpu|_intel|_rocm)?)-(\d[^-]*)\.dist-info$/.exec(name)).filter((m) => m !== null);
  const record = records[0];
  return { folder, wheel: record ? `${record[1]!.replace("_", "-")} ${record[2]!}` : undefined };
}
