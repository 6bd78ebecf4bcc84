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
import { TFJS_NODE } from "./tfjs";
import { compileVariant, SMALL } from "./variants";

const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);
const CONFIG = { size: 24, ch: 8, blocks: 1, global_depth: 5, local_depth: 4 };
/** What a fallen edge is not below, and rounding is not above. */
const EDGE = 1e-4;
const NETS = ["critics", "generators"] as const;

const python = oraclePython();

interface Start {
  readonly from: Reference;
  readonly feeds: Feeds;
}
interface Peer {
  readonly variant: string;
  readonly name: string;
  /** Its gradients in float32 from each start, by our names. */
  readonly ask: (python: string, starts: readonly Start[]) => Promise<((param: string) => Float64Array)[]>;
}
const pyTorch = (variant: string, config: Readonly<Record<string, unknown>>): Peer => ({
  variant, name: "PyTorch",
  ask: async (python, starts) => {
    const told = await askPyTorch(python, starts.map(({ from, feeds }) => ({ config: { ...CONFIG, ...config }, from, question: { steps: [1], dtype: "float32", batch: () => feeds } })));
    return told.map((each) => (param) => each.get(`step.1.gradient.${param}`)!.data);
  },
});
const tensorFlow = (variant: string, config: Readonly<Record<string, unknown>>): Peer => ({
  variant, name: "TensorFlow",
  ask: async (python, starts) => {
    const c: TfCase = { name: variant, config: { ...TENSORFLOW, ...config }, sizes: CONFIG, steps: [1], total: 1 };
    const told = await askTensorFlow(python, starts.map(({ from, feeds }) => ({ c, compiled: from.compiled, question: { dtype: "float32", from, feeds: () => feeds } })));
    return told.map(([each]) => (param) => each!.get(`1.gradient.${param}`)!);
  },
});
const all = process.env["GANC_PARITY"] === "all";
/** The emitted code takes 3 of the seeds, all with GANC_PARITY=all. */
const TESTED = [...[...ENGINES, ...FORMS].map((tested) => ({ ...tested, seeds: SEEDS.length })), ...TFJS_NODE.map((tested) => ({ ...tested, seeds: all ? SEEDS.length : 3 }))];
/** The others are another hour: GANC_PARITY=all. */
const PEERS = [pyTorch("base", {}), ...(all ? [tensorFlow("tensorflow", {}), pyTorch("full", { light: false }), tensorFlow("tensorflow full", { light: false })] : [])];

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
      const opened = await Promise.all(TESTED.map(async (tested) => ({ ...tested, ...(await tested.open(compiled)) })));
      const found = new Map<string, number[]>();
      const rows = [...opened.map((o) => o.name), peer.name];
      for (const nets of NETS) for (const name of rows) found.set(`${nets}, ${name}`, []);
      const starts = SEEDS.map((seed) => {
        const from = begin({ shaken: true }, compiled, seed);
        for (const { data } of from.store.values()) data.forEach((v, i) => (data[i] = Math.fround(v)));
        return { from, feeds: batch32(compiled, 1, seed) };
      });
      const theirs = await peer.ask(python, starts);
      for (const [i, { from, feeds }] of starts.entries()) {
        const before: Before = new Map([...from.store].map(([name, { data }]) => [name, data]));
        const gradients = new Map<string, (param: string) => Float64Array>([[peer.name, theirs[i]!]]);
        for (const { name, engine, gradient, seeds } of opened) {
          if (i >= seeds) continue;
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
        const wanted = found.get(`${nets}, ${peer.name}`)!;
        for (const { name } of opened) {
          const ours = found.get(`${nets}, ${name}`)!;
          expect(median(ours), name).toBeLessThan(10 * median(wanted));
          expect(edges(ours), name).toBeLessThanOrEqual(edges(wanted) + 5);
        }
      }
    });
  });
}
