import { describe, expect, it } from "vitest";
import type { FormName } from "../../../backends/onnx/forms/choice";
import { emitModel } from "../../../backends/onnx/model";
import { Builder } from "../../../compiler/graph/builder";
import { evaluate } from "../../../compiler/graph/evaluate";
import type { NodeId, PadMode, Window2d } from "../../../compiler/graph/types";
import { axes, count, draws, relativeError, run, sizes } from "./kit";

// Every form of a convolution and of its adjoints, forced, against the reference evaluation in double precision.

interface Layer {
  readonly n: number;
  readonly c: number;
  readonly k: number;
  readonly size: readonly [number, number];
  readonly taps: number;
  readonly mode?: PadMode;
  readonly pad?: number;
  readonly up?: boolean;
  readonly window?: Partial<Window2d>;
}
/** Sizes that whole tiles cover and sizes that they do not, batches, borders of every kind. */
const LAYERS: readonly Layer[] = [
  { n: 1, c: 3, k: 4, size: [8, 12], taps: 3, mode: "reflect", pad: 1 },
  { n: 2, c: 4, k: 3, size: [7, 10], taps: 3, mode: "reflect", pad: 1 },
  { n: 1, c: 3, k: 2, size: [9, 6], taps: 3, mode: "zero", pad: 1 },
  { n: 2, c: 2, k: 5, size: [5, 8], taps: 3, mode: "edge", pad: 2 },
  { n: 1, c: 3, k: 3, size: [6, 9], taps: 3 },
  { n: 2, c: 3, k: 2, size: [8, 7], taps: 3, window: { pad: [1, 1] } },
  { n: 1, c: 3, k: 4, size: [9, 11], taps: 4, mode: "reflect", pad: 1 },
  { n: 2, c: 3, k: 2, size: [6, 6], taps: 4, window: { pad: [2, 1] } },
  { n: 1, c: 3, k: 4, size: [6, 8], taps: 3, mode: "reflect", pad: 1, up: true },
  { n: 2, c: 4, k: 3, size: [5, 7], taps: 3, mode: "reflect", pad: 1, up: true },
  { n: 1, c: 2, k: 2, size: [5, 4], taps: 3, mode: "zero", pad: 1, up: true },
  { n: 1, c: 2, k: 2, size: [4, 6], taps: 3, window: { pad: [1, 1] }, up: true },
  { n: 2, c: 4, k: 2, size: [9, 10], taps: 7, mode: "reflect", pad: 3 },
  { n: 1, c: 2, k: 3, size: [7, 8], taps: 5, window: { pad: [2, 1] } },
  { n: 2, c: 5, k: 3, size: [4, 5], taps: 1 },
  { n: 3, c: 4, k: 5, size: [6, 5], taps: 4, window: { stride: [2, 2], pad: [1, 1] } },
  { n: 2, c: 3, k: 4, size: [3, 4], taps: 4, mode: "reflect", pad: 1 },
];
const label = (l: Layer): string => `${l.n}×${l.c}→${l.k} at ${l.size.join("×")}, ${l.taps} taps${l.up ? ", upsampled" : ""}, ${l.mode ?? "no"} pad ${l.pad ?? ""}${l.window ? JSON.stringify(l.window) : ""}`;

interface Built {
  readonly b: Builder;
  readonly inputs: readonly NodeId[];
  readonly y: NodeId;
}
type Kind = "conv" | "input adjoint" | "kernel adjoint";

function build(kind: Kind, l: Layer): Built {
  const b = new Builder();
  const window: Window2d = { kernel: [l.taps, l.taps], stride: [1, 1], pad: [0, 0], ...l.window };
  const input = (name: string, shape: string): NodeId => b.add("input", { kind: "data", name, shape: axes(shape) }, []);
  const p = l.pad ?? 0;
  const amounts = { top: p, bottom: p, left: p, right: p };
  const [h, w] = l.size;
  const before = (x: NodeId): NodeId => {
    const up = l.up ? b.add("upsample", { factor: 2 }, [x]) : x;
    return l.mode ? b.add("pad", { mode: l.mode, amounts }, [up]) : up;
  };
  const factor = l.up ? 2 : 1;
  const [ph, pw] = [h * factor + 2 * p, w * factor + 2 * p];
  const out = (size: number, i: 0 | 1): number => Math.floor((size + 2 * window.pad[i] - l.taps) / window.stride[i]) + 1;
  const [oh, ow] = [out(ph, 0), out(pw, 1)];
  if (kind === "conv") {
    const [x, k] = [input("x", `batch:${l.n} c:${l.c} h:${h} w:${w}`), input("k", `out:${l.k} in:${l.c} kh:${l.taps} kw:${l.taps}`)];
    return { b, inputs: [x, k], y: b.add("conv", { window }, [before(x), k]) };
  }
  const g = input("g", `batch:${l.n} c:${l.k} h:${oh} w:${ow}`);
  if (kind === "kernel adjoint") {
    const x = input("x", `batch:${l.n} c:${l.c} h:${h} w:${w}`);
    return { b, inputs: [g, x], y: b.add("conv_kernel_adjoint", { window }, [before(x), g]) };
  }
  const k = input("k", `out:${l.k} in:${l.c} kh:${l.taps} kw:${l.taps}`);
  let y = b.add("conv_input_adjoint", { window, h: ph, w: pw }, [g, k]);
  if (l.mode) y = b.add("pad_adjoint", { mode: l.mode, amounts }, [y]);
  if (l.up) y = b.add("upsample_adjoint", { factor: 2 }, [y]);
  return { b, inputs: [g, k], y };
}

const FORMS: Record<Kind, readonly (FormName | "direct" | "transposed" | "patches")[]> = {
  conv: ["direct", "scattered", "gathered", "winograd", "subpixel"],
  "input adjoint": ["transposed", "turned", "product", "gathered", "winograd", "subpixel"],
  "kernel adjoint": ["patches", "swapped", "winograd", "subpixel"],
};
/** Sums of a few dozen products in float32; Winograd's transforms lose up to seven times as much. */
const tolerance = (form: string): number => (form === "winograd" ? 1e-5 : 2e-6);

describe("forms of convolutions", () => {
  const reached = new Set<string>();
  for (const kind of Object.keys(FORMS) as Kind[]) {
    it.each(LAYERS.map((l) => ({ l, name: label(l) })))(`${kind}: $name`, async ({ l }) => {
      const { b, inputs, y } = build(kind, l);
      const random = draws(3);
      const feeds = Object.fromEntries(inputs.map((id) => [`i${id}`, random(count(sizes(b.shape(id))))]));
      const fed = new Map(inputs.map((id) => [id, { shape: sizes(b.shape(id)), data: Float64Array.from(feeds[`i${id}`]!) }]));
      const wanted = evaluate(b, [y], fed).get(y)!;
      const spec = { name: "m", graph: b, inputs: inputs.map((node) => ({ node, name: `i${node}` })), outputs: [{ node: y, name: "y" }] };
      const [key] = Object.keys(emitModel(spec).chosen);
      for (const form of FORMS[kind]) {
        const lowerings = { chosen: { [key!]: form } };
        const { chosen } = emitModel({ ...spec, lowerings });
        if (chosen[key!] !== form) continue;
        reached.add(`${kind} ${form}`);
        const result = await run({ ...spec, lowerings }, feeds);
        expect(result["y"]!.dims, form).toEqual(wanted.shape.map((a) => a.dim));
        expect(relativeError(result["y"]!.data, wanted.data), form).toBeLessThanOrEqual(tolerance(form));
      }
    });
  }

  it("all of them were run", () => {
    expect([...reached].sort()).toEqual(Object.entries(FORMS).flatMap(([kind, forms]) => forms.map((f) => `${kind} ${f}`)).sort());
  });
});
