// The zip of torch.save (1.6 and newer): NAME/data.pkl and one record a storage, NAME/data/KEY. Records are stored, never
// compressed, so a tensor is read where it lies and a small file cannot grow. yauzl reads the directory, zip64 included.
import { fromRandomAccessReaderPromise, RandomAccessReader } from "yauzl";
import { DamagedFile } from "../checkpoint/safetensors.ts";
import { explainFsError, UserError } from "../files/errors.ts";
import type { FileBytes } from "./bytes.ts";
import { Crc32 } from "./crc32.ts";
import { printable } from "./printable.ts";

export interface ZipRecord {
  readonly name: string;
  /** In bytes from the file's beginning. */
  readonly begin: number;
  readonly size: number;
  /** 0: the writer kept none (torch.serialization.set_crc32_options(False)). */
  readonly crc: number;
  /** Then `begin` and `size` are not its bytes'. */
  readonly compressed: boolean;
}

/** yauzl's own reader throws from within a callback where a zip names a place beyond all counting; this one answers with an error. */
class Reader extends RandomAccessReader {
  constructor(readonly file: FileBytes) {
    super();
  }

  override read(buffer: Buffer, offset: number, length: number, position: number, done: (e: Error | null) => void): void {
    let error: Error | null = null;
    try {
      if (!(position >= 0 && position + length <= this.file.size)) throw this.file.cut(position, length);
      this.file.readInto(position, buffer.subarray(offset, offset + length));
    } catch (e) {
      error = e instanceof Error ? e : new Error(String(e));
    }
    setImmediate(done, error);
  }

  override close(done: (e: Error | null) => void): void {
    setImmediate(done, null);
  }
}

const MOST_RECORDS = 100_000;
const PART = 1 << 22;

export async function readRecords(file: FileBytes): Promise<Map<string, ZipRecord>> {
  const { path } = file;
  const records = new Map<string, ZipRecord>();
  try {
    const zip = await fromRandomAccessReaderPromise(new Reader(file), file.size, { autoClose: false });
    try {
      if (zip.entryCount > MOST_RECORDS) throw new UserError(`${path} is refused: its zip has ${zip.entryCount.toLocaleString("en")} records`);
      for await (const entry of zip.eachEntry()) {
        const name = entry.fileName;
        if (name.endsWith("/")) continue;
        if (entry.isEncrypted()) throw new UserError(`${path} is refused: its record ${printable(name)} is encrypted`);
        if (records.has(name)) throw new DamagedFile(path, `its zip has two records ${printable(name)}`);
        const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
        records.set(name, { name, begin: fileDataStart, size: entry.uncompressedSize, crc: entry.crc32, compressed: entry.compressionMethod !== 0 });
      }
    } finally {
      zip.close();
    }
  } catch (e) {
    const told = explainFsError(e, path);
    if (told instanceof UserError || !(told instanceof Error)) throw told;
    throw new DamagedFile(path, `its zip cannot be read (${printable(told.message)})`);
  }
  return records;
}

/** Throws a DamagedFile where a record's bytes are not those that were written. */
export function checkRecord(file: FileBytes, { name, begin, size, crc }: ZipRecord): void {
  if (crc === 0) return;
  const sum = new Crc32();
  const buffer = Buffer.allocUnsafe(Math.min(PART, size));
  for (let at = 0; at < size; at += PART) {
    const part = buffer.subarray(0, Math.min(PART, size - at));
    file.readInto(begin + at, part);
    sum.update(part);
  }
  if (sum.value !== crc) throw new DamagedFile(file.path, `the checksum of ${printable(name)} does not hold`);
}
