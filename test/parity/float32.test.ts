// How far float32 is from double in one step's gradients: ours on onnxruntime beside PyTorch's own, seed by seed, from the same
// weights and batches. Both stand on the relu's edge now and then (field notes), so distributions are compared, not seeds.
//   ORACLE_PYTHON=$(test/oracle/setup.sh) npx vitest run test/parity/float32.test.ts
import { describe, expect, it } from "vitest";
import { begin } from "./cases";
import { norm } from "./digest";
import { batch32, gradientOf, load, openEngine, stepEngine } from "./onnx";
import { askPyTorch, oraclePython } from "./oracle";
import { compileVariant, SMALL } from "./variants";

const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);
const CONFIG = { size: 24, ch: 8, blocks: 1, global_depth: 5, local_depth: 4 };
/** What a fallen edge is not below, and rounding is not above. */
const EDGE = 1e-4;

const python = oraclePython();

const spread = (list: readonly number[]): string => {
  const sorted = [...list].sort((a, b) => a - b);
  const at = (part: number): string => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!.toExponential(1);
  return `least ${at(0)}, median ${at(0.5)}, most ${at(1)}; ${list.filter((v) => v > EDGE).length} of ${list.length} above ${EDGE}`;
};
const edges = (list: readonly number[]): number => list.filter((v) => v > EDGE).length;
const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!;

const title = "float32 on onnxruntime beside PyTorch's float32, 20 seeds";
if (python === undefined) it.skip(`${title}: not run here, ORACLE_PYTHON is not set`, () => undefined);
else {
  describe(title, () => {
    it("the base: as near to double, and as often on an edge", { timeout: 900_000 }, async () => {
      const compiled = compileVariant("base", SMALL);
      const engine = await openEngine(compiled);
      const found: Record<string, number[]> = { "ours, critics": [], "PyTorch's, critics": [], "ours, generators": [], "PyTorch's, generators": [] };
      for (const seed of SEEDS) {
        const from = begin({ shaken: true }, compiled, seed);
        for (const { data } of from.store.values()) data.forEach((v, i) => (data[i] = Math.fround(v)));
        load(engine, from);
        const feeds = batch32(compiled, 1, seed);
        await stepEngine(engine, feeds, 1);
        const single = askPyTorch(python, CONFIG, from, { steps: 1, dtype: "float32", batch: () => feeds });
        const { gradients } = from.step(feeds);
        for (const critics of [true, false]) {
          const params = compiled.program!.params.filter((p) => p.net.startsWith("D") === critics);
          const worst = (of: (name: string) => Float64Array): number =>
            Math.max(...params.map((p) => norm(of(p.name).map((v, i) => v - gradients.get(p.name)![i]!)) / norm(gradients.get(p.name)!)));
          const nets = critics ? "critics" : "generators";
          found[`ours, ${nets}`]!.push(worst((name) => gradientOf(engine, name)));
          found[`PyTorch's, ${nets}`]!.push(worst((name) => single.get(`step.1.gradient.${name}`)!.data));
        }
      }
      await engine.close();
      console.log([`${title}: worst relative difference of a gradient from double precision`, ...Object.entries(found).map(([name, list]) => `  ${name}: ${spread(list)}`)].join("\n"));
      for (const nets of ["critics", "generators"]) {
        const [ours, theirs] = [found[`ours, ${nets}`]!, found[`PyTorch's, ${nets}`]!];
        expect(median(ours)).toBeLessThan(10 * median(theirs));
        expect(edges(ours)).toBeLessThanOrEqual(edges(theirs) + 5);
      }
    });
  });
}
