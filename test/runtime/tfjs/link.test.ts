// Linking, as far as it goes without TensorFlow: what is looked for, what is said, and that a failure leaves everything as it was. With
// TFJS_PACKAGES the command itself links the real package.
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { UserError } from "../../../runtime/files/errors";
import { findCompiler } from "../../../runtime/tfjs/link/compile";
import { linkPackages } from "../../../runtime/tfjs/link/link";
import { linkable } from "../../../runtime/tfjs/link/packages";
import { findTensorFlow, LIBRARIES } from "../../../runtime/tfjs/link/tensorflow";
import { ganc } from "../../cli/kit";
import { tfjsPackages } from "../../tfjs/engines";

const HEADERS = ["include/tensorflow/c/c_api.h", "include/tensorflow/c/eager/c_api.h"];
const empty = (): string => mkdtempSync(join(tmpdir(), "ganc-link-"));

function write(file: string, text = "", mode = 0o644): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
}

/** An environment with a TensorFlow of empty files; returns its folder. */
function wheel(root: string, files: readonly string[] = [...LIBRARIES, ...HEADERS]): string {
  const packages = join(root, "lib/python3.11/site-packages");
  mkdirSync(join(packages, "tensorflow_cpu-2.21.0.dist-info"), { recursive: true });
  for (const name of ["__init__.py", ...files]) write(join(packages, "tensorflow", name));
  return join(packages, "tensorflow");
}

const script = (file: string, body: string): string => write(file, `#!/bin/sh\n${body}\n`, 0o755);

/** A native package whose main file is `main`, with an addon from before. */
function install(root: string, main = "", name = "tfjs-node"): string {
  const folder = join(root, "node_modules/@tensorflow", name);
  write(join(folder, "package.json"), JSON.stringify({ name: `@tensorflow/${name}`, version: "4.22.0", main: "index.js", binary: { napi_versions: [3, 8] } }));
  write(join(folder, "index.js"), main);
  for (const file of ["tfjs_backend.cc", "tfjs_binding.cc"]) write(join(folder, "binding", file));
  write(join(folder, "lib/napi-v8/tfjs_binding.node"), "as it was");
  return folder;
}

function userError(run: () => unknown): UserError {
  try {
    run();
  } catch (e) {
    expect(e).toBeInstanceOf(UserError);
    return e as UserError;
  }
  throw new Error("nothing was thrown");
}

afterEach(() => vi.unstubAllEnvs());

describe("TensorFlow is found", () => {
  it.each([["its own folder", "lib/python3.11/site-packages/tensorflow"], ["site-packages", "lib/python3.11/site-packages"], ["the environment", ""]])("by %s", (_, below) => {
    const root = empty();
    const folder = wheel(root);
    expect(findTensorFlow(join(root, below))).toEqual({ folder, wheel: "tensorflow-cpu 2.21.0" });
  });

  it("in VIRTUAL_ENV, then CONDA_PREFIX, then where python3 would import it from", () => {
    const [venv, conda, other] = [empty(), empty(), empty()];
    const bin = dirname(script(join(empty(), "python3"), `echo ${wheel(other)}`));
    expect(findTensorFlow(undefined, { PATH: bin }).folder).toBe(wheel(other));
    expect(findTensorFlow(undefined, { PATH: bin, CONDA_PREFIX: conda }).folder).toBe(wheel(other));
    wheel(conda);
    expect(findTensorFlow(undefined, { PATH: bin, CONDA_PREFIX: conda, VIRTUAL_ENV: venv }).folder).toBe(wheel(conda));
    wheel(venv);
    expect(findTensorFlow(undefined, { PATH: bin, CONDA_PREFIX: conda, VIRTUAL_ENV: venv }).folder).toBe(wheel(venv));
  });

  it("or not: the places are named, and what is missing there", () => {
    const venv = empty();
    const without = wheel(venv, HEADERS);
    const bin = dirname(script(join(empty(), "python3"), "echo"));
    expect(userError(() => findTensorFlow(undefined, { PATH: bin, VIRTUAL_ENV: venv })).message).toBe(
      `no TensorFlow found; looked in VIRTUAL_ENV ${venv}: ${without} has no libtensorflow_cc.so.2; python3 on the path: no tensorflow; python, which is not on the path: no tensorflow`,
    );
    expect(userError(() => findTensorFlow(venv)).message).toBe(`--tensorflow: ${without} has no libtensorflow_cc.so.2`);
    expect(userError(() => findTensorFlow(wheel(empty(), [...LIBRARIES]))).message).toContain("has no include/tensorflow/c/c_api.h");
    expect(userError(() => findTensorFlow("/no/such/folder")).message).toBe("--tensorflow: /no/such/folder does not exist");
  });
});

describe("the packages", () => {
  it("are all native ones of a project, or the one whose folder is given", () => {
    const root = empty();
    const cpu = install(root), gpu = install(root, "", "tfjs-node-gpu");
    expect(linkable(root).map((p) => p.folder)).toEqual([gpu, cpu]);
    expect(linkable(cpu)).toMatchObject([{ name: "tfjs-node", version: "4.22.0", addon: join(cpu, "lib/napi-v8/tfjs_binding.node") }]);
  });

  it("that cannot be linked are refused", () => {
    const root = empty();
    expect(userError(() => linkable(root))).toMatchObject({ message: `@tensorflow/tfjs-node and @tensorflow/tfjs-node-gpu are not installed in ${root}, nor above it`, hint: expect.stringContaining("--ignore-scripts") });
    expect(userError(() => linkable(install(root, "", "tfjs"))).message).toContain("has no addon to link");
    const old = install(root);
    write(join(old, "package.json"), JSON.stringify({ name: "@tensorflow/tfjs-node", version: "0.1.0", binary: {} }));
    expect(userError(() => linkable(old)).message).toContain("@tensorflow/tfjs-node 0.1.0 has no addon for Node-API");
  });
});

describe("the compiler", () => {
  it("is CXX, or the first that answers", () => {
    const bin = dirname(script(join(empty(), "g++"), "exit 0"));
    expect(findCompiler({ PATH: bin })).toBe("g++");
    expect(findCompiler({ PATH: "", CXX: join(bin, "g++") })).toBe(join(bin, "g++"));
    const through = script(join(empty(), "ccache"), '[ "$1" = g++ ] && exec "$@"');
    expect(findCompiler({ PATH: bin, CXX: `${through} g++` })).toBe(`${through} g++`);
    expect(userError(() => findCompiler({ PATH: bin, CXX: "nothing" })).message).toBe("CXX is nothing, which does not run");
    expect(userError(() => findCompiler({ PATH: empty() }))).toMatchObject({ message: "no C++ compiler: c++, g++, clang++ are not on the path", hint: expect.stringContaining("apt-get install g++") });
  });
});

/** Links the package whose main file is `main` with a compiler that does `body` when it is to compile. */
async function attempt(main: string, body: string): Promise<{ readonly error: UserError; readonly folder: string }> {
  const folder = install(empty(), main);
  vi.stubEnv("CXX", script(join(empty(), "cxx"), `[ "$1" = --version ] && exit 0\n${body}`));
  const root = empty();
  wheel(root);
  const error = await linkPackages({ tensorflow: root, package: folder }).then(() => new Error("it linked"), (e: unknown) => e);
  expect(error).toBeInstanceOf(UserError);
  return { error: error as UserError, folder };
}

/** Does what `-o` says. */
const COMPILES = 'while [ "$1" != -o ]; do shift; done; echo new > "$2"';
const main = (values: string): string => `
  const value = { dataSync: () => [${values}], sum: () => 0 };
  module.exports = { tensor4d() {}, conv2d: () => value, grad: () => () => value, getBackend: () => "tensorflow", backend: () => ({ binding: { TF_Version: "2.21.0" } }) };`;

describe.runIf(process.platform === "linux")("a link that fails", () => {
  it("shows the end of the compiler's log and where the whole of it is", async () => {
    const { error, folder } = await attempt("", 'for i in 1 2 3 4 5 6 7 8 9; do echo "error number $i" >&2; done; exit 1');
    const log = join(folder, "ganc-link.log");
    expect(error.message).toContain(`could not compile the addon of ${folder}; the end of ${log}:\n  error number 2\n`);
    expect(error.message.endsWith("error number 9")).toBe(true);
    expect(readFileSync(log, "utf8")).toContain("error number 1\n");
    leftAlone(folder);
  });

  it.each([
    ["does not load", 'throw new Error("libcudart.so.12: cannot open shared object file")', "does not run: Error: libcudart.so.12: cannot open shared object file"],
    ["crashes", 'process.kill(process.pid, "SIGSEGV")', "does not run: ended by SIGSEGV"],
    ["calculates wrongly", main("37, 47, 67, 78"), "a convolution's values on tensorflow are 37, 47, 67, 78, not 37, 47, 67, 77"],
    ["differentiates wrongly", main("37, 47, 67, 77"), "a convolution's gradient on tensorflow are 37, 47, 67, 77, not 12, 16, 24, 28"],
  ])("keeps the old addon where the new one %s", async (_, text, said) => {
    const { error, folder } = await attempt(text, COMPILES);
    expect(error.message).toContain(said);
    leftAlone(folder);
  });

  function leftAlone(folder: string): void {
    expect(readdirSync(join(folder, "lib/napi-v8"))).toEqual(["tfjs_binding.node"]);
    expect(readFileSync(join(folder, "lib/napi-v8/tfjs_binding.node"), "utf8")).toBe("as it was");
  }
});

describe("the command", () => {
  it("tells a mistake in one line and a hint", () => {
    const { status, err } = ganc("tfjs-node", "link", "--package", empty());
    expect(status).toBe(1);
    expect(err).toMatch(/^error: [^\n]+ are not installed in [^\n]+\nhint: npm install[^\n]+\n$/);
  });

  it("has a help page with examples", () => {
    expect(ganc("tfjs-node", "link", "--help").out).toContain("$ ganc tfjs-node link --tensorflow");
  });
});

const packages = tfjsPackages();
describe.skipIf(!packages)("the real package (TFJS_PACKAGES)", () => {
  it("is linked, verified and reported", { timeout: 300_000 }, () => {
    // A copy of tfjs-node with a broken addon, beside links to everything that it needs.
    const from = join(packages!, "node_modules"), to = join(empty(), "node_modules"), here = join(to, "@tensorflow/tfjs-node");
    mkdirSync(join(to, "@tensorflow"), { recursive: true });
    for (const name of [...readdirSync(from), ...readdirSync(join(from, "@tensorflow")).map((n) => `@tensorflow/${n}`)]) {
      if (!/^\.|^@tensorflow$|tfjs-node/.test(name)) symlinkSync(join(from, name), join(to, name));
    }
    cpSync(join(from, "@tensorflow/tfjs-node"), here, { recursive: true });
    const addon = write(join(here, "lib/napi-v8/tfjs_binding.node"), "no addon");
    // The TensorFlow that the copy's original was linked to.
    const library = /-rpath -Xlinker '?([^'\s]+)/.exec(readFileSync(join(from, "@tensorflow/tfjs-node/ganc-link.log"), "utf8"))![1]!;
    const { status, out, err } = ganc("tfjs-node", "link", "--json", "--package", here, "--tensorflow", library);
    expect(err).toContain("compiling the addon");
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      tensorflow: { folder: library },
      packages: [{ name: "tfjs-node", version: "4.22.0", folder: here, addon, tensorflow: expect.stringMatching(/^2\.\d+\.\d+/) }],
    });
    expect(existsSync(join(here, "ganc-link.log"))).toBe(true);
  });
});
