// RUN/log.jsonl: one line a step. Appended to as the training goes; cut back to a checkpoint's step when it resumes.
import { closeSync, existsSync, fsyncSync, openSync, readSync, truncateSync, writeSync } from "node:fs";
import { explainFsError } from "../files/errors.ts";

export interface LogLine {
  readonly step: number;
  readonly losses: Readonly<Record<string, number>>;
  /** Of every optimizer, by name. */
  readonly rate: Readonly<Record<string, number>>;
  /** What the step took. */
  readonly seconds: number;
  /** Mean, least and largest value of each watched parameter (rho); not in every line. */
  readonly rho?: Readonly<Record<string, readonly [mean: number, least: number, largest: number]>>;
}

const LONGEST_LINE = 1 << 24;

export class LogFile {
  readonly #path: string;
  readonly #fd: number;

  constructor(path: string) {
    this.#path = path;
    this.#fd = this.#guarded(() => openSync(path, "a"));
  }

  append(line: LogLine): void {
    const bytes = Buffer.from(`${JSON.stringify(line, (_, value: unknown) => (typeof value === "number" ? short(value) : value))}\n`);
    this.#guarded(() => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    });
  }

  flush(): void {
    this.#guarded(() => fsyncSync(this.#fd));
  }

  close(): void {
    closeSync(this.#fd);
  }

  #guarded<T>(action: () => T): T {
    try {
      return action();
    } catch (e) {
      throw explainFsError(e, this.#path);
    }
  }
}

/** Nine digits say a float32 exactly; the other eight of a double would only be noise. */
function short(value: number): number {
  return Number.isSafeInteger(value) ? value : Number(value.toPrecision(9));
}

/** Every sound line up to `step`, in order, and the length in bytes that they take. */
export function readLog(path: string, step: number, visit: (line: LogLine) => void): number {
  if (!existsSync(path)) return 0;
  let fd: number | undefined;
  try {
    fd = openSync(path, "r");
    const part = Buffer.alloc(1 << 20);
    let rest = Buffer.alloc(0);
    let sound = 0;
    for (let got = readSync(fd, part); got > 0; got = readSync(fd, part)) {
      let text = Buffer.concat([rest, part.subarray(0, got)]);
      for (let end = text.indexOf(10); end >= 0; end = text.indexOf(10)) {
        const line = parseLine(text.toString("utf8", 0, end));
        if (!line || line.step > step) return sound;
        visit(line);
        sound += end + 1;
        text = text.subarray(end + 1);
      }
      if (text.length > LONGEST_LINE) return sound; // no line of ours
      rest = text;
    }
    return sound; // a last line without its end was not finished
  } catch (e) {
    throw explainFsError(e, path);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Cuts off what lies beyond `step`, or was not written to its end; the lines that stay are shown to `visit`. */
export function trimLog(path: string, step: number, visit: (line: LogLine) => void): void {
  const length = readLog(path, step, visit);
  try {
    if (existsSync(path)) truncateSync(path, length);
  } catch (e) {
    throw explainFsError(e, path);
  }
}

function parseLine(text: string): LogLine | undefined {
  try {
    const line = JSON.parse(text) as LogLine | null;
    const sound = typeof line?.step === "number" && typeof line.losses === "object" && line.losses !== null;
    return sound ? line : undefined;
  } catch {
    return undefined;
  }
}
