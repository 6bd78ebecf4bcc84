// Which package is taken, why others are not, and that every load is an engine of its own.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import util from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import { UserError } from "../../../runtime/files/errors";
import { loadTfjs, type Tf } from "../../../runtime/tfjs/load";
import { absent, engines, tfjsPackages } from "../../tfjs/engines";

const REPOSITORY = join(import.meta.dirname, "../../..");
const empty = (): string => mkdtempSync(join(tmpdir(), "ganc-tfjs-"));

/** A package of this name whose main file is `main`, installed in a folder of its own beside the others. */
function install(folder: string, name: string, main: string): void {
  const at = join(folder, "node_modules/@tensorflow", name);
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, "package.json"), JSON.stringify({ name: `@tensorflow/${name}`, version: "4.22.0", main: "index.js" }));
  writeFileSync(join(at, "index.js"), main);
}

/** The value and the derivative by x of sum(x²) at 1, 2, 3: 14 and 2x. */
function squares(tf: Tf): { readonly value: number; readonly gradient: readonly number[] } {
  return tf.tidy(() => {
    const { value, grad } = tf.valueAndGrad((x) => tf.sum(tf.square(x)))(tf.tensor1d([1, 2, 3]));
    return { value: value.dataSync()[0]!, gradient: [...grad.dataSync()] };
  });
}

afterEach(() => void vi.restoreAllMocks());

describe("every engine at hand", () => {
  it.each(engines())("$name loads, calculates and differentiates", async ({ name, load }) => {
    const warn = vi.spyOn(console, "warn");
    const { tf, ...said } = await load();
    expect(said).toMatchObject({ name, version: "4.22.0", passedOver: [] });
    expect(tf.getBackend()).toBe(name === "tfjs" ? "cpu" : "tensorflow");
    expect(squares(tf)).toEqual({ value: 14, gradient: [2, 4, 6] });
    expect(warn).not.toHaveBeenCalled();
  });

  it.skip.each(absent())("%s: TFJS_PACKAGES is not set", () => undefined);

  it("live side by side, each with its own backend and tensors", async () => {
    const all = await Promise.all(engines().flatMap((e) => [e.load(), e.load()]));
    const backends = new Set(all.map(({ tf }) => tf.backend()));
    expect(backends.size).toBe(all.length);
    for (const [i, { tf }] of all.entries()) for (let n = 0; n <= i; n++) tf.zeros([2]);
    expect(all.map(({ tf }) => tf.memory().numTensors)).toEqual(all.map((_, i) => i + 1));
    for (const { tf } of all) expect(squares(tf)).toEqual({ value: 14, gradient: [2, 4, 6] });
    for (const { tf, name } of all) if (name !== "tfjs") expect((tf.backend() as unknown as { isGPUPackage: boolean }).isGPUPackage).toBe(name === "tfjs-node-gpu");
  });

  it("leave no trace in the process", async () => {
    const before = Object.keys(globalThis);
    for (const e of engines()) await e.load();
    expect(Object.keys(globalThis)).toEqual(before);
    expect("window" in globalThis).toBe(false);
  });
});

describe("what is taken", () => {
  it("is the first that loads, and why the others did not is said", async () => {
    const folder = empty();
    install(folder, "tfjs-node-gpu", 'throw new Error("libtensorflow_cc.so.2: cannot open shared object file: No such file or directory")');
    mkdirSync(join(folder, "node_modules/@tensorflow"), { recursive: true });
    symlinkSync(join(REPOSITORY, "node_modules/@tensorflow/tfjs"), join(folder, "node_modules/@tensorflow/tfjs"));
    const taken = await loadTfjs(undefined, { from: folder });
    expect(taken.name).toBe("tfjs");
    expect(taken.passedOver).toEqual([
      { name: "tfjs-node-gpu", reason: "its addon asks for libtensorflow_cc.so.2, which is gone" },
      { name: "tfjs-node", reason: "not installed" },
    ]);
  });

  it("is the one asked for, or an error", async () => {
    const folder = empty();
    const missing = await loadTfjs("tfjs-node", { from: folder }).catch((e: unknown) => e);
    expect(missing).toBeInstanceOf(UserError);
    expect(missing).toMatchObject({ message: `no TensorFlow.js could be loaded from ${folder}: @tensorflow/tfjs-node: not installed`, hint: expect.stringContaining("npm install --ignore-scripts @tensorflow/tfjs-node") });
    install(folder, "tfjs-node", 'throw new Error("The module was compiled against a different Node.js version using\\nNODE_MODULE_VERSION 93")');
    await expect(loadTfjs("tfjs-node", { from: folder })).rejects.toMatchObject({ message: expect.stringContaining("its addon was built for another Node"), hint: expect.stringContaining("ganc tfjs-node link") });
  });
});

const packages = tfjsPackages();
describe.skipIf(!packages)("tfjs-node itself (TFJS_PACKAGES)", () => {
  it("is passed over where its addon is not built", async () => {
    // The package without its lib/, beside links to everything that it needs.
    const from = join(packages!, "node_modules"), to = join(empty(), "node_modules");
    mkdirSync(join(to, "@tensorflow"), { recursive: true });
    for (const name of readdirSync(from).filter((n) => !n.startsWith(".") && n !== "@tensorflow")) symlinkSync(join(from, name), join(to, name));
    for (const name of readdirSync(join(from, "@tensorflow")).filter((n) => !n.startsWith("tfjs-node"))) symlinkSync(join(from, "@tensorflow", name), join(to, "@tensorflow", name));
    cpSync(join(from, "@tensorflow/tfjs-node"), join(to, "@tensorflow/tfjs-node"), { recursive: true, filter: (p) => !p.includes("napi-v") });
    const taken = await loadTfjs(undefined, { from: to });
    expect(taken).toMatchObject({ name: "tfjs", passedOver: [{ reason: "not installed" }, { name: "tfjs-node", reason: "its addon is not built" }] });
  });

  it("gets back from Node what Node 23 took away", async () => {
    const bare = util as { isNullOrUndefined?: unknown };
    const before = bare.isNullOrUndefined;
    try {
      delete bare.isNullOrUndefined;
      const { tf } = await loadTfjs("tfjs-node", { from: packages! });
      const top = (): readonly number[] => tf.tidy(() => [...tf.topk(tf.tensor1d([3, 9, 5]), 2).values.dataSync()]);
      expect(top()).toEqual([9, 5]);
      delete bare.isNullOrUndefined;
      expect(top).toThrow(/isNullOrUndefined/);
    } finally {
      bare.isNullOrUndefined = before;
    }
  });
});
