// Everything a training writes beside its checkpoints: log.jsonl, TensorBoard events, pictures, report.html.
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Program } from "../../compiler/program.ts";
import type { Engine } from "../engine/types.ts";
import { writeAtomic } from "../files/atomic.ts";
import { explainFsError } from "../files/errors.ts";
import { EventWriter, trimEvents } from "../report/events.ts";
import { History } from "../report/history.ts";
import { LogFile, trimLog, type LogLine } from "../report/log.ts";
import { renderReport, type ReportRun } from "../report/report.ts";
import type { Grid } from "./types.ts";

export class Recorder {
  readonly history = new History();
  readonly #folder: string;
  readonly #log: LogFile;
  readonly #events: EventWriter;
  readonly #watched: readonly string[];
  readonly #rhoEvery: number;
  #grids: readonly Grid[] = [];
  #gridStep = 0;

  /** `from`: the step that the run goes on after; whatever the files say beyond it is cut off. */
  constructor(folder: string, program: Program, from: number, total: number) {
    this.#folder = folder;
    const [log, events, pictures] = [join(folder, "log.jsonl"), join(folder, "events"), join(folder, "pictures")];
    try {
      for (const each of [events, pictures]) mkdirSync(each, { recursive: true });
      if (from === 0) for (const name of readdirSync(events)) rmSync(join(events, name), { force: true });
    } catch (e) {
      throw explainFsError(e, folder);
    }
    trimLog(log, from, (line) => this.history.add(line));
    trimEvents(events, from);
    this.#log = new LogFile(log);
    this.#events = new EventWriter(events, from === 0 ? undefined : from + 1);
    this.#watched = watchedParams(program);
    this.#rhoEvery = Math.max(1, Math.floor(total / 500));
  }

  step(line: LogLine, engine: Engine, total: number): void {
    const watching = this.#watched.length > 0 && (line.step === 1 || line.step === total || line.step % this.#rhoEvery === 0);
    const full: LogLine = watching ? { ...line, rho: Object.fromEntries(this.#watched.map((name) => [name, spread(engine.read(`param:${name}`))])) } : line;
    this.history.add(full);
    this.#log.append(full);
    this.#events.scalars(line.step, scalarsOf(full));
  }

  async pictures(step: number, grids: readonly Grid[]): Promise<string[]> {
    const paths: string[] = [];
    for (const { name, png } of grids) {
      const path = join(this.#folder, "pictures", `${name}-${String(step).padStart(8, "0")}.png`);
      await writeAtomic(path, png);
      paths.push(path);
    }
    this.#events.images(step, Object.fromEntries(grids.map(({ name, png }) => [`pictures/${name}`, { ...sizeOf(png), png }])));
    [this.#grids, this.#gridStep] = [grids, step];
    return paths;
  }

  async report(run: ReportRun): Promise<void> {
    const grids = this.#grids.map(({ name, png }) => ({ name, png, step: this.#gridStep }));
    await writeAtomic(join(this.#folder, "report.html"), renderReport(run, this.history, grids));
  }

  /** Before a checkpoint: what it says has been logged must be on the disk. */
  flush(): void {
    this.#log.flush();
    this.#events.flush();
  }

  close(): void {
    this.#log.close();
    this.#events.close();
  }
}

/** rho of the mixing norms: whatever the spec keeps `within` a range, or calls so. */
export function watchedParams(program: Program): string[] {
  return program.params.filter(({ name, within }) => within !== undefined || /(^|\.)rho$/.test(name)).map(({ name }) => name);
}

function spread(values: Float32Array): readonly [number, number, number] {
  let [sum, least, largest] = [0, Infinity, -Infinity];
  for (const value of values) {
    sum += value;
    least = Math.min(least, value);
    largest = Math.max(largest, value);
  }
  return [sum / values.length, least, largest];
}

function scalarsOf({ losses, rate, rho, seconds }: LogLine): Record<string, number> {
  const scalars: Record<string, number> = { seconds };
  for (const [name, value] of Object.entries(losses)) scalars[`loss/${name}`] = value;
  for (const [name, value] of Object.entries(rate)) scalars[`rate/${name}`] = value;
  for (const [name, [mean]] of Object.entries(rho ?? {})) scalars[`rho/${name}`] = mean;
  return scalars;
}

/** Width and height from a png's first chunk. */
function sizeOf(png: Uint8Array): { width: number; height: number } {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  return png.byteLength < 24 ? { width: 0, height: 0 } : { width: view.getUint32(16), height: view.getUint32(20) };
}
