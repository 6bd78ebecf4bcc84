// Our weights by another program's names and axes, as a safetensors file that it can load.
import { bytesOf, encodeHeader, type HeaderEntry } from "../checkpoint/safetensors.ts";
import type { TensorPlace } from "../checkpoint/safetensors.ts";
import { writeAtomic } from "../files/atomic.ts";
import { FileBytes } from "./bytes.ts";
import { inTheirOrder, nameThere, type Pair } from "./naming.ts";
import { countOf, readParts } from "./tensor.ts";

/** Where one of our tensors lies in our checkpoint; throws a DamagedFile if it has none. */
export type Places = (name: string) => TensorPlace;

/** @param checkpoint the checkpoint's path */
export async function publish(out: string, checkpoint: string, places: Places, pairs: readonly Pair[], metadata: Readonly<Record<string, string>>): Promise<void> {
  const entries = pairs.map((pair): HeaderEntry => ({ name: nameThere(pair), shape: pair.shape, data: { byteLength: 4 * countOf(pair.shape) } }));
  const file = FileBytes.open(checkpoint);
  function* bytes(): Generator<Uint8Array> {
    yield encodeHeader(entries, metadata);
    for (const pair of pairs) {
      const { begin } = places(pair.value.replace(":", "/"));
      for (const part of readParts(file, inTheirOrder(begin, pair), "float32")) yield* bytesOf(part);
    }
  }
  try {
    await writeAtomic(out, bytes());
  } finally {
    file.close();
  }
}
