// How a training shows itself: one live line on a terminal, plain lines elsewhere, JSON lines for a program.
import type { StepReport, TrainEvent } from "./types.ts";

export interface Terminal {
  write(text: string): void;
  readonly isTTY: boolean;
  readonly columns: number;
}

export interface ProgressOptions {
  readonly json?: boolean;
  /** Milliseconds; the clock is given so that tests need no waiting. */
  readonly now?: () => number;
}

const LIVE_EVERY = 100;
const PLAIN_EVERY = 5000;

export class ProgressView {
  readonly #out: Terminal;
  readonly #json: boolean;
  readonly #now: () => number;
  #shown = -Infinity;
  /** Lines drawn that the next drawing replaces. */
  #live: readonly string[] = [];

  constructor(out: Terminal, options: ProgressOptions = {}) {
    this.#out = out;
    this.#json = options.json ?? false;
    this.#now = options.now ?? (() => performance.now());
  }

  readonly onEvent = (event: TrainEvent): void => {
    if (this.#json) this.#out.write(`${JSON.stringify(event)}\n`);
    else if (event.kind === "step") this.#step(event);
    else for (const line of describe(event)) this.line(line);
  };

  /** A lasting line; the live one goes on below it. */
  line(text: string): void {
    if (this.#json) return;
    const live = this.#live;
    this.#clear();
    this.#out.write(`${text}\n`);
    if (live.length > 0) this.#draw(live);
  }

  /** Leaves the terminal as a shell wants it. */
  close(): void {
    if (this.#live.length > 0) this.#out.write("\n");
    this.#live = [];
  }

  #step(report: StepReport): void {
    const now = this.#now();
    const every = this.#out.isTTY ? LIVE_EVERY : PLAIN_EVERY;
    if (now - this.#shown < every && report.step !== report.total) return;
    this.#shown = now;
    if (this.#out.isTTY) this.#draw(wrap(stepParts(report), this.#out.columns - 1));
    else this.#out.write(`${stepParts(report).join("  ")}\n`);
  }

  #draw(lines: readonly string[]): void {
    this.#clear();
    this.#out.write(lines.join("\n"));
    this.#live = lines;
  }

  #clear(): void {
    if (this.#live.length > 0) this.#out.write(`\r\x1b[2K${"\x1b[1A\x1b[2K".repeat(this.#live.length - 1)}`);
    this.#live = [];
  }
}

/** What belongs together stays on one line. */
export function stepParts({ step, total, stepsPerSecond, secondsLeft, losses, skipped }: StepReport): string[] {
  const parts = [`step ${step}/${total}`, speed(stepsPerSecond), step < total ? `${duration(secondsLeft)} left` : "done"];
  if (skipped > 0) parts.push(`${skipped} skipped`);
  return [parts.join(", "), ...Object.entries(losses).map(([name, value]) => `${name} ${number(value)}`)];
}

/** Broken here and not by the terminal: what is to be cleared again must be counted in lines. */
function wrap(parts: readonly string[], room: number): string[] {
  const lines: string[] = [];
  for (const part of parts.map((each) => each.slice(0, Math.max(20, room)))) {
    const longer = lines.length > 0 ? `${lines.at(-1)}  ${part}` : "";
    if (longer && longer.length <= room) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines;
}

function number(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size < 0.001 || size >= 10000) ? value.toExponential(1) : value.toPrecision(3);
}

function speed(stepsPerSecond: number): string {
  return stepsPerSecond >= 1 ? `${stepsPerSecond.toFixed(1)} steps/s` : `${(1 / stepsPerSecond).toFixed(1)} s/step`;
}

export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const whole = Math.round(seconds);
  const [days, hours, minutes] = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}

function describe(event: Exclude<TrainEvent, StepReport>): string[] {
  switch (event.kind) {
    case "begin":
      return [event.resumed ? `going on after step ${event.step} of ${event.total}: ${event.resumed}` : `training ${event.total} steps, seed ${event.seed}`];
    case "skip":
      return [`skipped: ${event.message}`];
    case "warning":
      return [`warning: ${event.message}`];
    case "note":
      return [event.message];
    case "pictures":
      return event.paths.map((path) => `pictures: ${path}`);
    case "checkpoint":
      return [];
    case "end":
      return [event.outcome.kind === "finished" ? `finished ${event.outcome.step} steps in ${duration(event.outcome.seconds)}` : `stopped after step ${event.outcome.step} of ${event.outcome.total}`, `checkpoint: ${event.outcome.checkpoint}`];
  }
}
