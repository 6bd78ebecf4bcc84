import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { FloatPicture, Picture } from "../../../runtime/data/types";
import type { Random } from "../../../runtime/data/random";

/** A folder of this test file's own, gone at its end. */
export function scratch(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `ganc-${name}-`));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function noise(width: number, height: number, random: Random, channels = 3): Picture {
  return {
    width,
    height,
    channels,
    data: Uint8Array.from({ length: width * height * channels }, () => random.int(256)),
  };
}

export function floats(base64: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(base64, "base64"));
  return new Float32Array(bytes.buffer);
}

export function flat(width: number, height: number, colour: readonly number[]): FloatPicture {
  const area = width * height;
  return {
    width,
    height,
    channels: colour.length,
    data: Float32Array.from({ length: area * colour.length }, (_, i) => colour[Math.floor(i / area)]!),
  };
}
