// The training loop. It knows no thread, no terminal and no onnxruntime: engine, data and pictures are given, events go out.
import type { Program } from "../../compiler/program.ts";
import { planOf } from "../../compiler/train/at-step.ts";
import type { Progress } from "../checkpoint/contents.ts";
import type { CheckpointStore } from "../checkpoint/store.ts";
import type { Engine } from "../engine/types.ts";
import { Sampler } from "./init.ts";
import type { Recorder } from "./recorder.ts";
import { scheduleFactor, stepScalars, updatesAfter, type RunLength } from "./schedule.ts";
import type { DataSource, DrawGrids, Emit, Outcome } from "./types.ts";

export interface Parts {
  readonly engine: Engine;
  readonly data: DataSource;
  readonly store: CheckpointStore;
  readonly recorder: Recorder;
  readonly drawGrids?: DrawGrids;
  readonly emit: Emit;
  /** Asked between two steps: has somebody pressed Ctrl-C? */
  readonly stopping: () => boolean;
}

export interface LoopSettings {
  readonly total: number;
  readonly seed: number;
  readonly checkpointEvery: number;
  readonly picturesEvery: number;
  readonly reportEvery?: number;
  /** Shown in the report. */
  readonly facts: Readonly<Record<string, string>>;
}

export interface Start {
  readonly step: number;
  readonly updates: Readonly<Record<string, number>>;
  /** The checkpoint of that step, if there is one. */
  readonly checkpoint?: string;
}

/** From the step after `start` to the last one, or until somebody wants it to stop. Rejects with a UserError if it cannot go on. */
export async function train(settings: LoopSettings, start: Start, parts: Parts): Promise<Outcome> {
  return new Loop(settings, start, parts).run();
}

class Loop {
  readonly #settings: LoopSettings;
  readonly #parts: Parts;
  readonly #program: Program;
  readonly #length: RunLength;
  readonly #sampler: Sampler;
  readonly #began = performance.now();
  readonly #clock = new Clock();
  readonly #updates: Record<string, number>;
  #step: number;
  /** The last step that a checkpoint holds, and its file. */
  #saved: { step: number; path: string } | undefined;
  #drawn = 0;
  #reported = -Infinity;

  constructor(settings: LoopSettings, start: Start, parts: Parts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#program = parts.engine.program;
    this.#length = { total: settings.total, epoch: parts.data.epoch };
    this.#sampler = new Sampler(this.#program, settings.seed);
    this.#step = start.step;
    this.#updates = Object.fromEntries(this.#program.optimizers.map(({ name }) => [name, start.updates[name] ?? 0]));
    this.#saved = start.checkpoint === undefined ? undefined : { step: start.step, path: start.checkpoint };
  }

  async run(): Promise<Outcome> {
    const { total, checkpointEvery, picturesEvery } = this.#settings;
    const { stopping } = this.#parts;
    while (this.#step < total && !stopping()) {
      await this.#once();
      if (due(this.#step, picturesEvery)) await this.#draw();
      if (due(this.#step, checkpointEvery)) await this.#save();
      await this.#report(false);
    }
    const kind = this.#step < total ? "stopped" : "finished";
    if (kind === "finished" && this.#drawn !== this.#step) await this.#draw();
    const checkpoint = await this.#save();
    await this.#report(true);
    const seconds = (performance.now() - this.#began) / 1000;
    const outcome: Outcome = { kind, step: this.#step, total, checkpoint, seconds };
    this.#parts.emit({ kind: "end", outcome });
    return outcome;
  }

  async #once(): Promise<void> {
    const { data, engine, recorder, emit } = this.#parts;
    const from = performance.now();
    const step = this.#step + 1;
    const plan = planOf(this.#program, step);
    const batch = await data.next(plan === undefined ? undefined : this.#program.plans?.[plan]?.data);
    const updates = updatesAfter(this.#program, step, this.#updates);
    const scalars = stepScalars(this.#program, step, updates, this.#length);
    const now = { step, factor: scheduleFactor(this.#program.schedule, step, this.#length, this.#program.held), updates: { ...this.#updates } };
    const losses = await engine.step({ data: batch, scalars, samples: this.#sampler.draw(step), plan, now });
    this.#step = step;
    Object.assign(this.#updates, updates);
    const seconds = (performance.now() - from) / 1000;
    this.#clock.tick(seconds);
    const rate = this.#rates(step);
    recorder.step({ step, losses, rate, seconds }, engine, this.#settings.total);
    const stepsPerSecond = this.#clock.rate();
    const secondsLeft = (this.#settings.total - step) / stepsPerSecond;
    const epoch = Math.floor((step - 1) / this.#length.epoch) + 1;
    emit({ kind: "step", step, total: this.#settings.total, epoch, losses, rate, stepsPerSecond, secondsLeft, skipped: data.skipped });
  }

  #rates(step: number): Record<string, number> {
    const factor = scheduleFactor(this.#program.schedule, step, this.#length, this.#program.held);
    return Object.fromEntries(this.#program.optimizers.map(({ name, rate }) => [name, rate * factor]));
  }

  async #draw(): Promise<void> {
    const { drawGrids, engine, recorder, emit } = this.#parts;
    if (!drawGrids) return;
    const paths = await recorder.pictures(this.#step, await drawGrids(engine));
    this.#drawn = this.#step;
    emit({ kind: "pictures", step: this.#step, paths });
  }

  async #save(): Promise<string> {
    if (this.#saved?.step === this.#step) return this.#saved.path;
    const { engine, store, recorder, emit } = this.#parts;
    recorder.flush();
    const path = await store.save(engine, this.#progress());
    this.#saved = { step: this.#step, path };
    emit({ kind: "checkpoint", step: this.#step, path });
    return path;
  }

  #progress(): Progress {
    const { total, seed } = this.#settings;
    return {
      step: this.#step,
      total,
      epoch: this.#length.epoch,
      seed,
      updates: this.#updates,
      data: this.#parts.data.position(),
      // Every stream is keyed by the seed and by what it is drawn for: a tensor's name, a draw's or a step's number.
      random: { kind: "keyed", seed, step: this.#step },
    };
  }

  async #report(last: boolean): Promise<void> {
    const now = performance.now();
    if (!last && now - this.#reported < (this.#settings.reportEvery ?? 20) * 1000) return;
    const { total, facts } = this.#settings;
    const secondsLeft = (total - this.#step) / this.#clock.rate();
    await this.#parts.recorder.report({ program: this.#program, step: this.#step, total, secondsLeft, running: !last, facts });
    this.#reported = performance.now();
  }
}

function due(step: number, every: number): boolean {
  return every > 0 && step % every === 0;
}

/** Steps a second, the latest counting most: a laptop that throttles shows it. */
class Clock {
  #mean: number | undefined;

  tick(seconds: number): void {
    this.#mean = this.#mean === undefined ? seconds : 0.95 * this.#mean + 0.05 * seconds;
  }

  rate(): number {
    return this.#mean === undefined ? NaN : 1 / Math.max(this.#mean, 1e-9);
  }
}
