// TensorBoard event files: records of length, its checksum, an Event, its checksum. `tensorboard --logdir RUN` shows them.
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, truncateSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { explainFsError } from "../files/errors.ts";
import { maskedCrc32c } from "./crc32c.ts";
import { encodeEvent, stepOfEvent, type EventBody, type ImageSummary } from "./event.ts";

export class EventWriter {
  readonly path: string;
  readonly #fd: number;

  /**
   * Begins a file of its own in `folder`. A resumed run says from which step on it writes: TensorBoard then drops what an earlier
   * file may hold from there.
   */
  constructor(folder: string, resumedAt?: number) {
    const taken = new Set(readdirSync(folder));
    const stem = `events.out.tfevents.${Math.floor(Date.now() / 1000)}.${hostname()}.${process.pid}`;
    let number = 0;
    while (taken.has(`${stem}.${number}`)) number++;
    this.path = join(folder, `${stem}.${number}`);
    this.#fd = this.#guarded(() => openSync(this.path, "ax"));
    this.#append(0, { kind: "version" });
    if (resumedAt !== undefined) this.#append(resumedAt, { kind: "session-start" });
  }

  scalars(step: number, scalars: Readonly<Record<string, number>>): void {
    this.#append(step, { kind: "summary", scalars });
  }

  images(step: number, images: Readonly<Record<string, ImageSummary>>): void {
    this.#append(step, { kind: "summary", images });
  }

  flush(): void {
    this.#guarded(() => fsyncSync(this.#fd));
  }

  close(): void {
    closeSync(this.#fd);
  }

  #append(step: number, body: EventBody): void {
    const record = frame(encodeEvent(Date.now() / 1000, step, body));
    this.#guarded(() => {
      for (let at = 0; at < record.length; ) at += writeSync(this.#fd, record, at);
    });
  }

  #guarded<T>(action: () => T): T {
    try {
      return action();
    } catch (e) {
      throw explainFsError(e, this.path);
    }
  }
}

export function frame(event: Buffer): Buffer {
  const record = Buffer.alloc(12 + event.length + 4);
  record.writeBigUInt64LE(BigInt(event.length), 0);
  record.writeUInt32LE(maskedCrc32c(record.subarray(0, 8)), 8);
  event.copy(record, 12);
  record.writeUInt32LE(maskedCrc32c(event), 12 + event.length);
  return record;
}

/** Cuts every event file of a folder before its first event beyond `step`, and before a record that a killed process left unfinished. */
export function trimEvents(folder: string, step: number): void {
  for (const name of readdirSync(folder).filter((each) => each.includes("tfevents"))) {
    const path = join(folder, name);
    try {
      const bytes = readFileSync(path);
      const end = soundLength(bytes, step);
      if (end < bytes.length) truncateSync(path, end);
    } catch (e) {
      throw explainFsError(e, path);
    }
  }
}

function soundLength(bytes: Buffer, step: number): number {
  let at = 0;
  while (at + 16 <= bytes.length) {
    const length = Number(bytes.readBigUInt64LE(at));
    const end = at + 12 + length + 4;
    if (end > bytes.length || stepOfEvent(bytes.subarray(at + 12, at + 12 + length)) > step) break;
    at = end;
  }
  return at;
}
