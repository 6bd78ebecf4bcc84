// TensorBoard's Event message, encoded by hand: five message types and a dozen fields do not need a protobuf library.
// https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/util/event.proto and framework/summary.proto

export interface ImageSummary {
  readonly width: number;
  readonly height: number;
  readonly png: Uint8Array;
}

export type EventBody =
  | { readonly kind: "version" }
  /** Tells TensorBoard to drop what an earlier file holds from this step on. */
  | { readonly kind: "session-start" }
  | { readonly kind: "summary"; readonly scalars?: Readonly<Record<string, number>>; readonly images?: Readonly<Record<string, ImageSummary>> };

export function encodeEvent(wallTime: number, step: number, body: EventBody): Buffer {
  return Buffer.concat([double(1, wallTime), varintField(2, step), encodeBody(body)]);
}

function encodeBody(body: EventBody): Buffer {
  switch (body.kind) {
    case "version":
      return bytes(3, Buffer.from("brain.Event:2"));
    case "session-start":
      return bytes(7, varintField(1, 1));
    case "summary":
      return bytes(5, Buffer.concat([...scalarValues(body.scalars ?? {}), ...imageValues(body.images ?? {})]));
  }
}

function scalarValues(scalars: Readonly<Record<string, number>>): Buffer[] {
  return Object.entries(scalars).map(([tag, value]) => bytes(1, Buffer.concat([bytes(1, Buffer.from(tag)), float(2, value)])));
}

function imageValues(images: Readonly<Record<string, ImageSummary>>): Buffer[] {
  return Object.entries(images).map(([tag, { width, height, png }]) => {
    const rgb = 3;
    const image = Buffer.concat([varintField(1, height), varintField(2, width), varintField(3, rgb), bytes(4, png)]);
    return bytes(1, Buffer.concat([bytes(1, Buffer.from(tag)), bytes(4, image)]));
  });
}

/** The step of an encoded event, to find where a file must be cut. */
export function stepOfEvent(event: Uint8Array): number {
  let at = 0;
  while (at < event.length) {
    const [key, afterKey] = readVarint(event, at);
    const [field, wire] = [Math.floor(key / 8), key % 8];
    if (wire === 0) {
      const [value, next] = readVarint(event, afterKey);
      if (field === 2) return value;
      at = next;
    } else if (wire === 2) {
      const [length, next] = readVarint(event, afterKey);
      at = next + length;
    } else at = afterKey + (wire === 1 ? 8 : 4);
  }
  return 0; // proto3 leaves zeros out
}

const key = (field: number, wire: number): Buffer => varint(field * 8 + wire);
const varintField = (field: number, value: number): Buffer => Buffer.concat([key(field, 0), varint(value)]);

function varint(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) + 128);
  return Buffer.from([...out, rest]);
}

function readVarint(from: Uint8Array, start: number): [value: number, next: number] {
  let value = 0;
  let scale = 1;
  for (let at = start; at < from.length; at++, scale *= 128) {
    const byte = from[at] as number;
    value += (byte & 127) * scale;
    if (byte < 128) return [value, at + 1];
  }
  return [value, from.length];
}

function bytes(field: number, value: Uint8Array): Buffer {
  return Buffer.concat([key(field, 2), varint(value.length), value]);
}

function double(field: number, value: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeDoubleLE(value);
  return Buffer.concat([key(field, 1), out]);
}

function float(field: number, value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeFloatLE(value);
  return Buffer.concat([key(field, 5), out]);
}
