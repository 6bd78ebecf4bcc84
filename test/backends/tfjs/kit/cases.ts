// What each operation of the kit computes, said twice: by the kit, and as a graph of the compiler, whose reference evaluation (double
// precision) and gradients are themselves tested against PyTorch and central differences. Tensors lie as in memory: channels last.
import type { Builder } from "../../../../compiler/graph/builder";
import { axesOf, type Shape } from "../../../../compiler/graph/shape";
import type { NodeId, OpAttrs, OpName, PadAmounts, PadMode, Window2d } from "../../../../compiler/graph/types";
import { sh } from "../../../../compiler/ops/samples";
import type { Scope } from "../../../../backends/tfjs/kit/scope";
import type { Tensor } from "../../../../backends/tfjs/kit/tf";
import type { Kit } from "./load";

export interface Case {
  readonly title: string;
  readonly inputs: readonly Shape[];
  /** By name within the net `N`, with the axes of the file. */
  readonly learned?: Readonly<Record<string, Shape>>;
  readonly range?: readonly [number, number];
  readonly kit: (kit: Kit, xs: readonly Tensor[], scope: Scope) => Tensor;
  readonly graph: (g: Ops, xs: readonly NodeId[], learned: Readonly<Record<string, NodeId>>) => NodeId;
  /** Axes of the kit's result, in its order. */
  readonly axes: string;
}

/** Shorthand for the operations of a graph. */
export class Ops {
  constructor(readonly b: Builder) {}
  op = <K extends OpName>(op: K, attrs: OpAttrs[K], ...inputs: NodeId[]): NodeId => this.b.add(op, attrs, inputs);
  n = (value: number): NodeId => this.b.constant(value);
  add = (x: NodeId, y: NodeId): NodeId => this.op("add", {}, x, y);
  sub = (x: NodeId, y: NodeId): NodeId => this.op("sub", {}, x, y);
  mul = (x: NodeId, y: NodeId): NodeId => this.op("mul", {}, x, y);
  div = (x: NodeId, y: NodeId): NodeId => this.op("div", {}, x, y);
  mean = (x: NodeId, over: readonly string[]): NodeId => this.op("mean", { over }, x);
  sum = (x: NodeId, over = axesOf(this.b.shape(x))): NodeId => this.op("sum", { over }, x);
  sqrt = (x: NodeId): NodeId => this.op("sqrt", {}, x);
  variance = (x: NodeId, over: readonly string[], n: number, unbiased: boolean): NodeId => {
    const centred = this.sub(x, this.mean(x, over));
    return this.mul(this.mean(this.mul(centred, centred), over), this.n(unbiased ? n / (n - 1) : 1));
  };
  /** A layer's result, which has its channels along `out`, with the bias. */
  withBias = (y: NodeId, bias: NodeId | undefined): NodeId => (bias === undefined ? y : this.add(y, bias));
}

const picture = (b: number, h: number, w: number, c: number): Shape => sh("batch h w c", b, h, w, c);
const pictures = [picture(2, 5, 4, 3), picture(1, 3, 6, 2)];
const axes = "batch h w c";
const oneOf = (name: string, shapes: readonly Shape[], kit: Case["kit"], graph: Case["graph"], more: Partial<Case> = {}): Case[] =>
  shapes.map((shape) => ({ title: `${name} of ${shape.map((a) => String(a.dim)).join("×")}`, inputs: [shape], kit, graph, axes: shape.map((a) => a.axis).join(" "), ...more }));

/** f of a state of these values: nobody takes a gradient by it. */
function byState(kit: Kit, values: Tensor, f: (state: Tensor) => Tensor): Tensor {
  const state = kit.tf.variable(values, false);
  const y = f(state);
  state.dispose();
  return y;
}

const activations: Case[] = [
  ...oneOf("relu", pictures, (k, [x]) => k.relu(x!), (g, [x]) => g.op("relu", { slope: 0 }, x!)),
  ...[0, 0.2, 1, 1.5].flatMap((slope) => oneOf(`leakyRelu ${slope}`, pictures, (k, [x]) => k.leakyRelu(x!, slope), (g, [x]) => g.op("relu", { slope }, x!))),
  ...(["exp", "tanh", "sigmoid"] as const).flatMap((name) => oneOf(name, pictures, (k, [x]) => k[name](x!), (g, [x]) => g.op(name, {}, x!))),
  ...oneOf("abs", pictures, (k, [x]) => k.abs(x!), (g, [x]) => g.op("abs", {}, x!)),
];

const pair = [picture(2, 3, 4, 2), picture(2, 3, 4, 2)];
const wide = [picture(2, 3, 4, 2), sh("c", 2)];
const chosen = (name: "maximum" | "minimum"): Case[] => [
  { title: `${name} of two`, inputs: pair, kit: (k, [x, y]) => k[name](x!, y!), graph: (g, [x, y]) => g.op(name, {}, x!, y!), axes },
  { title: `${name} with a vector`, inputs: wide, kit: (k, [x, y]) => k[name](x!, y!), graph: (g, [x, y]) => g.op(name, {}, x!, y!), axes },
  { title: `${name} with a number`, inputs: [pair[0]!], kit: (k, [x]) => k[name](x!, 0.25), graph: (g, [x]) => g.op(name, {}, x!, g.n(0.25)), axes },
  { title: `${name} of a number`, inputs: [pair[0]!], kit: (k, [x]) => k[name](0.25, x!), graph: (g, [x]) => g.op(name, {}, g.n(0.25), x!), axes },
];

const elementwise: Case[] = [
  ...chosen("maximum"), ...chosen("minimum"),
  { title: "clamp", inputs: [pair[0]!], kit: (k, [x]) => k.clamp(x!, -0.5, 0.3), graph: (g, [x]) => g.op("minimum", {}, g.op("maximum", {}, x!, g.n(-0.5)), g.n(0.3)), axes },
  {
    title: "mix by a vector", inputs: [...pair, sh("c", 2)], kit: (k, [a, b, t]) => k.mix(a!, b!, t!),
    graph: (g, [a, b, t]) => g.add(g.mul(t!, b!), g.mul(g.sub(g.n(1), t!), a!)), axes,
  },
  ...([["vectors by a picture", "c", [2]], ["vectors of each sample by a picture", "batch c", [2, 2]]] as const).map(([name, axesOfBoth, dims]): Case => ({
    title: `mix of ${name}`, inputs: [sh(axesOfBoth, ...dims), sh(axesOfBoth, ...dims), pair[0]!],
    kit: (k, [a, b, t]) => {
      const laid = (x: Tensor): Tensor => (x.rank === 2 ? k.unsqueeze(x, [1, 2]) : x);
      return k.mix(laid(a!), laid(b!), t!);
    },
    graph: (g, [a, b, t]) => g.add(g.mul(t!, b!), g.mul(g.sub(g.n(1), t!), a!)), axes,
  })),
  ...([["vectors", sh("c", 2)], ["a vector a sample", sh("batch c", 2, 2)], ["pictures", pair[0]!]] as const).map(([name, other]): Case => ({
    title: `affineMix with ${name}`, inputs: [...pair, sh("c", 2), other, other],
    kit: (k, [a, b, t, scale, offset]) => {
      const laid = (x: Tensor): Tensor => (x.rank === 2 ? k.unsqueeze(x, [1, 2]) : x);
      return k.affineMix(a!, b!, t!, laid(scale!), laid(offset!));
    },
    graph: (g, [a, b, t, scale, offset]) => g.add(g.mul(scale!, g.add(g.mul(t!, b!), g.mul(g.sub(g.n(1), t!), a!))), offset!), axes,
  })),
  {
    title: "tf.tile", inputs: [sh("batch h w c", 2, 3, 1, 2), picture(2, 3, 4, 2)], kit: (k, [x, y]) => k.tf.tile(x!, [1, 1, 4, 1]).mul(y!).mul(y!),
    graph: (g, [x, y]) => g.mul(g.mul(g.sum(x!, ["w"]), y!), y!), axes,
  },
  { title: "tf.tile of more than one", inputs: [sh("c", 3)], kit: (k, [x]) => k.tf.tile(x!.square(), [2]).reshape([2, 3]).mul(k.tf.tensor2d([[2], [3]])).sum(0), graph: (g, [x]) => g.mul(g.mul(x!, x!), g.n(5)), axes: "c" },
  { title: "constant", inputs: pair, kit: (k, [x, y]) => k.constant(x!).mul(y!).mul(x!), graph: (g, [x, y]) => g.mul(g.mul(g.op("stop", {}, x!), y!), x!), axes },
  {
    title: "offTape", inputs: pair, kit: (k, [x, y]) => k.offTape(() => x!.square().add(1)).mul(y!).mul(x!),
    graph: (g, [x, y]) => g.mul(g.mul(g.op("stop", {}, g.add(g.mul(x!, x!), g.n(1))), y!), x!), axes,
  },
  { title: "gradient", inputs: pair, kit: (k, [x, y]) => k.gradient((t) => t.mul(t).mul(t).mul(y!), x!), graph: (g, [x, y]) => g.mul(g.mul(g.mul(x!, x!), y!), g.n(3)), axes },
];

const overs: readonly (readonly [number[], string[], string])[] = [[[1, 2], ["h", "w"], "batch c"], [[1, 2, 3], ["h", "w", "c"], "batch"], [[3], ["c"], "batch h w"], [[3, 1, 2], ["c", "h", "w"], "batch"], [[0, 1, 2], ["batch", "h", "w"], "c"]];
const extremes: Case[] = overs.flatMap(([numbers, names, left]) => [
  ...oneOf(`max over ${names.join(", ")}`, pictures, (k, [x]) => k.max(x!, numbers), (g, [x]) => g.op("max", { over: names }, x!), { axes: left }),
  ...oneOf(`min over ${names.join(", ")}`, pictures, (k, [x]) => k.min(x!, numbers), (g, [x]) => g.op("neg", {}, g.op("max", { over: names }, g.op("neg", {}, x!))), { axes: left }),
]);

const size = (shape: Shape, names: readonly string[]): number => shape.filter((a) => names.includes(a.axis)).reduce((n, a) => n * Number(a.dim), 1);
const statistics: Case[] = overs.filter(([n]) => String(n) !== "3,1,2").flatMap(([numbers, names, left]) =>
  pictures.flatMap((shape) =>
    [false, true].flatMap((unbiased): Case[] => {
      const n = size(shape, names);
      return [
        ...oneOf(`variance over ${names.join(", ")}, ${unbiased ? "unbiased" : "biased"},`, [shape], (k, [x]) => k.variance(x!, numbers, { unbiased }), (g, [x]) => g.variance(x!, names, n, unbiased), { axes: left }),
        ...(["variance", "std_plus_eps"] as const).flatMap((form) =>
          oneOf(`standardize over ${names.join(", ")}, ${unbiased ? "unbiased" : "biased"}, ${form},`, [shape], (k, [x]) => k.standardize(x!, numbers, { unbiased, form, eps: 0.01 }), (g, [x]) => {
            const v = g.variance(x!, names, n, unbiased);
            const deviation = form === "variance" ? g.sqrt(g.add(v, g.n(0.01))) : g.add(g.sqrt(v), g.n(0.01));
            return g.div(g.sub(x!, g.mean(x!, names)), deviation);
          })),
      ];
    })));

const vectors: Case[] = [
  { title: "unit", inputs: [sh("c", 7)], kit: (k, [v]) => k.unit(v!), graph: (g, [v]) => g.div(v!, g.sqrt(g.sum(g.mul(v!, v!)))), axes: "c" },
  { title: "unit of each sample", inputs: [sh("batch c", 2, 5)], kit: (k, [v]) => k.unit(v!, 1e-12, [1]), graph: (g, [v]) => g.div(v!, g.sqrt(g.sum(g.mul(v!, v!), ["c"]))), axes: "batch c" },
  ...([["rows", "rest", 6, 0, "out"], ["columns", "out", 4, 1, "rest"]] as const).map(([name, over, n, axis, axes]): Case => ({
    title: `timesVector along ${name}, by a state`, inputs: [sh("rest out", 6, 4), sh(over, n)],
    kit: (k, [m, v]) => byState(k, v!, (s) => k.timesVector(m!, s, axis)).mul(v!.sum()),
    graph: (g, [m, v]) => g.mul(g.op("contract", { over: [over] }, m!, g.op("stop", {}, v!)), g.sum(v!, [over])), axes,
  })),
  ...[true, false].map((states): Case => ({
    title: `overGain of ${states ? "states" : "values"}`, inputs: [sh("rest out", 6, 4), sh("out", 4), sh("rest", 6)],
    kit: (k, [m, u, v]) => {
      const over = (a: Tensor, b: Tensor): Tensor => k.overGain(m!, a, b, k.timesVector(m!, b, 0));
      return states ? byState(k, u!, (a) => byState(k, v!, (b) => over(a, b))).mul(u!.sum()).mul(v!.sum()) : over(u!, v!);
    },
    graph: (g, [m, u, v]) => {
      const still = (x: NodeId): NodeId => (states ? g.op("stop", {}, x) : x);
      const gain = g.op("contract", { over: ["out"] }, still(u!), g.op("contract", { over: ["rest"] }, m!, still(v!)));
      return states ? g.mul(g.mul(g.div(m!, gain), g.sum(u!, ["out"])), g.sum(v!, ["rest"])) : g.div(m!, gain);
    },
    axes: "rest out", range: [0.2, 1],
  })),
  { title: "dot of a state", inputs: [sh("c", 7), sh("c", 7)], kit: (k, [a, b]) => byState(k, a!, (s) => k.dot(s, b!)).mul(a!), graph: (g, [a, b]) => g.mul(g.sum(g.mul(g.op("stop", {}, a!), b!), ["c"]), a!), axes: "c" },
  { title: "dot", inputs: [sh("c", 7), sh("c", 7)], kit: (k, [a, b]) => k.dot(a!, b!).mul(a!), graph: (g, [a, b]) => g.mul(g.sum(g.mul(a!, b!), ["c"]), a!), axes: "c" },
  { title: "timesVector along rows", inputs: [sh("rest out", 6, 4), sh("rest", 6)], kit: (k, [m, v]) => k.timesVector(m!, v!, 0), graph: (g, [m, v]) => g.op("contract", { over: ["rest"] }, m!, v!), axes: "out" },
  { title: "timesVector along columns", inputs: [sh("rest out", 6, 4), sh("out", 4)], kit: (k, [m, v]) => k.timesVector(m!, v!, 1), graph: (g, [m, v]) => g.op("contract", { over: ["out"] }, m!, v!), axes: "rest" },
];

const amounts = (top: number, bottom = top, left = top, right = top): PadAmounts => ({ top, bottom, left, right });
const sides: readonly (readonly [number, number, number, number])[] = [[1, 1, 1, 1], [2, 2, 2, 2], [1, 0, 0, 2], [0, 2, 1, 0], [0, 0, 1, 1]];
const padModes: Readonly<Record<PadMode, "reflect" | "zero" | "edge">> = { reflect: "reflect", zero: "zero", edge: "edge" };
const pads: Case[] = (Object.keys(padModes) as PadMode[]).flatMap((mode) =>
  sides.flatMap((s) => oneOf(`pad ${mode} ${s.join(" ")}`, [...pictures, picture(2, 3, 3, 1)], (k, [x]) => k.pad(x!, k[mode](...s)), (g, [x]) => g.op("pad", { mode, amounts: amounts(...s) }, x!))));

const tiny: Case[] = [
  ...oneOf("pad edge", [picture(1, 1, 2, 2), picture(2, 2, 1, 1)], (k, [x]) => k.pad(x!, k.edge(2, 1, 1, 3)), (g, [x]) => g.op("pad", { mode: "edge", amounts: amounts(2, 1, 1, 3) }, x!)),
  ...oneOf("pad reflect", [sh("batch block h w c", 2, 2, 3, 2, 2)], (k, [x]) => k.pad(x!, k.reflect(1)), (g, [x]) => g.op("pad", { mode: "reflect", amounts: amounts(1) }, x!)),
];

const resampling: Case[] = [
  ...[1, 2, 3].flatMap((factor) => oneOf(`upsample ${factor}`, [...pictures, sh("batch block h w c", 2, 2, 2, 3, 2)], (k, [x]) => k.upsample(x!, factor), (g, [x]) => g.op("upsample", { factor }, x!))),
  ...[{ kernel: 2, stride: 2, pad: 0 }, { kernel: 3, stride: 2, pad: 1 }, { kernel: 3, stride: 1, pad: 1 }, { kernel: 2, stride: 1, pad: 0 }].flatMap(({ kernel, stride, pad }) =>
    [true, false].flatMap((countPad) =>
      oneOf(`avgPool ${kernel} / ${stride}, pad ${pad}, ${countPad ? "counted" : "not counted"},`, [picture(2, 5, 4, 3), picture(1, 4, 6, 2), sh("batch block h w c", 2, 2, 4, 3, 2)], (k, [x]) => k.avgPool(x!, kernel, { stride, pad, countPad }), (g, [x]) => g.op("avg_pool", { window: square(kernel, stride, pad), countPad }, x!)))),
];

const square = (k: number, s: number, p: number): Window2d => ({ kernel: [k, k], stride: [s, s], pad: [p, p] });
const layer = { 1: 3, 3: 2, 4: 3, 7: 1 } as const;
const convolutions: Case[] = ([[1, 1, 0], [1, 2, 0], [3, 1, 1], [3, 2, 1], [3, 2, 0], [4, 2, 1], [4, 1, 1], [7, 1, 3]] as const).flatMap(([k, s, p]) =>
  [picture(2, 6, 5, 2), picture(1, 8, 6, 1), picture(2, 7, 9, 1)].filter((x) => Number(x[2]!.dim) + 2 * p >= k).map((x): Case => {
    const [cin, out] = [Number(x[3]!.dim), layer[k]];
    const bias = k !== 4;
    return {
      title: `conv ${k} / ${s}, pad ${p}, of ${x.map((a) => String(a.dim)).join("×")}`, inputs: [x], axes,
      learned: { "conv1.weight": sh("out in kh kw", out, cin, k, k), ...(bias ? { "conv1.bias": sh("c", out) } : {}) },
      kit: (kit, [t], scope) => kit.conv(scope.enter(), t!, out, k, { stride: s, pad: p, bias }),
      graph: (g, [t], l) => g.withBias(g.op("conv", { window: square(k, s, p) }, t!, l["conv1.weight"]!), l["conv1.bias"]),
    };
  }));

const convPads: Case[] = (["reflect", "zero", "edge"] as const).map((mode) => ({
  title: `conv after ${mode}(1, 0, 2, 1)`, inputs: [picture(2, 5, 4, 2)], axes, learned: { "conv1.weight": sh("out in kh kw", 2, 2, 3, 3) },
  kit: (kit, [t], scope) => kit.conv(scope.enter(), t!, 2, 3, { pad: kit[mode](1, 0, 2, 1), bias: false }),
  graph: (g, [t], l) => g.op("conv", { window: square(3, 1, 0) }, g.op("pad", { mode, amounts: amounts(1, 0, 2, 1) }, t!), l["conv1.weight"]!),
}));

const transposed: Case[] = ([[2, 2, 0, 0], [3, 2, 1, 1], [4, 2, 1, 0], [3, 1, 1, 0], [3, 1, 0, 0], [5, 3, 1, 2]] as const).flatMap(([k, s, p, extra]) =>
  [picture(2, 3, 4, 2), picture(1, 4, 2, 3)].map((x): Case => {
    const [h, w, cin] = [Number(x[1]!.dim), Number(x[2]!.dim), Number(x[3]!.dim)];
    const grown = (n: number): number => (n - 1) * s + k - 2 * p + extra;
    return {
      title: `convTranspose ${k} / ${s}, pad ${p}, outputPad ${extra}, of ${h}×${w}`, inputs: [x], axes,
      learned: { "conv_transpose1.weight": sh("out in kh kw", cin, 2, k, k), "conv_transpose1.bias": sh("c", 2) },
      kit: (kit, [t], scope) => kit.convTranspose(scope.enter(), t!, 2, k, { stride: s, pad: p, outputPad: extra }),
      graph: (g, [t], l) => g.add(g.op("conv_input_adjoint", { window: square(k, s, p), h: grown(h), w: grown(w) }, t!, l["conv_transpose1.weight"]!), l["conv_transpose1.bias"]!),
    };
  }));

const linears: Case[] = [sh("batch c", 2, 5), sh("batch block c", 2, 3, 4), sh("batch h w c", 2, 2, 3, 2)].map((x): Case => {
  const cin = Number(x.at(-1)!.dim);
  return {
    title: `linear of rank ${x.length}`, inputs: [x], axes: axesOf(x).join(" "), learned: { "linear1.weight": sh("out in", 3, cin), "linear1.bias": sh("c", 3) },
    kit: (kit, [t], scope) => kit.linear(scope.enter(), t!, 3),
    graph: (g, [t], l) => g.add(g.op("rename", { names: { out: "c" } }, g.op("contract", { over: ["c"] }, t!, g.op("rename", { names: { in: "c" } }, l["linear1.weight"]!))), l["linear1.bias"]!),
  };
});

/** A reparam that every order of axes would show: each row of `rest`, as a file numbers it, times its number; each column by its norm. */
const numbered = (rest: string[]): ((g: Ops, w: NodeId, numbers: NodeId) => NodeId) => (g, w, numbers) => {
  const scaled = g.mul(w, numbers);
  return g.div(scaled, g.sqrt(g.sum(g.mul(scaled, scaled), rest)));
};
const reparam = (at: Scope, m: Tensor): Tensor => {
  const here = at.place("numbered");
  const numbers = here.learn("numbers", [m.shape[0]!], 1, at.rest ? { order: at.rest } : {});
  const scaled = m.mul(numbers.expandDims(1));
  return scaled.div(scaled.square().sum(0).sqrt());
};
const reparametrized: Case[] = [
  {
    title: "conv of a reparametrized weight", inputs: [picture(2, 4, 3, 2)], axes,
    learned: { "conv1.weight": sh("out in kh kw", 2, 2, 3, 3), "conv1.numbered1.numbers": sh("in kh kw", 2, 3, 3) },
    kit: (kit, [t], scope) => kit.conv(scope.enter(), t!, 2, 3, { pad: 1, bias: false, weight: reparam }),
    graph: (g, [t], l) => g.op("conv", { window: square(3, 1, 1) }, t!, numbered(["in", "kh", "kw"])(g, l["conv1.weight"]!, l["conv1.numbered1.numbers"]!)),
  },
  {
    title: "convTranspose of a reparametrized weight", inputs: [picture(1, 3, 2, 3)], axes,
    learned: { "conv_transpose1.weight": sh("out in kh kw", 3, 2, 2, 2), "conv_transpose1.numbered1.numbers": sh("in kh kw", 2, 2, 2) },
    kit: (kit, [t], scope) => kit.convTranspose(scope.enter(), t!, 2, 2, { stride: 2, bias: false, weight: reparam }),
    graph: (g, [t], l) => g.op("conv_input_adjoint", { window: square(2, 2, 0), h: 6, w: 4 }, t!, numbered(["in", "kh", "kw"])(g, l["conv_transpose1.weight"]!, l["conv_transpose1.numbered1.numbers"]!)),
  },
  {
    title: "linear of a reparametrized weight", inputs: [sh("batch c", 2, 4)], axes: "batch c",
    learned: { "linear1.weight": sh("out in", 3, 4), "linear1.numbered1.numbers": sh("in", 4) },
    kit: (kit, [t], scope) => kit.linear(scope.enter(), t!, 3, { bias: false, weight: reparam }),
    graph: (g, [t], l) => g.op("rename", { names: { out: "c" } }, g.op("contract", { over: ["c"] }, t!, g.op("rename", { names: { in: "c" } }, numbered(["in"])(g, l["linear1.weight"]!, l["linear1.numbered1.numbers"]!)))),
  },
  {
    title: "reparamVector", inputs: [sh("c", 5)], axes: "c", learned: { "numbered1.numbers": sh("c", 5) },
    kit: (kit, [v], scope) => kit.reparamVector(scope.enter(), reparam, v!),
    graph: (g, [v], l) => numbered(["c"])(g, v!, l["numbered1.numbers"]!),
  },
];

/** tfjs's own operations that emitted code calls directly. */
const own: Case[] = [
  ...(["softplus", "neg", "square"] as const).flatMap((name) =>
    oneOf(`tfjs ${name}`, pictures, (_, [x]) => x![name](), (g, [x]) => (name === "square" ? g.mul(x!, x!) : g.op(name, {}, x!)))),
  ...(["log", "sqrt", "reciprocal"] as const).flatMap((name) => oneOf(`tfjs ${name}`, pictures, (_, [x]) => x![name](), (g, [x]) => g.op(name, {}, x!), { range: [0.3, 2] })),
  ...(["add", "sub", "mul", "div"] as const).flatMap((name): Case[] => [
    { title: `tfjs ${name}`, inputs: pair, range: [0.3, 2], kit: (_, [x, y]) => x![name](y!), graph: (g, [x, y]) => g[name](x!, y!), axes },
    { title: `tfjs ${name} with a vector`, inputs: wide, range: [0.3, 2], kit: (_, [x, y]) => x![name](y!), graph: (g, [x, y]) => g[name](x!, y!), axes },
    { title: `tfjs ${name} of a vector`, inputs: wide, range: [0.3, 2], kit: (_, [x, y]) => y![name](x!), graph: (g, [x, y]) => g[name](y!, x!), axes },
    { title: `tfjs ${name} with a number`, inputs: [pair[0]!], range: [0.3, 2], kit: (_, [x]) => x![name](0.7), graph: (g, [x]) => g[name](x!, g.n(0.7)), axes },
  ]),
  ...overs.flatMap(([numbers, names, left]) => [
    ...oneOf(`tfjs sum over ${names.join(", ")}`, pictures, (_, [x]) => x!.sum(numbers), (g, [x]) => g.sum(x!, names), { axes: left }),
    ...oneOf(`tfjs mean over ${names.join(", ")}`, pictures, (_, [x]) => x!.mean(numbers), (g, [x]) => g.mean(x!, names), { axes: left }),
  ]),
  { title: "tfjs concat", inputs: [picture(2, 3, 2, 2), picture(2, 3, 2, 3)], kit: (k, [x, y]) => k.tf.concat([x!, y!], 3), graph: (g, [x, y]) => g.op("concat", { along: "c" }, x!, y!), axes },
  { title: "tfjs stack", inputs: [sh("batch c", 2, 3), sh("batch c", 2, 3)], kit: (k, [x, y]) => k.tf.stack([x!, y!], 1), graph: (g, [x, y]) => g.op("concat", { along: "pool" }, g.op("unsqueeze", { axis: "pool" }, x!), g.op("unsqueeze", { axis: "pool" }, y!)), axes: "batch pool c" },
  { title: "tfjs slice", inputs: [picture(2, 4, 3, 2)], kit: (_, [x]) => x!.slice([0, 1, 0, 0], [2, 2, 3, 2]), graph: (g, [x]) => g.op("slice", { axis: "h", start: 1, size: 2 }, x!), axes },
  { title: "tfjs transpose and reshape", inputs: [picture(2, 3, 4, 2)], kit: (_, [x]) => x!.transpose([0, 3, 1, 2]).reshape([2, 24]), graph: (g, [x]) => g.op("flatten", { axes: ["c", "h", "w"], into: "c" }, x!), axes: "batch c" },
  { title: "tfjs broadcastTo", inputs: [sh("c", 2)], kit: (_, [x]) => x!.broadcastTo([2, 3, 4, 2]), graph: (g, [x]) => g.op("expand", { shape: picture(2, 3, 4, 2) }, x!), axes },
  { title: "tfjs matMul", inputs: [sh("batch c", 3, 4), sh("c out", 4, 2)], kit: (k, [x, y]) => k.tf.matMul(x as never, y as never), graph: (g, [x, y]) => g.op("contract", { over: ["c"] }, x!, y!), axes: "batch out" },
  ...oneOf("tfjs pow 3", pictures, (_, [x]) => x!.pow(3), (g, [x]) => g.op("power", { exponent: 3 }, x!), { range: [0.3, 2] }),
  ...oneOf("tfjs pow -0.5", pictures, (_, [x]) => x!.pow(-0.5), (g, [x]) => g.op("power", { exponent: -0.5 }, x!), { range: [0.3, 2] }),
];

const ofSamples: Case[] = [
  ...(["mean", "sum"] as const).flatMap((op) => oneOf(`${op}OfSample`, pictures, (k, [x]) => k[`${op}OfSample`](x!), (g, [x]) => g.op(op, { over: ["h", "w", "c"] }, x!), { axes: "batch" })),
  { title: "unsqueeze of 2×3", inputs: [sh("batch c", 2, 3)], kit: (k, [x]) => k.unsqueeze(x!, [1, 2]), graph: (g, [x]) => g.op("unsqueeze", { axis: "w" }, g.op("unsqueeze", { axis: "h" }, x!)), axes: "batch h w c" },
  ...oneOf("pick", pictures, (k, [x]) => k.pick(x!, 2, 1), (g, [x]) => g.op("squeeze", { axis: "w" }, g.op("slice", { axis: "w", start: 1, size: 1 }, x!)), { axes: "batch h c" }),
];

export const cases: readonly Case[] = [
  ...ofSamples,
  ...activations, ...elementwise, ...extremes, ...statistics, ...vectors, ...pads, ...tiny, ...resampling, ...convolutions, ...convPads, ...transposed, ...linears, ...reparametrized, ...own,
];
