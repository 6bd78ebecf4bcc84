// A file of weights, whatever wrote it: the tensors by name, told apart by its first bytes and not by its ending.
import { decodeHeader, DamagedFile } from "../checkpoint/safetensors.ts";
import { UserError } from "../files/errors.ts";
import { ByteStream, FileBytes } from "./bytes.ts";
import { flattenTensors } from "./flatten.ts";
import { type DType, WIDTH } from "./floats.ts";
import { readLegacy } from "./legacy.ts";
import { readPickle } from "./pickle.ts";
import { isPrintable, printable } from "./printable.ts";
import { rowMajor, type StoredTensor } from "./tensor.ts";
import { TORCH, type TensorView } from "./torch.ts";
import { checkRecord, readRecords, type ZipRecord } from "./zip.ts";

export interface WeightFile {
  readonly file: FileBytes;
  /** "PyTorch zip", "PyTorch before 1.6", "safetensors". */
  readonly format: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Holds a tensor's bytes against their checksum, where the format has one; a DamagedFile if they differ. */
  check(name: string): void;
}

/** The caller closes `file`. Throws UserErrors only, and has then closed it. */
export async function openWeightFile(path: string): Promise<WeightFile> {
  const file = FileBytes.open(path);
  try {
    const opened = await openByContent(file);
    const strange = [...opened.tensors.keys()].find((name) => !isPrintable(name));
    if (strange !== undefined) throw new UserError(`${path} is refused: it holds a tensor of the name ${printable(strange)}`);
    return opened;
  } catch (e) {
    file.close();
    throw e;
  }
}

async function openByContent(file: FileBytes): Promise<WeightFile> {
  const { path } = file;
  const head = Buffer.alloc(16);
  const got = file.some(0, head);
  if (got === 0) throw new UserError(`${path} is empty`);
  if (head.readUInt32LE(0) === 0x04034b50) return openZip(file);
  // Before the old pickles: the length of a safetensors header may begin with any byte, and theirs never have a { there.
  if (head[8] === 0x7b) return openSafetensors(file);
  if (head[0] === 0x80) return openLegacy(file);
  if (PACKED.some((magic) => head.subarray(0, magic.length).equals(magic))) throw new UserError(`${path} is an archive, not a checkpoint`, "unpack it first");
  throw new UserError(`${path} is neither a PyTorch checkpoint nor a safetensors file: it begins with ${shown(head.subarray(0, got))}`);
}

/** As text where it is text (a web page saved instead of the file), else its first bytes. */
function shown(head: Buffer): string {
  const text = head.toString("latin1").split(/[\r\n]/, 1)[0] as string;
  return /^[ -~]+$/.test(text) ? `"${text}"` : head.subarray(0, 8).toString("hex");
}

/** gzip, 7-zip, xz. */
const PACKED = ["1f8b", "377abcaf", "fd377a58"].map((hex) => Buffer.from(hex, "hex"));

const LONGEST_PICKLE = 1 << 26;

async function openZip(file: FileBytes): Promise<WeightFile> {
  const records = await readRecords(file);
  const pickles = [...records.keys()].filter((name) => /(^|\/)data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (pickle === undefined || pickles.length > 1) throw new UserError(`${file.path} is a zip with ${pickles.length} records named data.pkl; a PyTorch checkpoint has one`);
  const folder = pickle.slice(0, -"data.pkl".length);
  if (records.has(`${folder}constants.pkl`)) throw new UserError(`${file.path} is a TorchScript archive, a program with its weights`, "save its state_dict: torch.save(torch.jit.load(FILE).state_dict(), OUT)");
  refuseCompressed(file, records);
  refuseBigEndian(file, records.get(`${folder}byteorder`));
  const { begin, size } = records.get(pickle) as ZipRecord;
  if (size > LONGEST_PICKLE) throw new UserError(`${file.path} is refused: its ${pickle} has ${size} bytes`);
  checkRecord(file, records.get(pickle) as ZipRecord);
  const root = readPickle(new ByteStream(file, begin, begin + size), TORCH, pickle);
  const recordOf = (name: string, view: TensorView): ZipRecord => {
    const record = records.get(`${folder}data/${view.storage.key}`);
    if (!record) throw new DamagedFile(file.path, `the record data/${view.storage.key} of ${name} is missing`);
    return record;
  };
  const views = flattenTensors(file.path, root);
  const tensors = place(file, views, (name, view) => recordOf(name, view));
  const checked = new Set<ZipRecord>();
  const check = (name: string): void => {
    const record = recordOf(name, views.get(name) as TensorView);
    if (!checked.has(record)) checkRecord(file, record);
    checked.add(record);
  };
  return { file, format: "PyTorch zip", tensors, check };
}

/** Whichever it is: a bomb has no other way to grow. */
function refuseCompressed(file: FileBytes, records: ReadonlyMap<string, ZipRecord>): void {
  const found = [...records.values()].find((r) => r.compressed);
  if (found) throw new UserError(`${file.path} is refused: its record ${printable(found.name)} is compressed`, "torch.save stores records as they are; unpack the zip and save the checkpoint again");
}

function refuseBigEndian(file: FileBytes, order: ZipRecord | undefined): void {
  if (order && order.size <= 16 && file.read(order.begin, order.size).toString("latin1").trim() !== "little") throw new UserError(`${file.path} was written by a big-endian machine, whose order of bytes ganc does not read`);
}

function openLegacy(file: FileBytes): WeightFile {
  const { root, storages } = readLegacy(file);
  const views = flattenTensors(file.path, root);
  const tensors = place(file, views, (name, { storage }) => {
    const extent = storages.get(storage.key);
    if (!extent) throw new DamagedFile(file.path, `the storage ${storage.key} of ${name} is missing`);
    return extent;
  });
  return { file, format: "PyTorch before 1.6", tensors, check: () => undefined };
}

/** Where each tensor's first number lies; a storage that claims more than its bytes hold is damage. */
function place(file: FileBytes, views: ReadonlyMap<string, TensorView>, extent: (name: string, view: TensorView) => { readonly begin: number; readonly size: number }): Map<string, StoredTensor> {
  return new Map([...views].map(([name, view]) => {
    const { storage, shape, strides, offset } = view;
    const width = WIDTH[storage.dtype];
    const { begin, size } = extent(name, view);
    if ((storage.offset + storage.count) * width > size) throw new DamagedFile(file.path, `${name} needs ${storage.offset + storage.count} numbers of ${storage.dtype}, its storage has ${size} bytes`);
    if (begin + size > file.size) throw file.cut(begin, size);
    return [name, { dtype: storage.dtype, shape, strides, begin: begin + (storage.offset + offset) * width }];
  }));
}

const SAFETENSORS: Readonly<Record<string, DType>> = {
  F32: "float32", F64: "float64", F16: "float16", BF16: "bfloat16", I64: "int64", I32: "int32", I16: "int16", I8: "int8", U8: "uint8", BOOL: "bool",
};

function openSafetensors(file: FileBytes): WeightFile {
  const header = decodeHeader(file.path, file.size, (at, length) => file.read(at, length));
  const tensors = new Map([...header.tensors].map(([name, { dtype, shape, begin }]): [string, StoredTensor] => {
    const type = SAFETENSORS[dtype];
    if (!type) throw new UserError(`${file.path}: ${name} is ${dtype}, which ganc does not read`);
    return [name, { dtype: type, shape, strides: rowMajor(shape), begin }];
  }));
  return { file, format: "safetensors", tensors, check: () => undefined };
}
