// How far float32 is from double in one step's gradients: each engine's beside PyTorch's own, or TensorFlow's, seed by seed, from the same
// weights and batches. All stand on the relu's edge now and then, so distributions are compared, not seeds.
//   ORACLE_PYTHON=$(test/oracle/setup.sh) npx vitest run test/parity/float32.test.ts
import { describe, expect, it } from "vitest";
import { begin } from "./cases";
import { countsAs } from "./comparison";
import { norm } from "./digest";
import { batch32, type Before, ENGINES, FORMS, load, stepEngine } from "./engines";
import { askPyTorch, oraclePython } from "./oracle";
import type { Feeds, Reference } from "./reference";
import { TENSORFLOW, type TfCase } from "./tf-cases";
import { askTensorFlow } from "./tf-oracle";
import { compileVariant, SMALL } from "./variants";

const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);
const CONFIG = { size: 24, ch: 8, blocks: 1, global_depth: 5, local_depth: 4 };
/** What a fallen edge is not below, and rounding is not above. */
const EDGE = 1e-4;
const NETS = ["critics", "generators"] as const;

const python = oraclePython();

interface Peer {
  readonly variant: string;
  readonly name: string;
  /** Its gradients in float32, by our names. */
  readonly ask: (python: string, from: Reference, feeds: Feeds) => (param: string) => Float64Array;
}
const pyTorch = (variant: string, config: Readonly<Record<string, unknown>>): Peer => ({
  variant, name: "PyTorch",
  ask: (python, from, feeds) => {
    const told = askPyTorch(python, { ...CONFIG, ...config }, from, { steps: [1], dtype: "float32", batch: () => feeds });
    return (param) => told.get(`step.1.gradient.${param}`)!.data;
  },
});
const tensorFlow = (variant: string, config: Readonly<Record<string, unknown>>): Peer => ({
  variant, name: "TensorFlow",
  ask: (python, from, feeds) => {
    const c: TfCase = { name: variant, config: { ...TENSORFLOW, ...config }, sizes: CONFIG, steps: [1], total: 1 };
    const [told] = askTensorFlow(python, c, from.compiled, { dtype: "float32", from, feeds: () => feeds });
    return (param) => told!.get(`1.gradient.${param}`)!;
  },
});
/** The others are another hour: GANC_PARITY=all. */
const PEERS = [pyTorch("base", {}), ...(process.env["GANC_PARITY"] === "all" ? [tensorFlow("tensorflow", {}), pyTorch("full", { light: false }), tensorFlow("tensorflow full", { light: false })] : [])];

const edges = (list: readonly number[]): number => list.filter((v) => v > EDGE).length;
const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!;
/** A row of the table in docs/numerics.md. */
const row = (name: string, list: readonly number[]): string => {
  const sorted = [...list].sort((a, b) => a - b);
  const at = (part: number): string => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!.toExponential(1);
  return `| ${name} | ${[0, 0.25, 0.5, 0.75, 1].map(at).join(" | ")} | ${edges(list)} of ${list.length} |`;
};

const title = "float32 beside PyTorch's and TensorFlow's, 20 seeds";
if (python === undefined) it.skip(`${title}: not run here, ORACLE_PYTHON is not set`, () => undefined);
else {
  describe(title, () => {
    it.each(PEERS)("$variant: as near to double, and as often on an edge", { timeout: 3_600_000 }, async (peer) => {
      const { variant } = peer;
      const compiled = compileVariant(variant, SMALL);
      const opened = await Promise.all([...ENGINES, ...FORMS].map(async (tested) => ({ name: tested.name, ...(await tested.open(compiled)) })));
      const found = new Map<string, number[]>();
      const rows = [...opened.map((o) => o.name), peer.name];
      for (const nets of NETS) for (const name of rows) found.set(`${nets}, ${name}`, []);
      for (const seed of SEEDS) {
        const from = begin({ shaken: true }, compiled, seed);
        for (const { data } of from.store.values()) data.forEach((v, i) => (data[i] = Math.fround(v)));
        const feeds = batch32(compiled, 1, seed);
        const before: Before = new Map([...from.store].map(([name, { data }]) => [name, data]));
        const gradients = new Map<string, (param: string) => Float64Array>([[peer.name, peer.ask(python, from, feeds)]]);
        for (const { name, engine, gradient } of opened) {
          load(engine, from);
          await stepEngine(engine, feeds, 1);
          gradients.set(name, (param) => gradient(param, before));
        }
        const right = from.step(feeds).gradients;
        for (const nets of NETS) {
          const params = compiled.program!.params.filter((p) => p.net.startsWith("D") === (nets === "critics"));
          for (const [name, of] of gradients)
            found.get(`${nets}, ${name}`)!.push(Math.max(...params.map((p) => norm(of(p.name).map((v, i) => v - right.get(p.name)![i]!)) / norm(right.get(countsAs(p.name, right))!))));
        }
      }
      for (const { engine } of opened) await engine.close();
      const table = ["| | least | quarter | median | three quarters | most | above 1e-4 |", "|---|---|---|---|---|---|---|", ...[...found].map(([name, list]) => row(name, list))];
      console.log([`${title}, ${variant}: the worst tensor of each seed, its gradient's relative difference from double precision`, ...table].join("\n"));
      for (const nets of NETS) {
        const theirs = found.get(`${nets}, ${peer.name}`)!;
        for (const { name } of opened) {
          const ours = found.get(`${nets}, ${name}`)!;
          expect(median(ours), name).toBeLessThan(10 * median(theirs));
          expect(edges(ours), name).toBeLessThanOrEqual(edges(theirs) + 5);
        }
      }
    });
  });
}
