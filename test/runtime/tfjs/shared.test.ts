// The copy that every `require` gets. Its engine is global, so these tests have a process of their own and come in this order.
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { loadTfjs } from "../../../runtime/tfjs/load";
import { tfjsPackages } from "../../tfjs/engines";

const REPOSITORY = join(import.meta.dirname, "../../..");
const packages = tfjsPackages();

describe("the shared copy", () => {
  it("is what require gives", async () => {
    const { tf } = await loadTfjs("tfjs", { from: REPOSITORY, shared: true });
    expect(tf).toBe(createRequire(join(REPOSITORY, "x.cjs"))("@tensorflow/tfjs"));
    expect((await loadTfjs("tfjs", { from: REPOSITORY, shared: true })).tf).toBe(tf);
    expect((await loadTfjs("tfjs", { from: REPOSITORY })).tf).not.toBe(tf);
  });

  it.skipIf(!packages)("has one native package; whoever asks for another is told (TFJS_PACKAGES)", async () => {
    // Copies that share an engine warn of every kernel.
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const require = createRequire(join(packages!, "x.cjs"));
    const { tf } = await loadTfjs("tfjs-node", { from: packages!, shared: true });
    expect(tf).toBe(require("@tensorflow/tfjs-node"));
    // What happens without this loader: the other package's name, the first one's backend.
    expect((require("@tensorflow/tfjs-node-gpu") as typeof tf).backend()).toBe(tf.backend());
    for (const other of ["tfjs-node-gpu", "tfjs"] as const) {
      await expect(loadTfjs(other, { from: packages!, shared: true })).rejects.toThrow(`@tensorflow/${other}: another package holds this process's engine`);
    }
    expect(warn).toHaveBeenCalledWith(expect.stringContaining("tensorflow backend was already registered"));
    expect(tf.getBackend()).toBe("tensorflow");
    expect((await loadTfjs("tfjs-node-gpu", { from: packages! })).tf.backend()).not.toBe(tf.backend());
  });
});
