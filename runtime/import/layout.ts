// A layout says, line by line, which of our tensors is which of another program's (docs/layouts.md). This reads one; naming.ts
// applies it. The first line that fits a name counts.
import { UserError } from "../files/errors.ts";
import { linesOf, type TextLine } from "./lines.ts";
import { type Pattern, parsePattern, parseTemplate, type Template } from "./pattern.ts";

export interface Rule {
  readonly ours: Pattern;
  readonly theirs: Template;
  /** Their axes in order; undefined: ours, as they are. */
  readonly axes: readonly Axis[] | undefined;
  /** The line counts only where the spec's params have these values. */
  readonly when: readonly { readonly param: string; readonly value: string }[];
  readonly line: number;
}

export interface Axis {
  /** Our name of it; "1" for one of length 1 that we do not have. */
  readonly axis: string;
  /** It counts over several, slowest first: in our order and in theirs. */
  readonly split?: { readonly ours: readonly string[]; readonly theirs: readonly string[] };
}

/** A length: a number, or a param of the spec times `times` over `over`. */
export interface Size {
  readonly param: string | undefined;
  readonly times: number;
  readonly over: number;
}

export interface NetLine {
  readonly ours: string;
  readonly theirs: string;
  readonly part: string;
}

export interface Layout {
  readonly path: string;
  readonly nets: readonly NetLine[];
  readonly parts: ReadonlyMap<string, readonly Rule[]>;
  /** Lengths of what an axis is split into. */
  readonly sizes: ReadonlyMap<string, Size>;
  /** Names of theirs that mean nothing to us. */
  readonly ignored: readonly Pattern[];
  /** Told at every import. */
  readonly notes: readonly string[];
  /** What a value outside its range proves. */
  readonly outside: string | undefined;
  /** Params of the spec by option: `old-variance` is --old-variance. */
  readonly options: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

interface Draft {
  nets: NetLine[];
  parts: Map<string, Rule[]>;
  sizes: Map<string, Size>;
  ignored: Pattern[];
  notes: string[];
  outside: string | undefined;
  options: Map<string, Map<string, string>>;
}

type Fail = (what: string, hint?: string) => UserError;
type Inside = (line: TextLine, fail: Fail) => void;

/** What may stand at a line's beginning. A block's reader of the indented lines below it is what it returns. */
const WORDS: Readonly<Record<string, (draft: Draft, line: TextLine, fail: Fail) => Inside | undefined>> = {
  net(draft, { words }, fail) {
    const [ours, theirs, part, more] = words;
    if (ours === undefined || theirs === undefined || part === undefined || more !== undefined) throw fail("a net has three words", "net OURS THEIRS PART, for example: net AB genA2B generator");
    if (draft.nets.some((n) => n.ours === ours || n.theirs === theirs)) throw fail(`the net ${ours} or ${theirs} stands above already`);
    draft.nets.push({ ours, theirs, part });
    return undefined;
  },
  part(draft, { words }, fail) {
    const [name, more] = words;
    if (name === undefined || more !== undefined) throw fail("a part has one word, its name");
    if (draft.parts.has(name)) throw fail(`the part ${name} stands above already`);
    const rules: Rule[] = [];
    draft.parts.set(name, rules);
    return (line, failInside) => void rules.push(ruleOf(line, failInside));
  },
  size(draft, { words: [axis, ...value] }, fail) {
    const found = /^(?:(?:(\d+)\*)?([a-z]\w*)(?:\/(\d+))?|(\d+))$/.exec(value.join(""));
    if (axis === undefined || !found) throw fail("a size is an axis and its length", "for example: size c 4*ch, or: size h size/4");
    draft.sizes.set(axis, { param: found[2], times: Number(found[1] ?? found[4] ?? 1), over: Number(found[3] ?? 1) });
    return undefined;
  },
  ignore(draft, { words }, fail) {
    if (words.length === 0) throw fail("ignore wants a name of theirs");
    draft.ignored.push(...words.map((word) => parsePattern(word, fail)));
    return undefined;
  },
  note(draft, { rest }) {
    draft.notes.push(rest);
    return undefined;
  },
  outside(draft, { rest }) {
    draft.outside = rest;
    return undefined;
  },
  option(draft, { words }, fail) {
    const [name, more] = words;
    if (name === undefined || more !== undefined) throw fail("an option has one word, its name");
    const settings = new Map<string, string>();
    draft.options.set(name, settings);
    return ({ first, rest }, failInside) => {
      if (rest === "") throw failInside("an option's line is a param of the spec and its value");
      settings.set(first, rest);
    };
  },
};

export function parseLayout(path: string, text: string): Layout {
  const draft: Draft = { nets: [], parts: new Map(), sizes: new Map(), ignored: [], notes: [], outside: undefined, options: new Map() };
  let inside: Inside | undefined;
  for (const line of linesOf(text)) {
    const fail: Fail = (what, hint) => new UserError(`${path}, line ${line.number}: ${what}`, hint);
    if (line.indented) {
      if (!inside) throw fail("an indented line belongs to a part or an option, and none is open");
      inside(line, fail);
      continue;
    }
    const word = Object.hasOwn(WORDS, line.first) ? WORDS[line.first] : undefined;
    if (!word) throw fail(`a line begins with ${Object.keys(WORDS).join(", ")}, not with ${line.first}`, "lines of a part are indented");
    inside = word(draft, line, fail);
  }
  if (draft.nets.length === 0) throw new UserError(`${path} names no net`, "for example: net AB genA2B generator");
  for (const { ours, part } of draft.nets) if (!draft.parts.has(part)) throw new UserError(`${path}: the net ${ours} is of part ${part}, which is not there`);
  return { path, ...draft };
}

function ruleOf({ text, number }: TextLine, fail: Fail): Rule {
  const found = /^(\S+)\s+(\S+)(?:\s+\[([^\]]*)\])?(?:\s+when\s+(.+))?$/.exec(text);
  if (!found) throw fail("a line of a part is our name, theirs, and their axes where they differ", "for example: image.*{k}.rho  UpBlock2.{5k-2}.rho  [1, c, 1, 1]");
  const [, left = "", right = "", list, conditions] = found;
  const ours = parsePattern(left, fail);
  const axes = list?.split(",").map((axis) => axisOf(axis.trim(), fail));
  return { ours, theirs: parseTemplate(right, ours.names, fail), axes, when: conditions?.split(",").map((c) => conditionOf(c, fail)) ?? [], line: number };
}

function conditionOf(text: string, fail: Fail): { param: string; value: string } {
  const [, param, value] = /^\s*(\w+)\s*=\s*(\S+)\s*$/.exec(text) ?? [];
  if (param === undefined || value === undefined) throw fail(`${text.trim()} is no condition`, "for example: when light = false");
  return { param, value };
}

/** `c`, `1`, or `in: h w c -> c h w`. */
function axisOf(text: string, fail: Fail): Axis {
  if (/^(1|[a-z]\w*)$/.test(text)) return { axis: text };
  const [, axis, left, right] = /^([a-z]\w*):\s*([a-z]\w*(?:\s+[a-z]\w*)+)\s*->\s*([a-z]\w*(?:\s+[a-z]\w*)+)$/.exec(text) ?? [];
  if (axis === undefined || left === undefined || right === undefined) throw fail(`${text} is no axis`, "a name of ours, or 1, or an order within one: in: h w c -> c h w");
  const [ours, theirs] = [left.split(/\s+/), right.split(/\s+/)];
  if ([...ours].sort().join(" ") !== [...theirs].sort().join(" ") || new Set(ours).size !== ours.length) throw fail(`${left} and ${right} are not the same axes`);
  return { axis, split: { ours, theirs } };
}
