// A program small enough to compute by hand: a linear regression with one of everything that a real one has (a state, a sample, a
// projected parameter, a frozen net, values that cross graphs, an export), its graphs written here node by node.
import { onnx } from "onnx-proto";
import type { Port, Program } from "../../../compiler/program.ts";

const FLOAT = 1;
const INT64 = 7;
export const BATCH = 2;
export const WIDTH = 4;
export const TEACHER = [1, -2, 3, 0.5];
export const ADAM = { rate: 0.05, betas: [0.5, 0.999], eps: 1e-8, decay: 0.01 } as const;

type Constants = Readonly<Record<string, readonly number[] | { readonly dims: readonly number[]; readonly floats: readonly number[] }>>;

function model(
  inputs: Readonly<Record<string, readonly (number | string)[]>>,
  outputs: readonly string[],
  nodes: readonly (readonly [op: string, ins: readonly string[], outs: readonly string[], attributes?: Readonly<Record<string, number>>])[],
  constants: Constants = {},
): Uint8Array {
  const graph = onnx.GraphProto.create({
    name: "tiny",
    node: nodes.map(([opType, input, output, attributes = {}], at) => ({
      opType,
      input: [...input],
      output: [...output],
      name: `n${at}`,
      attribute: Object.entries(attributes).map(([name, i]) => ({ name, i, type: 2 })),
    })),
    input: Object.entries(inputs).map(([name, dims]) => ({
      name,
      type: { tensorType: { elemType: FLOAT, shape: { dim: dims.map((d) => (typeof d === "number" ? { dimValue: d } : { dimParam: d })) } } },
    })),
    output: outputs.map((name) => ({ name, type: { tensorType: { elemType: FLOAT } } })),
    initializer: Object.entries(constants).map(([name, value]) =>
      "dims" in value
        ? { name, dims: [...value.dims], dataType: FLOAT, floatData: [...value.floats] }
        : { name, dims: [(value as readonly number[]).length], dataType: INT64, int64Data: [...(value as readonly number[])] },
    ),
  });
  return onnx.ModelProto.encode(onnx.ModelProto.create({ irVersion: 8, opsetImport: [{ version: 17 }], graph })).finish();
}

const scalar = (value: number) => ({ dims: [], floats: [value] });

function forward(): Uint8Array {
  return model(
    { x: [BATCH, 1, 1, WIDTH], w: [WIDTH, 1], b: [1], rho: [1], u: [WIDTH], z: [BATCH, 1] },
    ["x2", "e", "loss", "u_next"],
    [
      ["Reshape", ["x", "flat"], ["x2"]],
      ["MatMul", ["x2", "w"], ["xw"]],
      ["MatMul", ["x2", "teacher"], ["y"]],
      ["Mul", ["z", "rho"], ["noise"]],
      ["ReduceSum", ["u"], ["us"], { keepdims: 0 }],
      ["Mul", ["us", "hundredth"], ["bias_u"]],
      ["Add", ["xw", "b"], ["s1"]],
      ["Add", ["s1", "noise"], ["s2"]],
      ["Add", ["s2", "bias_u"], ["s3"]],
      ["Sub", ["s3", "y"], ["e"]],
      ["Mul", ["e", "e"], ["ee"]],
      ["ReduceMean", ["ee"], ["loss"], { keepdims: 0 }],
      ["ReduceSum", ["x2", "axis0"], ["xs"], { keepdims: 0 }],
      ["Add", ["u", "xs"], ["us2"]],
      ["Mul", ["us2", "half"], ["u_next"]],
    ],
    {
      flat: [BATCH, WIDTH],
      axis0: [0],
      teacher: { dims: [WIDTH, 1], floats: TEACHER },
      hundredth: scalar(0.01),
      half: scalar(0.5),
    },
  );
}

function backward(): Uint8Array {
  return model(
    { e: [BATCH, 1], x2: [BATCH, WIDTH], z: [BATCH, 1] },
    ["gw", "gb", "grho"],
    [
      ["Mul", ["e", "k"], ["de"]],
      ["Transpose", ["x2"], ["xt"]],
      ["MatMul", ["xt", "de"], ["gw"]],
      ["ReduceSum", ["de", "axis0"], ["gb"], { keepdims: 0 }],
      ["Mul", ["de", "z"], ["dez"]],
      ["ReduceSum", ["dez", "axis0"], ["grho"], { keepdims: 0 }],
    ],
    { k: scalar(2 / BATCH), axis0: [0] },
  );
}

function update(): Uint8Array {
  const nodes: Parameters<typeof model>[2][number][] = [];
  const inputs: Record<string, readonly number[]> = { size: [], root: [] };
  for (const [p, shape] of [["w", [WIDTH, 1]], ["b", [1]], ["rho", [1]]] as const) {
    for (const prefix of ["p_", "m_", "v_", "g_"]) inputs[`${prefix}${p}`] = shape;
    const last = p === "rho" ? "free_rho" : `p_${p}_out`;
    nodes.push(
      ["Mul", [`p_${p}`, "decay"], [`pd_${p}`]],
      ["Add", [`g_${p}`, `pd_${p}`], [`gd_${p}`]],
      ["Mul", [`m_${p}`, "b1"], [`mb_${p}`]],
      ["Mul", [`gd_${p}`, "c1"], [`gc_${p}`]],
      ["Add", [`mb_${p}`, `gc_${p}`], [`m_${p}_out`]],
      ["Mul", [`v_${p}`, "b2"], [`vb_${p}`]],
      ["Mul", [`gd_${p}`, `gd_${p}`], [`gg_${p}`]],
      ["Mul", [`gg_${p}`, "c2"], [`ggc_${p}`]],
      ["Add", [`vb_${p}`, `ggc_${p}`], [`v_${p}_out`]],
      ["Sqrt", [`v_${p}_out`], [`sv_${p}`]],
      ["Mul", [`sv_${p}`, "root"], [`svr_${p}`]],
      ["Add", [`svr_${p}`, "eps"], [`den_${p}`]],
      ["Div", [`m_${p}_out`, `den_${p}`], [`dir_${p}`]],
      ["Mul", [`dir_${p}`, "size"], [`step_${p}`]],
      ["Sub", [`p_${p}`, `step_${p}`], [last]],
    );
  }
  nodes.push(["Clip", ["free_rho", "low", "high"], ["p_rho_out"]]);
  const [b1, b2] = ADAM.betas;
  return model(inputs, ["w", "b", "rho"].flatMap((p) => [`p_${p}_out`, `m_${p}_out`, `v_${p}_out`]), nodes, {
    decay: scalar(ADAM.decay), b1: scalar(b1), c1: scalar(1 - b1), b2: scalar(b2), c2: scalar(1 - b2), eps: scalar(ADAM.eps),
    low: scalar(0), high: scalar(1),
  });
}

/** A second phase that sees the updated parameters; its value may lie where the first phase's did. */
function after(): Uint8Array {
  return model({ x: [BATCH, 1, 1, WIDTH], w: [WIDTH, 1] }, ["h"], [["Reshape", ["x", "flat"], ["x2"]], ["MatMul", ["x2", "w"], ["h"]]], { flat: [BATCH, WIDTH] });
}
function afterLoss(): Uint8Array {
  return model({ h: [BATCH, 1] }, ["loss"], [["Mul", ["h", "h"], ["hh"]], ["ReduceMean", ["hh"], ["loss"], { keepdims: 0 }]]);
}
function exported(): Uint8Array {
  return model({ x: ["N", 1, "H", "W"], "param:rho": [1] }, ["image"], [["Mul", ["x", "param:rho"], ["image"]]]);
}

const ports = (record: Readonly<Record<string, string>>): Port[] => Object.entries(record).map(([port, value]) => ({ port, value }));
const adamPorts = (suffix: "" | "_out"): Record<string, string> =>
  Object.fromEntries(["w", "b", "rho"].flatMap((p) => [[`p_${p}${suffix}`, `param:${p}`], [`m_${p}${suffix}`, `m:${p}`], [`v_${p}${suffix}`, `v:${p}`]]));

/** `frozen`: values of a net nobody trains, to make checkpoints as large as a test wants. */
export function tinyProgram(frozen = 8, change: Partial<Program> = {}): Program {
  const stream = (name: string) => ({ name, folder: name, channels: 1, height: 1, width: WIDTH, steps: [{ op: "random_flip" as const, p: 0.5 }], test: [] });
  const constant = (value: number) => ({ kind: "constant" as const, value });
  const exportPort = (name: string) => ({ name, axes: ["n", "c", "h", "w"], shape: ["N", 1, "H", "W"] });
  return {
    format: 1,
    spec: "tiny",
    hash: "0123456789abcdef",
    settings: { ch: "64", decoder_norm: "AdaLIN" },
    batch: BATCH,
    length: { count: 3, unit: "epochs" },
    data: [stream("A"), stream("B")],
    params: [
      { name: "w", axes: ["i", "o"], shape: [WIDTH, 1], net: "AB", role: "weight", init: { kind: "normal", mean: 0, std: 0.02 }, optimizer: "main" },
      { name: "b", axes: ["o"], shape: [1], net: "AB", role: "bias", init: { kind: "uniform", low: -0.5, high: 0.5 }, optimizer: "main" },
      { name: "rho", axes: ["o"], shape: [1], net: "AB", role: "other", init: constant(0.9), optimizer: "main", within: [0, 1], madeBy: "AdaLIN" },
      { name: "frozen", axes: ["c"], shape: [frozen], net: "F", role: "weight", init: { kind: "uniform", low: -1, high: 1 } },
    ],
    states: [{ name: "u", axes: ["i"], shape: [WIDTH], net: "AB", init: { kind: "unit_normal" } }],
    samples: [{ name: "z", axes: ["n", "o"], shape: [BATCH, 1], distribution: { kind: "normal", mean: 0, std: 0.1 } }],
    optimizers: [{ name: "main", kind: "adam", ...ADAM, decayOn: "all", params: ["w", "b", "rho"] }],
    schedule: [{ kind: "constant", count: 50, unit: "percent" }, { kind: "linear", to: 0 }],
    scalars: [
      { name: "main.size", kind: "step-size", optimizer: "main" },
      { name: "main.root", kind: "root-correction", optimizer: "main" },
    ],
    losses: [
      { name: "fit.mse", phase: "fit", term: "mse", formula: "mse(A w + b, y)" },
      { name: "look.after", phase: "look", term: "after", formula: "mean((A w)^2)" },
    ],
    segments: [
      {
        name: "fit.forward", phase: "fit", kind: "compute", model: "forward.onnx",
        inputs: ports({ x: "data:A", w: "param:w", b: "param:b", rho: "param:rho", u: "state:u", z: "sample:z" }),
        outputs: ports({ x2: "value:x2", e: "value:e", loss: "loss:fit.mse", u_next: "next:u" }),
      },
      {
        name: "fit.backward", phase: "fit", kind: "compute", model: "backward.onnx",
        inputs: ports({ e: "value:e", x2: "value:x2", z: "sample:z" }),
        outputs: ports({ gw: "grad:w", gb: "grad:b", grho: "grad:rho" }),
      },
      {
        name: "fit.update", phase: "fit", kind: "update", model: "update.onnx",
        inputs: ports({ ...adamPorts(""), g_w: "grad:w", g_b: "grad:b", g_rho: "grad:rho", size: "scalar:main.size", root: "scalar:main.root" }),
        outputs: ports(adamPorts("_out")),
      },
      { name: "look.forward", phase: "look", kind: "compute", model: "after.onnx", inputs: ports({ x: "data:A", w: "param:w" }), outputs: ports({ h: "value:h" }) },
      { name: "look.loss", phase: "look", kind: "compute", model: "afterLoss.onnx", inputs: ports({ h: "value:h" }), outputs: ports({ loss: "loss:look.after" }) },
    ],
    values: {
      "value:x2": [BATCH, WIDTH], "value:e": [BATCH, 1], "value:h": [BATCH, 1],
      "grad:w": [WIDTH, 1], "grad:b": [1], "grad:rho": [1], "next:u": [WIDTH],
    },
    exports: ["A2B", "B2A"].map((name) => ({
      name, model: "export.onnx", inputs: [exportPort("x")], outputs: [exportPort("image")], params: ["rho"], states: [], guards: [],
    })),
    ...change,
  };
}

export function tinyModels(): Map<string, Uint8Array> {
  return new Map([
    ["forward.onnx", forward()], ["backward.onnx", backward()], ["update.onnx", update()],
    ["after.onnx", after()], ["afterLoss.onnx", afterLoss()], ["export.onnx", exported()],
  ]);
}
