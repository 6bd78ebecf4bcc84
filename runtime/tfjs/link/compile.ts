// Compiles the addon: two C++ files against Node-API's headers, which are the same for every Node, and a TensorFlow wheel. node-gyp
// would want Python, make and a download of Node's own headers for this; one call of the compiler does it.
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { writeAtomic } from "../../files/atomic";
import { explainFsError, UserError } from "../../files/errors";
import type { Linkable } from "./packages";
import { LIBRARIES, type TensorFlow } from "./tensorflow";

/** What node-gyp gives the package's own binding.gyp, as far as it matters here. */
const FLAGS = ["-shared", "-fPIC", "-pthread", "-O2", "-std=gnu++17", "-fno-rtti", "-fno-exceptions", "-DBUILDING_NODE_EXTENSION", "-DNODE_GYP_MODULE_NAME=tfjs_binding"] as const;

/** `CXX` if it is set ("clang++", "ccache g++"), else the first of the usual names that answers. Throws a UserError where none does. */
export function findCompiler(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const names = environment["CXX"] ? [environment["CXX"]] : ["c++", "g++", "clang++"];
  const found = names.find((name) => spawnSync(...call(name, ["--version"]), { env: { ...environment }, stdio: "ignore" }).status === 0);
  if (found) return found;
  if (environment["CXX"]) throw new UserError(`CXX is ${environment["CXX"]}, which does not run`, "name a C++ compiler, or unset it");
  throw new UserError(`no C++ compiler: ${names.join(", ")} are not on the path`, "apt-get install g++ (Debian, Ubuntu) or dnf install gcc-c++ (Fedora), or name one: CXX=/path/to/clang++");
}

/**
 * The addon, compiled to a name of its own beside the one that is in use, which it returns. The libraries are found where the wheel
 * has them, so that they in turn find CUDA's, which lie relative to them. Throws a UserError with the log's end if the compiler refuses.
 */
export async function compileAddon(pack: Linkable, tensorflow: TensorFlow, compiler: string): Promise<string> {
  const made = `${pack.addon}.${randomBytes(6).toString("hex")}.ganc-tmp`;
  const log = join(pack.folder, "ganc-link.log");
  try {
    await mkdir(dirname(made), { recursive: true });
    const { status, output, command } = await run(compiler, arguments_(pack, tensorflow, made));
    await writeAtomic(log, `${command}\n${output}`);
    if (status === 0) return made;
    const end = output.trimEnd().split("\n").slice(-8).map((line) => `  ${line}`);
    throw new UserError(`${compiler} could not compile the addon of ${pack.folder}; the end of ${log}:\n${end.join("\n")}`, "a newer compiler may do (g++ 9 or later); the log's first line is the command");
  } catch (e) {
    await rm(made, { force: true }).catch(() => undefined);
    throw explainFsError(e, pack.folder);
  }
}

function arguments_(pack: Linkable, { folder }: TensorFlow, made: string): readonly string[] {
  const { include_dir } = createRequire(import.meta.url)("node-api-headers") as { readonly include_dir: string };
  const napi = /napi-v(\d+)/.exec(dirname(pack.addon))![1]!;
  const headers = [include_dir, join(folder, "include")].flatMap((d) => ["-isystem", d]);
  const libraries = [...LIBRARIES.map((l) => join(folder, l)), "-Xlinker", "-rpath", "-Xlinker", folder];
  return [...FLAGS, `-DNAPI_VERSION=${napi}`, ...headers, ...pack.sources, "-o", made, ...libraries];
}

/** A compiler may be named with words of its own, as make takes it. */
function call(compiler: string, args: readonly string[]): [string, string[]] {
  const [program = "", ...first] = compiler.trim().split(/\s+/);
  return [program, [...first, ...args]];
}

async function run(compiler: string, args: readonly string[]): Promise<{ readonly status: number | null; readonly output: string; readonly command: string }> {
  const [program, words] = call(compiler, args);
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
  const parts: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => parts.push(part));
  const status = await new Promise<number | null>((done, failed) => child.on("error", failed).on("close", done));
  return { status, output: Buffer.concat(parts).toString("utf8"), command: [program, ...words].map((a) => (/^[\w@%+=:,./-]+$/.test(a) ? a : `'${a}'`)).join(" ") };
}
