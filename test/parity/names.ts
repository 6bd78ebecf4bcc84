// Our names of parameters and state, and PyTorch's (gans.md 1.12): which of our tensors is which key of which published network, as
// layouts/ugatit-pytorch.layout says. What no line of it covers is an error.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Program } from "../../compiler/program";
import { parseLayout } from "../../runtime/import/layout";
import { lookUp } from "../../runtime/import/naming";

export interface TheirTensor {
  readonly net: string;
  readonly key: string;
  /** A vector of ours is [1, C] or [1, C, 1, 1] there. */
  readonly shape: "same" | "reshape";
}

const PATH = fileURLToPath(new URL("../../layouts/ugatit-pytorch.layout", import.meta.url));
export const LAYOUT = parseLayout(PATH, readFileSync(PATH, "utf8"));

/** `AB` is genA2B; `DA.0` is the global critic of domain A. */
function netOf(net: string): string {
  const line = LAYOUT.nets.find((n) => n.ours === net);
  if (!line) throw new Error(`no network of PyTorch's is ${net}`);
  return line.theirs;
}

export function theirName(net: string, name: string): TheirTensor {
  const theirs = netOf(net);
  const found = lookUp(LAYOUT, net, name.slice(net.length + 1));
  if (!found) throw new Error(`no key of PyTorch's ${theirs} is ${name}`);
  return { net: theirs, key: found.key, shape: found.rule.axes ? "reshape" : "same" };
}

export const theirNet = (net: string): string => netOf(net);

export interface Mapping {
  readonly parameters: Readonly<Record<string, TheirTensor>>;
  readonly state: Readonly<Record<string, TheirTensor>>;
}

export function mappingOf(program: Program): Mapping {
  const map = (list: readonly { name: string; net: string }[]): Record<string, TheirTensor> => Object.fromEntries(list.map((x) => [x.name, theirName(x.net, x.name)]));
  return { parameters: map(program.params), state: map(program.states) };
}
