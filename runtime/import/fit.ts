// Does a file fit a program, tensor by tensor? What is missing, of another shape or type, or left over is told in one message.
import { UserError } from "../files/errors.ts";
import type { WeightFile } from "./file.ts";
import { type FloatType, isFloat } from "./floats.ts";
import type { Layout } from "./layout.ts";
import { inOurOrder, nameThere, type Pair } from "./naming.ts";
import type { StoredTensor } from "./tensor.ts";

/** One of our tensors, and where its numbers come from. */
export interface Source {
  readonly pair: Pair;
  /** Undefined: the file has none, and it begins as in a fresh run. */
  readonly found: { readonly file: WeightFile; readonly name: string; readonly type: FloatType; /** In our axes. */ readonly tensor: StoredTensor } | undefined;
}

export interface Fit {
  readonly sources: readonly Source[];
  /** Names of theirs that none of ours wants. */
  readonly leftOver: readonly string[];
  /** The dictionary that the nets were found in, where it is not the outermost. */
  readonly under: string;
}

/** A file, or a part of one: its tensors are looked for under `at` ("" or "genA2B."). */
export interface Given {
  readonly file: WeightFile;
  readonly at: string;
}

export interface FitOptions {
  /** What the file lacks begins as in a fresh run, and what it has beyond is passed over. */
  readonly partial: boolean;
  /** The spec's name, for messages. */
  readonly spec: string;
}

interface Entry {
  readonly file: WeightFile;
  readonly name: string;
}

/** Throws a UserError if the files do not fit. */
export function fit(given: readonly Given[], layout: Layout, pairs: readonly Pair[], { partial, spec }: FitOptions): Fit {
  const all = new Map<string, Entry>(given.flatMap(({ file, at }) => [...file.tensors.keys()].map((name) => [at + name, { file, name }] as const)));
  const where = given.map((g) => g.file.file.path).join(", ");
  const under = rootOf([...all.keys()], layout);
  const used = new Set<string>();
  const wrong: string[] = [];
  const missing: Pair[] = [];
  const sources = pairs.map((pair): Source => {
    const name = under + nameThere(pair);
    const entry = all.get(name);
    if (!entry) missing.push(pair);
    if (!entry) return { pair, found: undefined };
    used.add(name);
    const tensor = entry.file.tensors.get(entry.name) as StoredTensor;
    const type = tensor.dtype;
    if (!isFloat(type)) wrong.push(`${name} holds ${type}, not numbers with a fraction`);
    else if (show(tensor.shape) !== show(pair.shape)) wrong.push(`${name} is ${show(tensor.shape)}, the spec wants ${show(pair.shape)}`);
    else return { pair, found: { ...entry, type, tensor: inOurOrder(tensor, pair) } };
    return { pair, found: undefined };
  });
  const leftOver = [...all.keys()].filter((name) => !used.has(name) && !layout.ignored.some((p) => p.match(name)));
  if (used.size === 0) throw new UserError(`${where} holds nothing that ${layout.path} names: ${all.size === 0 ? "it has no tensors" : list([...all.keys()], 3)}`, `looked for ${list(pairs.map(nameThere), 3)}`);
  const faults = [...wrong.length > 0 ? [list(wrong, 4, "; ")] : [], ...(partial ? [] : [...missingOf(missing, pairs), ...(leftOver.length > 0 ? [`left over: ${list(leftOver, 4)}`] : [])])];
  if (faults.length > 0) throw new UserError(`${where} does not fit ${spec}: ${faults.join("; ")}`, hintOf(wrong.length > 0));
  return { sources, leftOver, under };
}

function hintOf(wrong: boolean): string {
  const settings = "give --set and --variant as the file was made with (ch, blocks, light or full)";
  return wrong ? settings : `${settings}; or import what there is with --partial`;
}

/** Whole networks that are missing are told as such. */
function missingOf(missing: readonly Pair[], pairs: readonly Pair[]): string[] {
  const nets = [...new Set(missing.map((p) => p.net))].filter((net) => !pairs.some((p) => p.net === net && !missing.includes(p)));
  const single = missing.filter((p) => !nets.includes(p.net)).map(nameThere);
  return [...(nets.length > 0 ? [`the network${nets.length > 1 ? "s" : ""} ${nets.join(", ")} ${nets.length > 1 ? "are" : "is"} missing`] : []), ...(single.length > 0 ? [`missing: ${list(single, 4)}`] : [])];
}

function list(names: readonly string[], most: number, between = ", "): string {
  const more = names.length - most;
  return `${names.slice(0, most).join(between)}${more > 0 ? `${between}and ${more} more` : ""}`;
}

const show = (shape: readonly number[]): string => `[${shape.join(", ")}]`;

/** The networks may lie in an outer dictionary (`model.genA2B.…`): the one where all of them are. */
function rootOf(names: readonly string[], { nets }: Layout): string {
  const first = nets[0]?.theirs ?? ".";
  if (nets.some((n) => n.theirs === "." || names.some((name) => name.startsWith(`${n.theirs}.`)))) return "";
  const roots = names.flatMap((name) => {
    const at = name.indexOf(`.${first}.`);
    return at < 0 ? [] : [name.slice(0, at + 1)];
  });
  const whole = [...new Set(roots)].filter((root) => nets.every((n) => names.some((name) => name.startsWith(`${root}${n.theirs}.`))));
  return whole.length === 1 ? (whole[0] as string) : "";
}
