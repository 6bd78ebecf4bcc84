// What torch.save pickles: dictionaries, and tensors that point into storages kept outside the pickle. The names below are all that
// such a file may say; they are facts of PyTorch's file format (torch/_utils.py, torch/serialization.py), done here by hand.
import { type DType } from "./floats.ts";
import { Dict, type Fail, List, Named, Tuple, type Value, type World } from "./pickle.ts";
import { printable } from "./printable.ts";
import { countOf } from "./tensor.ts";

/** A block of numbers outside the pickle. */
export interface Storage {
  readonly made: "storage";
  readonly dtype: DType;
  readonly key: string;
  /** In elements. */
  readonly count: number;
  /** Old files: it is a part of the storage `key`, from this element on. */
  readonly offset: number;
}

/** A view of a storage. */
export interface TensorView {
  readonly made: "tensor";
  readonly storage: Storage;
  /** In elements, from the storage's first. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

const STORAGES: Readonly<Record<string, DType>> = {
  FloatStorage: "float32", DoubleStorage: "float64", HalfStorage: "float16", BFloat16Storage: "bfloat16", LongStorage: "int64", IntStorage: "int32",
  ShortStorage: "int16", CharStorage: "int8", ByteStorage: "uint8", BoolStorage: "bool", ComplexFloatStorage: "complex64", ComplexDoubleStorage: "complex128",
};
const MOST_AXES = 16;

export const isStorage = (v: Value | undefined): v is Storage => is(v, "storage");
export const isTensor = (v: Value | undefined): v is TensorView => is(v, "tensor");

function is(v: Value | undefined, made: string): boolean {
  return typeof v === "object" && v !== null && "made" in v && v.made === made;
}

function whole(v: Value | undefined, what: string, fail: Fail): number {
  if (typeof v !== "number" || !Number.isSafeInteger(v) || v < 0) throw fail(`has ${what} that is no whole number`);
  return v;
}

function wholes(v: Value | undefined, what: string, fail: Fail): number[] {
  if (!(v instanceof Tuple) && !(v instanceof List)) throw fail(`has ${what} that is no list`);
  if (v.items.length > MOST_AXES) throw fail(`has a tensor of ${v.items.length} axes`);
  return v.items.map((x) => whole(x, what, fail));
}

/** (storage, offset, size, strides, requires_grad, hooks, metadata): the last may say that the numbers are to be negated or conjugated. */
function tensor([storage, at, size, steps, , , metadata]: readonly Value[], fail: Fail): TensorView {
  if (metadata instanceof Dict && metadata.entries.size > 0) throw fail(`has a tensor with ${printable([...metadata.entries.keys()].join(", "))} set`);
  if (!isStorage(storage)) throw fail("makes a tensor of what is no storage");
  const offset = whole(at, "an offset", fail);
  const shape = wholes(size, "a size", fail);
  const strides = wholes(steps, "strides", fail);
  if (shape.length !== strides.length) throw fail(`has a tensor of ${shape.length} sizes and ${strides.length} strides`);
  const last = countOf(shape) === 0 ? 0 : 1 + offset + shape.reduce((n, d, i) => n + (d - 1) * (strides[i] as number), 0);
  if (!(last <= storage.count)) throw fail(`has a tensor that reaches to element ${last} of a storage of ${storage.count}`);
  return { made: "tensor", storage, offset, shape, strides };
}

function ordered([items]: readonly Value[], fail: Fail): Dict {
  const dict = new Dict();
  if (items === undefined) return dict;
  const pairs = items instanceof List ? items.items : undefined;
  if (!pairs) throw fail("fills a dictionary with what is no list");
  for (const pair of pairs) {
    const [key, value] = pair instanceof List || pair instanceof Tuple ? pair.items : [];
    if (key === undefined || value === undefined) throw fail("fills a dictionary with what are no pairs");
    dict.entries.set(key, value);
  }
  return dict;
}

const first = ([value]: readonly Value[], fail: Fail): Value => {
  if (value === undefined) throw fail("calls a function without its argument");
  return value;
};

/** ("storage", type, key, place, count[, (view's key, offset, count)]). */
function storage(id: Value, fail: Fail): Storage {
  const [kind, type, key, , count, view] = id instanceof Tuple ? id.items : [];
  if (kind !== "storage" || !(type instanceof Named) || typeof key !== "string" || !/^\w{1,100}$/.test(key)) throw fail("refers to something that is no storage");
  const dtype = STORAGES[type.name.replace("torch.", "")];
  if (!dtype) throw fail(`has a storage of type ${type.name}`);
  if (!(view instanceof Tuple)) return { made: "storage", dtype, key, count: whole(count, "a storage's size", fail), offset: 0 };
  const [, offset, part] = view.items;
  return { made: "storage", dtype, key, count: whole(part, "a storage's size", fail), offset: whole(offset, "an offset", fail) };
}

export const TORCH: World = {
  names: new Map<string, ((args: readonly Value[], fail: Fail) => Value) | undefined>([
    ["collections.OrderedDict", ordered],
    ["torch._utils._rebuild_tensor_v2", tensor],
    ["torch._utils._rebuild_tensor", tensor],
    ["torch._utils._rebuild_parameter", first],
    ["torch.Size", first],
    ["torch.device", first],
    ...Object.keys(STORAGES).map((name) => [`torch.${name}`, undefined] as const),
  ]),
  persistent: storage,
};
