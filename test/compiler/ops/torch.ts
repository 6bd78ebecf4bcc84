// PyTorch's operations of test/oracle/ops_golden.py, written in ours.
import { type Builder } from "../../../compiler/graph/builder";
import { axesOf, countOf, dimOf, type Shape } from "../../../compiler/graph/shape";
import type { NodeId, OpName, Window2d } from "../../../compiler/graph/types";

export type Attrs = Readonly<Record<string, number | string | boolean | readonly number[]>>;
export type Named = Readonly<Record<string, NodeId>>;
type Compose = (t: Torch, x: Named, attrs: Attrs) => NodeId | Record<string, NodeId>;

/** Short names over a builder; numbers become constants. */
export class Torch {
  constructor(readonly b: Builder) {}
  private id = (x: NodeId | { k: number }): NodeId => (typeof x === "number" ? x : this.b.constant(x.k));
  add = (x: NodeId | { k: number }, y: NodeId | { k: number }): NodeId => this.b.add("add", {}, [this.id(x), this.id(y)]);
  sub = (x: NodeId | { k: number }, y: NodeId | { k: number }): NodeId => this.b.add("sub", {}, [this.id(x), this.id(y)]);
  mul = (x: NodeId | { k: number }, y: NodeId | { k: number }): NodeId => this.b.add("mul", {}, [this.id(x), this.id(y)]);
  div = (x: NodeId | { k: number }, y: NodeId | { k: number }): NodeId => this.b.add("div", {}, [this.id(x), this.id(y)]);
  max = (x: NodeId, k: number): NodeId => this.b.add("maximum", {}, [x, this.b.constant(k)]);
  min = (x: NodeId, k: number): NodeId => this.b.add("minimum", {}, [x, this.b.constant(k)]);
  one = (op: Extract<OpName, "sqrt" | "tanh" | "sigmoid" | "softplus" | "abs" | "neg">, x: NodeId): NodeId => this.b.add(op, {}, [x]);
  relu = (x: NodeId, slope = 0): NodeId => this.b.add("relu", { slope }, [x]);
  sum = (x: NodeId, over: readonly string[]): NodeId => this.b.add("sum", { over }, [x]);
  mean = (x: NodeId, over: readonly string[]): NodeId => this.b.add("mean", { over }, [x]);
  meanAll = (x: NodeId): NodeId => this.mean(x, axesOf(this.b.shape(x)));
  contract = (x: NodeId, y: NodeId, over: readonly string[]): NodeId => this.b.add("contract", { over }, [x, y]);
  stop = (x: NodeId): NodeId => this.b.add("stop", {}, [x]);
  rename = (x: NodeId, names: Record<string, string>): NodeId => this.b.add("rename", { names }, [x]);
  square = (x: NodeId): NodeId => this.b.add("power", { exponent: 2 }, [x]);
  size = (x: NodeId, over: readonly string[]): number => countOf(this.b.shape(x).filter((a) => over.includes(a.axis)));

  conv(x: NodeId, k: NodeId, bias: NodeId | undefined, stride: number, pad: number): NodeId {
    const size = dimOf(this.b.shape(k), "kh") as number;
    const y = this.b.add("conv", { window: square(size, stride, pad) }, [x, k]);
    return bias === undefined ? y : this.add(y, bias);
  }

  standard(x: NodeId, over: readonly string[], eps: number, unbiased: boolean): NodeId {
    const centered = this.sub(x, this.mean(x, over));
    const n = this.size(x, over);
    const variance = this.div(this.sum(this.square(centered), over), { k: unbiased ? n - 1 : n });
    return this.div(centered, this.one("sqrt", this.add(variance, { k: eps })));
  }
}

const square = (kernel: number, stride: number, pad: number): Window2d => ({ kernel: [kernel, kernel], stride: [stride, stride], pad: [pad, pad] });
const num = (a: Attrs, name: string): number => Number(a[name]);
const INSTANCE = ["h", "w"];
const LAYER = ["c", "h", "w"];

const affine = (t: Torch, y: NodeId, x: Named): NodeId => (x["gamma"] === undefined ? y : t.add(t.mul(y, x["gamma"]), x["beta"]!));

const instanceLayer: Compose = (t, x, a) => {
  const smoothing = num({ smoothing: 0, ...a }, "smoothing");
  const rho = smoothing > 0 ? t.min(t.max(t.sub(x["rho"]!, { k: smoothing }), 0), 1) : x["rho"]!;
  const instance = t.standard(x["x"]!, INSTANCE, num(a, "eps"), a["unbiased"] === true);
  const layer = t.standard(x["x"]!, LAYER, num(a, "eps"), a["unbiased"] === true);
  return affine(t, t.add(t.mul(rho, instance), t.mul(t.sub({ k: 1 }, rho), layer)), x);
};

const instance: Compose = (t, x, a) => affine(t, t.standard(x["x"]!, INSTANCE, num(a, "eps"), a["unbiased"] === true), x);

const pool: Compose = (t, { x }, a) =>
  t.b.add("avg_pool", { window: square(num(a, "kernel"), num(a, "stride"), num(a, "padding")), countPad: a["count_include_pad"] !== false }, [x!]);

const mse: Compose = (t, x, a) => t.meanAll(t.square(t.sub(x["x"]!, x["y"] ?? { k: num(a, "target") })));

/** Unit length, as torch's normalize: v / max(‖v‖, eps). */
const unit = (t: Torch, v: NodeId, eps: number): NodeId => t.div(v, t.max(t.one("sqrt", t.sum(t.square(v), axesOf(t.b.shape(v)))), eps));

export const compositions: Readonly<Record<string, Compose>> = {
  conv: (t, { x, weight, bias }, a) => t.conv(x!, weight!, bias, num(a, "stride"), num(a, "padding")),
  conv_transpose: (t, { x, weight, bias }, a) => {
    const [kernel, stride, pad] = [num(a, "kernel"), num(a, "stride"), num(a, "padding")];
    const along = (axis: string): number => ((dimOf(t.b.shape(x!), axis) as number) - 1) * stride - 2 * pad + kernel + num(a, "output_padding");
    // PyTorch's [in, out, kh, kw] is the kernel of the convolution whose adjoint this is: `out` are the channels of x.
    return t.add(t.b.add("conv_input_adjoint", { window: square(kernel, stride, pad), h: along("h"), w: along("w") }, [x!, weight!]), bias!);
  },
  linear: (t, { x, weight, bias }) => t.add(t.rename(t.contract(x!, weight!, ["c"]), { out: "c" }), bias!),
  pad: (t, { x }, a) =>
    t.b.add("pad", { mode: a["mode"] as "zero", amounts: { top: num(a, "top"), bottom: num(a, "bottom"), left: num(a, "left"), right: num(a, "right") } }, [x!]),
  upsample_nearest: (t, { x }, a) => t.b.add("upsample", { factor: num(a, "factor") }, [x!]),
  avg_pool: pool,
  global_max_pool: (t, { x }) => t.b.add("max", { over: INSTANCE }, [x!]),
  global_avg_pool: (t, { x }) => t.mean(x!, INSTANCE),
  instance_norm: instance,
  ada_in: instance,
  layer_norm: (t, x, a) => {
    if (a["form"] === "variance") return affine(t, t.standard(x["x"]!, LAYER, num(a, "eps"), false), x);
    const centered = t.sub(x["x"]!, t.mean(x["x"]!, LAYER));
    const variance = t.div(t.sum(t.square(centered), LAYER), { k: t.size(x["x"]!, LAYER) - 1 });
    return affine(t, t.div(centered, t.add(t.one("sqrt", variance), { k: num(a, "eps") })), x);
  },
  group_norm: (t, x, a) => {
    const groups = num(a, "groups");
    const c = dimOf(t.b.shape(x["x"]!), "c") as number;
    const into: Shape = [{ axis: "group", dim: groups }, { axis: "c", dim: c / groups }];
    const grouped = t.b.add("unflatten", { axis: "c", into }, [x["x"]!]);
    const y = t.standard(grouped, LAYER, num(a, "eps"), false);
    return affine(t, t.b.add("flatten", { axes: ["group", "c"], into: "c" }, [y]), x);
  },
  iln: instanceLayer,
  ada_lin: instanceLayer,
  batch_norm: (t, x, a) => affine(t, t.standard(x["x"]!, ["batch", ...INSTANCE], num(a, "eps"), false), x),
  spectral_norm: (t, { weight, u, v }, a) => {
    const shape = t.b.shape(weight!);
    const rest = axesOf(shape).filter((axis) => axis !== "out");
    const flat = t.b.add("flatten", { axes: rest, into: "in" }, [weight!]);
    let [left, right] = [t.rename(u!, { c: "out" }), t.rename(v!, { c: "in" })];
    const outputs: Record<string, NodeId> = {};
    for (let i = 1; i <= num(a, "forwards"); i++) {
      right = t.stop(unit(t, t.contract(left, flat, ["out"]), num(a, "eps")));
      left = t.stop(unit(t, t.contract(flat, right, ["in"]), num(a, "eps")));
      const sigma = t.contract(t.contract(flat, right, ["in"]), left, ["out"]);
      Object.assign(outputs, { [`u${i}`]: left, [`v${i}`]: right, [`w${i}`]: t.div(weight!, sigma) });
    }
    return outputs;
  },
  bce_with_logits: (t, { x }, a) => {
    const target = num(a, "target");
    return t.meanAll(t.add(t.mul({ k: target }, t.one("softplus", t.one("neg", x!))), t.mul({ k: 1 - target }, t.one("softplus", x!))));
  },
  hinge: (t, { x }, a) => t.meanAll(t.relu(a["side"] === "real" ? t.sub({ k: 1 }, x!) : t.add({ k: 1 }, x!))),
  mse,
  l1: (t, { x, y }) => t.meanAll(t.one("abs", t.sub(x!, y!))),
  relu: (t, { x }) => t.relu(x!),
  leaky_relu: (t, { x }, a) => t.relu(x!, num(a, "slope")),
  tanh: (t, { x }) => t.one("tanh", x!),
  sigmoid: (t, { x }) => t.one("sigmoid", x!),
  softplus: (t, { x }) => t.one("softplus", x!),
  adam: (t, x, a) => {
    const [b1, b2] = a["betas"] as readonly [number, number];
    const outputs: Record<string, NodeId> = {};
    let [w, m, v] = [x["w"]!, undefined, undefined] as [NodeId, NodeId | undefined, NodeId | undefined];
    for (let i = 1; i <= num(a, "steps"); i++) {
      const g = t.add(x[`g${i}`]!, t.mul(w, { k: num(a, "decay") }));
      m = t.add(m === undefined ? { k: 0 } : t.mul(m, { k: b1 }), t.mul(g, { k: 1 - b1 }));
      v = t.add(v === undefined ? { k: 0 } : t.mul(v, { k: b2 }), t.mul(t.square(g), { k: 1 - b2 }));
      const step = t.div(t.div(m, { k: 1 - b1 ** i }), t.add(t.one("sqrt", t.div(v, { k: 1 - b2 ** i })), { k: num(a, "eps") }));
      w = t.sub(w, t.mul(step, { k: num(a, "rate") }));
      Object.assign(outputs, { [`w${i}`]: w, [`m${i}`]: m, [`v${i}`]: v });
    }
    return outputs;
  },
};
