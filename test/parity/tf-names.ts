// Our names of parameters and state, and the variables of the TensorFlow code (gans.md section 2), with how a tensor of ours becomes one of
// theirs: kernels are HWIO there, dense kernels [in, out], u a row. Settings that only the PyTorch code has (a second classifier) get a name
// in the same style.
import type { Program } from "../../compiler/program";

export interface Theirs {
  readonly name: string;
  readonly split?: readonly number[];
  readonly axes?: readonly number[];
  readonly shape?: readonly number[];
  readonly vector?: "u" | "v";
}

type Line = readonly [pattern: RegExp, name: (...groups: string[]) => string];
const variable = (what: string): string => (what === "weight" ? "kernel" : what);

const GENERATOR: readonly Line[] = [
  [/^content\.conv1\.(weight|bias)$/, (what) => `conv/conv2d/${variable(what)}`],
  [/^content\.conv(\d+)\.(weight|bias)$/, (k, what) => `conv_${+k - 2}/conv2d/${variable(what)}`],
  [/^content\.IN1\.Affine1\.(gamma|beta)$/, (what) => `ins_norm/${what}`],
  [/^content\.IN(\d+)\.Affine1\.(gamma|beta)$/, (k, what) => `ins_norm_${+k - 2}/${what}`],
  [/^content\.Residual(\d+)\.conv(\d)\.(weight|bias)$/, (n, k, what) => `resblock_${+n - 1}/res${k}/conv_0/conv2d/${variable(what)}`],
  [/^content\.Residual(\d+)\.IN(\d)\.Affine1\.(gamma|beta)$/, (n, k, what) => `resblock_${+n - 1}/res${k}/instance_norm/${what}`],
  [/^style\.linear(\d)\.(weight|bias)$/, (k, what) => `MLP/linear_${+k - 1}/dense/${variable(what)}`],
  [/^(gamma|beta)\.linear1\.(weight|bias)$/, (which, what) => `MLP/${which}/dense/${variable(what)}`],
  [/^image\.Residual(\d+)\.conv(\d)\.(weight|bias)$/, (n, k, what) => `adaptive_resblock${+n - 1}/res${k}/conv_0/conv2d/${variable(what)}`],
  [/^image\.Residual(\d+)\.AdaLIN(\d)\.rho$/, (n, k) => `adaptive_resblock${+n - 1}/res${k}/instance_layer_norm/rho`],
  [/^image\.conv3\.(weight|bias)$/, (what) => `G_logit/conv2d/${variable(what)}`],
  [/^image\.conv(\d)\.(weight|bias)$/, (k, what) => `up_conv_${+k - 1}/conv2d/${variable(what)}`],
  [/^image\.ILN(\d)\.(rho|gamma|beta)$/, (k, what) => `layer_ins_norm_${+k - 1}/${what}`],
];

/** The heads are the same in both networks. */
const HEAD: readonly Line[] = [
  [/^attention\.(?:SharedCAM1\.classifier|CAM1\.average)$/, () => "CAM_logit/kernel"],
  [/^attention\.CAM1\.maximum$/, () => "CAM_logit_1/kernel"],
  [/^attention\.(?:Shared)?CAM1\.offset\.Offset1\.bias$/, () => "CAM_logit/bias"],
  [/^attention\.CAM1\.offset\.Offset2\.bias$/, () => "CAM_logit_1/bias"],
  [/^attention\.(?:Shared)?CAM1\.features\.conv1\.(weight|bias)$/, (what) => `conv_1x1/conv2d/${variable(what)}`],
];

const critic = (convs: number): readonly Line[] => {
  const scope = (k: string): string => (+k === convs ? "conv_last" : `conv_${+k - 1}`);
  return [
    [/^features\.conv(\d+)\.(weight|bias)$/, (k, what) => `${scope(k)}/${variable(what)}`],
    [/^features\.conv(\d+)\.spectral1\.[uv]$/, (k) => `${scope(k)}/u`],
    [/^patches\.conv1\.(weight|bias)$/, (what) => `D_logit/${variable(what)}`],
    [/^patches\.conv1\.spectral1\.[uv]$/, () => "D_logit/u"],
    [/^attention\.(?:SharedCAM1\.judge|CAM1)\.spectral1\.[uv]$/, () => "CAM_logit/u"],
    [/^attention\.CAM1\.spectral2\.[uv]$/, () => "CAM_logit_1/u"],
  ];
};

function scopeOf(net: string): string {
  if (net === "AB" || net === "BA") return net === "AB" ? "generator_B" : "generator_A";
  const found = /^D([AB])\.([01])$/.exec(net);
  if (!found) throw new Error(`no network of the TensorFlow code is ${net}`);
  return `discriminator_${found[1]}/${found[2] === "0" ? "global" : "local"}`;
}

/** How the tensor's axes differ. */
function layoutOf(name: string, shape: readonly number[], kernels: ReadonlyMap<string, readonly number[]>): Omit<Theirs, "name"> {
  if (name.endsWith(".u")) return { shape: [1, ...shape], vector: "u" };
  if (name.endsWith(".v")) {
    const [, cin, kh, kw] = kernels.get(name.replace(/\.spectral1\.v$/, ".weight")) ?? [];
    return cin === undefined ? { shape: [1, ...shape], vector: "v" } : { split: [cin, kh!, kw!], axes: [1, 2, 0], shape: [1, ...shape], vector: "v" };
  }
  if (shape.length === 4) return { axes: [2, 3, 1, 0] };
  if (shape.length === 2) return { axes: [1, 0] };
  if (/\.(classifier|average|maximum)$/.test(name)) return { shape: [...shape, 1] };
  return shape.length === 0 ? { shape: [1] } : {};
}

/**
 * A critic's scale by the normalised classifier has spectral vectors of its own in our text, and none in TensorFlow's, where the weight is
 * normalised once. One row's vectors are exact, so they differ in sign at most: isCopy's are compared with the classifier's.
 */
export const isCopy = (name: string): boolean => /CAM1\.(scaled|features)\.spectral\d\.[uv]$/.test(name);
export const originalOf = (copy: string): string => copy.replace("SharedCAM1.scaled", "SharedCAM1.judge").replace(".CAM1.features", ".CAM1");

export interface TfMapping {
  readonly parameters: Readonly<Record<string, Theirs>>;
  readonly state: Readonly<Record<string, Theirs>>;
  readonly samples: Readonly<Record<string, string>>;
}

export function tfMapping(program: Program): TfMapping {
  const kernels = new Map(program.params.map((p) => [p.name, p.shape]));
  const convs = (net: string): number => program.params.filter((p) => p.net === net && /\.features\.conv\d+\.weight$/.test(p.name) && !p.name.includes("CAM1")).length;
  const entry = ({ name, net, shape }: { name: string; net: string; shape: readonly number[] }): readonly [string, Theirs] => {
    const inside = name.slice(net.length + 1);
    for (const [pattern, of] of [...HEAD, ...(net.startsWith("D") ? critic(convs(net)) : GENERATOR)]) {
      const found = pattern.exec(inside);
      if (found) return [name, { name: `${scopeOf(net)}/${of(...found.slice(1))}`, ...layoutOf(name, shape, kernels) }];
    }
    throw new Error(`no variable of the TensorFlow code is ${name}`);
  };
  // The penalty's points: the first direction's is of domain B.
  const samples = program.samples.map(({ name }): [string, string] => {
    const found = /points(2?)\.(?:Between|Near)1\.(t|noise)/.exec(name);
    if (!found) throw new Error(`no draw of the TensorFlow code is ${name}`);
    return [`${found[2]}_${found[1] === "" ? "B" : "A"}`, name];
  });
  return {
    parameters: Object.fromEntries(program.params.map(entry)), state: Object.fromEntries(program.states.filter((s) => !isCopy(s.name)).map(entry)),
    samples: Object.fromEntries(samples),
  };
}
