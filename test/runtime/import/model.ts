// U-GAT-IT with every network as an export, and what imported weights make of a picture in double precision.
import { readFileSync } from "node:fs";
import { compile, type Compiled } from "../../../compiler/compile";
import { evaluate } from "../../../compiler/graph/evaluate";
import type { NdArray } from "../../../compiler/graph/ndarray";
import { axesOf, numbersOf as dimsOf } from "../../../compiler/graph/shape";
import { fit, type Fit } from "../../../runtime/import/fit";
import { openWeightFile } from "../../../runtime/import/file";
import { parseLayout } from "../../../runtime/import/layout";
import { pairsOf } from "../../../runtime/import/naming";
import { numbersOf } from "../../../runtime/import/survey";

const PATH = "layouts/ugatit-pytorch.layout";
export const layoutText = (): string => readFileSync(PATH, "utf8");
export const LAYOUT = parseLayout(PATH, layoutText());
/** Our critics by PyTorch's names: the spec itself exports generators alone. */
const CRITICS = { disGA: "DA[0]", disLA: "DA[1]", disGB: "DB[0]", disLB: "DB[1]" };
export const NETS: Readonly<Record<string, string>> = { genA2B: "A2B", genB2A: "B2A", ...Object.fromEntries(Object.keys(CRITICS).map((n) => [n, n])) };
/** Of the golden files: their picture is smaller than the spec's own. */
const TINY = ["size=16", "load_size=18", "ch=2", "blocks=1", "global_depth=4", "local_depth=3"];

export function compileTiny(set: readonly string[] = []): Compiled {
  const text = readFileSync("specs/ugatit.gan", "utf8") + Object.entries(CRITICS).map(([name, net]) => `\nexport ${name}(x: image[3, H, W]) = ${net}(x)`).join("");
  const c = compile({ path: "specs/ugatit.gan", text }, { set: [...TINY, ...set], variants: [] });
  if (!c.program) throw new Error(c.diagnostics.map((d) => `${d.code} ${d.message}`).join("; "));
  return c;
}

export type Weights = ReadonlyMap<string, Float32Array>;

/** Each of our tensors as an import would write it. */
export async function imported(path: string, c: Compiled, layout = LAYOUT): Promise<{ weights: Weights; found: Fit }> {
  const file = await openWeightFile(path);
  try {
    const found = fit([{ file, at: "" }], layout, pairsOf(layout, c.program!), { partial: false, spec: "ugatit" });
    const numbers = numbersOf(c.program!, 1);
    const weights = new Map(found.sources.map((s) => [s.pair.value, Float32Array.from([...numbers(s)].flatMap((part) => [...part]))]));
    return { weights, found };
  } finally {
    file.file.close();
  }
}

/** One export's outputs by name. */
export function forward(c: Compiled, name: string, x: NdArray, weights: Weights): Map<string, NdArray> {
  const model = c.exports.find((e) => e.name === name)!;
  const feeds = new Map(model.inputs.map((i) => [i.node, x]));
  for (const n of model.graph.nodes) {
    if (n.op !== "input" || n.attrs.kind === "data") continue;
    const dims = dimsOf(n.shape);
    feeds.set(n.id, { shape: axesOf(n.shape).map((axis, i) => ({ axis, dim: dims[i]! })), data: Float64Array.from(weights.get(`${n.attrs.kind}:${n.attrs.name}`)!) });
  }
  const made = evaluate(model.graph, model.outputs.map((o) => o.node), feeds);
  return new Map(model.outputs.map((o) => [o.name, made.get(o.node)!]));
}

export const picture = (shape: readonly number[], data: readonly number[]): NdArray => ({ shape: ["batch", "c", "h", "w"].map((axis, i) => ({ axis, dim: shape[i]! })), data: Float64Array.from(data) });
