// torch.save before 1.6 (and `_use_new_zipfile_serialization=False`): five pickles one after another (a magic number, a version,
// facts of the machine, the object, the storages' keys), then each storage as its count (8 bytes) and its numbers.
import { DamagedFile } from "../checkpoint/safetensors.ts";
import { UserError } from "../files/errors.ts";
import { ByteStream, type FileBytes } from "./bytes.ts";
import { WIDTH } from "./floats.ts";
import { Dict, List, readPickle, type Value, type World } from "./pickle.ts";
import { isStorage, type Storage, TORCH } from "./torch.ts";

/** 0x1950a86a20f9469cfc6c as a double: no other whole number a file is likely to begin with rounds to it. */
const MAGIC = Number(0x1950a86a20f9469cfc6cn);
const VERSION = 1001;

export interface Extent {
  readonly begin: number;
  readonly size: number;
}

export function readLegacy(file: FileBytes): { root: Value; storages: Map<string, Extent> } {
  const { path } = file;
  const input = new ByteStream(file, 0, file.size);
  const nothing: World = { ...TORCH, names: new Map() };
  if (readPickle(input, nothing, "its first pickle") !== MAGIC) throw new UserError(`${path} is a pickle, but not one of torch.save`, "save a state_dict with torch.save");
  if (readPickle(input, nothing, "its second pickle") !== VERSION) throw new UserError(`${path} is of a version of PyTorch's format that ganc does not know`);
  const machine = readPickle(input, nothing, "its third pickle");
  if (machine instanceof Dict && machine.entries.get("little_endian") === false) throw new UserError(`${path} was written by a big-endian machine, whose order of bytes ganc does not read`);
  const seen = new Map<string, Storage>();
  const world: World = { ...TORCH, persistent: (id, fail) => remember(seen, TORCH.persistent(id, fail)) };
  const root = readPickle(input, world, "its object's pickle");
  const keys = readPickle(input, nothing, "its list of storages");
  if (!(keys instanceof List)) throw new DamagedFile(path, "its list of storages is none");
  const storages = new Map<string, Extent>();
  let at = input.at;
  for (const key of keys.items) {
    const storage = typeof key === "string" ? seen.get(key) : undefined;
    if (typeof key !== "string" || !storage) throw new DamagedFile(path, "its list of storages names one that no tensor has");
    const count = file.read(at, 8).readBigInt64LE(0);
    const size = Number(count) * WIDTH[storage.dtype];
    if (count < 0n || at + 8 + size > file.size) throw new DamagedFile(path, `storage ${key} has ${count} numbers, more than the file holds: it is cut off or overwritten`);
    storages.set(key, { begin: at + 8, size });
    at += 8 + size;
  }
  if (at !== file.size) throw new DamagedFile(path, `${file.size - at} bytes follow its last storage`);
  return { root, storages };
}

function remember(seen: Map<string, Storage>, made: Value): Value {
  if (isStorage(made)) seen.set(made.key, made);
  return made;
}
