import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { emitGraphs } from "../../../../cli/emit.ts";
import { compile } from "../../../../compiler/compile.ts";
import { drawInit } from "../../../../compiler/init.ts";
import { OnnxEngine, type OnnxEngineOptions } from "../../../../runtime/engine/onnx.ts";
import type { Program } from "../../../../compiler/program.ts";
import { Begun, type Weights } from "../../../../runtime/engine/update/begun.ts";
import { initialize } from "../../../../runtime/train/init.ts";
import { stepScalars } from "../../../../runtime/train/schedule.ts";

const SET = ["size=64", "ch=2", "blocks=1", "global_depth=6", "local_depth=3"];
/** Bytes; less than these updates touch: some tensors lie inside, some beside, as with models beyond WebAssembly's 4 GiB. */
const SMALL = 400_000;

/** Begun before the program was there: with weights drawn, without, and with others than it turned out to have. */
const BEGUN: Readonly<Record<string, (program: Program) => Begun>> = {
  "weights and memory begun before": (program) => new Begun(trained(program), SEED),
  "memory begun before": (program) => new Begun(trained(program)),
  "weights of another seed begun before": (program) => new Begun(trained(program), SEED + 1),
  "other weights begun before": (program) => new Begun(trained(program).map((w, i) => ({ ...w, shape: i % 2 === 0 ? w.shape : [1] })), SEED),
};
const trained = (program: Program): Weights[] => program.params.filter(({ optimizer }) => optimizer !== undefined);
const SEED = 4;

// The TensorFlow code's Adam adds eps to the uncorrected root, and decays only kernels.
it.each([
  ["base", undefined, {}],
  ["tensorflow", "tensorflow", {}],
  ["a kernel's memory that holds a part", undefined, { room: SMALL }],
  ...Object.keys(BEGUN).map((name) => [name, undefined, {}] as const),
] as const)("gives the same weights and moments, bit for bit, whether the kernel or onnxruntime does the updates: %s", async (name, variant, options: Pick<OnnxEngineOptions, "room">) => {
  const text = readFileSync("specs/ugatit.gan", "utf8");
  const compiled = compile({ path: "ugatit.gan", text }, { set: SET, variants: variant === undefined ? [] : [variant] });
  const program = compiled.program!;
  const models = emitGraphs(compiled);
  const begun = BEGUN[name]?.(program);
  const engines = [await OnnxEngine.create(program, models, { ...options, ...(begun ? { begun } : {}) }), await OnnxEngine.create(program, models, { update: "graph" })];
  if (begun) {
    expect(program.params.every(({ name }) => begun.room.holds(engines[0]!.read(`param:${name}`)))).toBe(true);
    const drawn = trained(program).filter((w) => begun.holds(`param:${w.name}`, SEED)).length;
    expect(drawn / trained(program).length).toBeCloseTo({ "weights and memory begun before": 1, "other weights begun before": 0.5 }[name] ?? 0, 1);
  }
  if (options.room !== undefined) {
    const inside = new Set(program.params.map(({ name }) => engines[0]!.storage.updater!.holds(engines[0]!.read(`param:${name}`))));
    expect([...inside].sort()).toEqual([false, true]);
  }
  initialize(engines[0]!, SEED, begun);
  initialize(engines[1]!, SEED);
  for (let t = 1; t <= 3; t++) {
    const data = Object.fromEntries(program.data.map((d) => [d.name, drawInit({ kind: "uniform", low: -1, high: 1 }, 3 * 64 * 64, t, d.name)]));
    const scalars = stepScalars(program, t, Object.fromEntries(program.optimizers.map((o) => [o.name, t])), { total: 10, epoch: 1 });
    const losses = [];
    for (const engine of engines) losses.push(await engine.step({ data, scalars, samples: {} }));
    expect(losses[0]).toEqual(losses[1]);
  }
  const [kernel, graph] = engines as [OnnxEngine, OnnxEngine];
  const still = program.params.map(({ name }) => name).filter((name) => kernel.read(`m:${name}`).every((x) => x === 0));
  // A bias in front of an instance norm has no effect; the TensorFlow code has some, and decays none of them.
  expect(still.filter((name) => !(variant === "tensorflow" && name.endsWith(".bias")))).toEqual([]);
  // Compared as numbers of their bits: many values, and -0 is not 0.
  const differing = kernel.stateNames.filter((name) => {
    const [a, b] = [kernel, graph].map((engine) => engine.read(name)).map((x) => new Uint32Array(x.buffer, x.byteOffset, x.length));
    return a!.some((bits, i) => bits !== b![i]);
  });
  expect(differing).toEqual([]);
  for (const engine of engines) await engine.close();
});
