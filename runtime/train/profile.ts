// `--profile`: a trace of the first steps in Chrome's trace event format, which chrome://tracing and ui.perfetto.dev open. Rows from
// top to bottom: steps, phases, data, graphs and updates, and the operators inside each graph, as onnxruntime timed them.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SegmentRun } from "../engine/onnx.ts";
import { writeAtomic } from "../files/atomic.ts";
import type { DataSource } from "./types.ts";

/** A complete event ("X"): microseconds. https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU */
export interface TraceEvent {
  readonly name: string;
  readonly cat: string;
  readonly ph: "X" | "M";
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

const ROWS = ["steps", "phases", "data", "graphs and updates", "operators"] as const;
type Row = (typeof ROWS)[number];

/** How many steps a trace holds: one has tens of thousands of operators. */
export const TRACED_STEPS = 3;

/** Milliseconds of performance.now(). */
interface Span {
  readonly began: number;
  readonly ended: number;
}

const span = (row: Row, name: string, { began, ended }: Span, args: Readonly<Record<string, unknown>> = {}): TraceEvent =>
  ({ name, cat: row, ph: "X", pid: 1, tid: ROWS.indexOf(row) + 1, ts: began * 1000, dur: (ended - began) * 1000, args });

export class Profile {
  readonly #file: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "ganc-profile-"));
  readonly #loads: Span[] = [];
  readonly #runs: SegmentRun[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  /** Where onnxruntime puts its own files, by segment. */
  readonly prefixOf = (segment: string): string => join(this.#folder, `${segment}@`);

  readonly observe = (run: SegmentRun): void => void this.#runs.push(run);

  /** The same data, timed. `due` is called once the wanted steps are over, before the next one's data. */
  watch(data: DataSource, due: () => Promise<void>): DataSource {
    return {
      next: async (streams) => {
        if (this.#loads.length === TRACED_STEPS) await due();
        const began = performance.now();
        const batch = await data.next(streams);
        if (this.#loads.length < TRACED_STEPS) this.#loads.push({ began, ended: performance.now() });
        return batch;
      },
      position: () => data.position(),
      epoch: data.epoch,
      decided: data.decided,
      get skipped() {
        return data.skipped;
      },
      close: () => data.close(),
    };
  }

  /** Once onnxruntime has written its files. */
  async write(): Promise<void> {
    const events = [...this.#names(), ...this.#steps(), ...this.#operators()];
    await writeAtomic(this.#file, JSON.stringify({ displayTimeUnit: "ms", traceEvents: events }));
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #names(): TraceEvent[] {
    return ROWS.map((name, i) => ({ name: "thread_name", cat: "", ph: "M", pid: 1, tid: i + 1, args: { name } }));
  }

  #steps(): TraceEvent[] {
    return this.#loads.flatMap((load, i) => {
      const next = this.#loads[i + 1]?.began ?? Infinity;
      const runs = this.#runs.filter(({ began }) => began >= load.began && began < next);
      const phases: { name: string; began: number; ended: number }[] = [];
      for (const { segment, began, ended } of runs) {
        const last = phases.at(-1);
        if (last?.name === segment.phase) last.ended = ended;
        else phases.push({ name: segment.phase, began, ended });
      }
      return [
        span("steps", `step ${i + 1}`, { began: load.began, ended: runs.at(-1)?.ended ?? load.ended }),
        span("data", "data", load),
        ...phases.map((phase) => span("phases", phase.name, phase)),
        ...runs.map((run) => span("graphs and updates", run.segment.name, run, { kind: run.segment.kind })),
      ];
    });
  }

  /** onnxruntime counts from a session's own beginning: its runs, in their order, are our runs of that segment. */
  #operators(): TraceEvent[] {
    return readdirSync(this.#folder).flatMap((file) => {
      const name = file.slice(0, file.indexOf("@"));
      const starts = this.#runs.filter(({ segment }) => segment.name === name).map(({ began }) => began * 1000);
      const events = JSON.parse(readFileSync(join(this.#folder, file), "utf8")) as OrtEvent[];
      const runs = events.filter((e) => e.cat === "Session" && e.name === "model_run").sort((a, b) => a.ts - b.ts);
      return events.filter((e) => e.cat === "Node" && e.name.endsWith("_kernel_time")).flatMap((e): TraceEvent[] => {
        const at = runs.filter((run) => run.ts <= e.ts).length - 1;
        const began = (starts[at] ?? NaN) + e.ts - (runs[at]?.ts ?? NaN);
        if (Number.isNaN(began)) return [];
        const args = { node: e.name.slice(0, -"_kernel_time".length), output: e.args?.["output_type_shape"] };
        return [span("operators", String(e.args?.["op_name"] ?? "?"), { began: began / 1000, ended: (began + e.dur) / 1000 }, args)];
      });
    });
  }
}

interface OrtEvent {
  readonly cat: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly args?: Readonly<Record<string, unknown>>;
}
