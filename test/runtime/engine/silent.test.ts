// Results in the memory that was given for them, and nowhere else.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { emitModel } from "../../../backends/onnx/model";
import { trainingModels } from "../../../cli/emit";
import { compile } from "../../../compiler/compile";
import { Builder } from "../../../compiler/graph/builder";
import { drawInit } from "../../../compiler/init";
import { OnnxEngine } from "../../../runtime/engine/onnx";
import { openSession } from "../../../runtime/engine/session";
import { canBeSilent, probeSilence, runInto } from "../../../runtime/engine/silent";
import { initialize } from "../../../runtime/train/init";
import { oraclePython } from "../../parity/oracle";

const COUNT = 1 << 20;

function doubled(silent: boolean): Uint8Array {
  const b = new Builder();
  const x = b.add("input", { kind: "value", name: "x", shape: [{ axis: "c", dim: COUNT }] }, []);
  return emitModel({ name: "doubled", graph: b, inputs: [{ node: x, name: "x" }], outputs: [{ node: b.add("add", {}, [x, x]), name: "y" }], silent }).bytes;
}
const numbers = (length: number): ort.Tensor => new ort.Tensor("float32", Float32Array.from({ length }, (_, i) => i % 1000), [length]);

/** Bytes of ArrayBuffers that a run leaves behind. */
async function left(run: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage().arrayBuffers;
  await run();
  return process.memoryUsage().arrayBuffers - before;
}

describe("a run that hands nothing over", () => {
  it("writes its results and copies none, where a plain one copies each", async () => {
    const how = await probeSilence();
    expect(how).toBeDefined();
    const x = numbers(COUNT);
    const y = (): ort.Tensor => new ort.Tensor("float32", new Float32Array(COUNT), [COUNT]);
    const [plain, mute] = [await openSession(doubled(false)), await openSession(doubled(true))];
    expect([canBeSilent(plain), canBeSilent(mute)]).toEqual([false, true]);
    const [first, second] = [y(), y()];
    // The silent one first, and what the plain one hands over is kept: a collection in between would be taken for either.
    expect(await left(() => runInto(mute, { x }, { y: second }, how!))).toBeLessThan(COUNT);
    let handed: unknown;
    // Should this fail, onnxruntime-node no longer copies, and runtime/engine/silent.ts may go.
    expect(await left(async () => (handed = await plain.run({ x }, { y: first })))).toBeGreaterThan(3 * COUNT);
    expect(handed).toHaveProperty("y");
    const bytes = (of: ort.Tensor["data"]): Buffer => Buffer.from((of as Float32Array).buffer);
    expect(bytes(second.data).equals(bytes((x.data as Float32Array).map((v) => 2 * v)))).toBe(true);
    expect(bytes(second.data).equals(bytes(first.data))).toBe(true);
  });

  it("still says what goes wrong in it", async () => {
    const session = await openSession(doubled(true));
    const y = new ort.Tensor("float32", new Float32Array(COUNT), [COUNT]);
    await expect(runInto(session, { x: numbers(7) }, { y }, (await probeSilence())!)).rejects.toThrow(/dimension/i);
    await expect(runInto(session, {}, { y }, (await probeSilence())!)).rejects.toThrow(/'x' is missing/);
  });
});

const python = oraclePython();
if (python === undefined) it.skip("ONNX's checker on a silent model: not run here, ORACLE_PYTHON is not set", () => undefined);
else
  it("is a model as ONNX's checker, strict shape inference and stock onnxruntime want it", () => {
    const folder = mkdtempSync(join(tmpdir(), "ganc-silent-"));
    try {
      writeFileSync(join(folder, "doubled.onnx"), doubled(true));
      expect(execFileSync(python, ["test/oracle/check_onnx.py", "--load", "--quiet", folder], { encoding: "utf8" })).toMatch(/1 passed, 0 failed\s*$/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

describe("a training step that hands nothing over", () => {
  it("leaves the same bits", { timeout: 120_000 }, async () => {
    const set = ["size=32", "load_size=36", "ch=4", "blocks=1", "global_depth=5", "local_depth=4"];
    const compiled = compile({ path: "ugatit.gan", text: readFileSync("specs/ugatit.gan", "utf8") }, { set });
    const program = compiled.program!;
    const models = trainingModels(compiled);
    // That they are, and all of them, is half of the claim.
    for (const { model } of program.segments.filter((segment) => !segment.updates)) {
      const session = await openSession(models.get(model)!);
      expect(canBeSilent(session), model).toBe(true);
      await session.release();
    }
    const noise = (name: string, count: number): Float32Array => drawInit({ kind: "uniform", low: -1, high: 1 }, count, 7, name);
    const feeds = {
      data: Object.fromEntries(program.data.map((d) => [d.name, noise(d.name, program.batch * d.channels * d.height * d.width)])),
      samples: {},
      scalars: Object.fromEntries(program.scalars.map((s) => [s.name, s.kind === "step-size" ? 1e-4 : 1])),
    };
    const courses = [];
    for (const silent of [true, false]) {
      const engine = await OnnxEngine.create(program, models, { silent, threads: 1 });
      initialize(engine, 5);
      const losses = [await engine.step(feeds), await engine.step(feeds)];
      courses.push({ losses, state: new Map(engine.stateNames.map((name) => [name, Float32Array.from(engine.read(name))])) });
      await engine.close();
    }
    expect(courses[0]).toEqual(courses[1]);
    expect(courses[0]!.losses[1]).not.toEqual(courses[0]!.losses[0]);
  });
});
