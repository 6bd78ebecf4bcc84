// Our names of parameters and state, and PyTorch's (gans.md 1.12): which of our tensors is which key of which published network.
// By structure: the n-th convolution of our encoder is the n-th of theirs, whatever stands between. What no line covers is an error.
import type { Program } from "../../compiler/program";

export interface TheirTensor {
  readonly net: string;
  readonly key: string;
  /** A vector of ours is [1, C] or [1, C, 1, 1] there. */
  readonly shape: "same" | "reshape";
}

type Line = readonly [pattern: RegExp, key: (...groups: string[]) => string, shape?: "reshape"];

/** DownBlock is pad, conv, norm, relu three times; then the residual blocks. UpBlock2: upsample, pad, conv, norm, relu. */
const GENERATOR: readonly Line[] = [
  [/^content\.conv(\d+)\.weight$/, (k) => `DownBlock.${4 * +k - 3}.weight`],
  [/^content\.[A-Z]\w*?(\d+)\.(?:Affine1\.)?(rho|gamma|beta)$/, (k, what) => `DownBlock.${4 * +k - 2}.${what}`, "reshape"],
  [/^content\.Residual(\d+)\.conv(\d)\.weight$/, (n, k) => `DownBlock.${11 + +n}.conv_block.${4 * +k - 3}.weight`],
  [/^content\.Residual(\d+)\.[A-Z]\w*?(\d)\.(?:Affine1\.)?(rho|gamma|beta)$/, (n, k, what) => `DownBlock.${11 + +n}.conv_block.${4 * +k - 2}.${what}`, "reshape"],
  [/^attention\.CAM1\.average$/, () => "gap_fc.weight", "reshape"],
  [/^attention\.CAM1\.maximum$/, () => "gmp_fc.weight", "reshape"],
  [/^attention\.CAM1\.features\.conv1\.(weight|bias)$/, (what) => `conv1x1.${what}`],
  [/^style\.linear(\d)\.weight$/, (k) => `FC.${2 * +k - 2}.weight`],
  [/^(gamma|beta)\.linear1\.weight$/, (what) => `${what}.weight`],
  [/^image\.Residual(\d+)\.conv(\d)\.weight$/, (n, k) => `UpBlock1_${n}.conv${k}.weight`],
  [/^image\.Residual(\d+)\.[A-Z]\w*?(\d)\.(?:Affine1\.)?(rho|gamma|beta)$/, (n, k, what) => `UpBlock1_${n}.norm${k}.${what}`, "reshape"],
  [/^image\.conv(\d)\.weight$/, (k) => `UpBlock2.${k === "3" ? 11 : 5 * +k - 3}.weight`],
  [/^image\.[A-Z]\w*?(\d)\.(?:Affine1\.)?(rho|gamma|beta)$/, (k, what) => `UpBlock2.${5 * +k - 2}.${what}`, "reshape"],
];

const CRITIC: readonly Line[] = [
  [/^features\.conv(\d+)\.weight$/, (k) => `model.${3 * +k - 2}.weight_orig`],
  [/^features\.conv(\d+)\.bias$/, (k) => `model.${3 * +k - 2}.bias`],
  [/^features\.conv(\d+)\.spectral1\.([uv])$/, (k, what) => `model.${3 * +k - 2}.weight_${what}`],
  [/^attention\.CAM1\.average$/, () => "gap_fc.weight_orig", "reshape"],
  [/^attention\.CAM1\.maximum$/, () => "gmp_fc.weight_orig", "reshape"],
  [/^attention\.CAM1\.spectral([12])\.([uv])$/, (k, what) => `${k === "1" ? "gap" : "gmp"}_fc.weight_${what}`],
  [/^attention\.CAM1\.features\.conv1\.(weight|bias)$/, (what) => `conv1x1.${what}`],
  [/^patches\.conv1\.weight$/, () => "conv.weight_orig"],
  [/^patches\.conv1\.spectral1\.([uv])$/, (what) => `conv.weight_${what}`],
];

/** `AB` is genA2B; `DA.0` is the global critic of domain A. */
function netOf(net: string): { theirs: string; lines: readonly Line[] } {
  if (net === "AB" || net === "BA") return { theirs: net === "AB" ? "genA2B" : "genB2A", lines: GENERATOR };
  const critic = /^D([AB])\.([01])$/.exec(net);
  if (!critic) throw new Error(`no network of PyTorch's is ${net}`);
  return { theirs: `dis${critic[2] === "0" ? "G" : "L"}${critic[1]}`, lines: CRITIC };
}

export function theirName(net: string, name: string): TheirTensor {
  const { theirs, lines } = netOf(net);
  const inside = name.slice(net.length + 1);
  for (const [pattern, key, shape] of lines) {
    const found = pattern.exec(inside);
    if (found) return { net: theirs, key: key(...found.slice(1)), shape: shape ?? "same" };
  }
  throw new Error(`no key of PyTorch's ${theirs} is ${name}`);
}

export interface Mapping {
  readonly parameters: Readonly<Record<string, TheirTensor>>;
  readonly state: Readonly<Record<string, TheirTensor>>;
}

export function mappingOf(program: Program): Mapping {
  const map = (list: readonly { name: string; net: string }[]): Record<string, TheirTensor> => Object.fromEntries(list.map((x) => [x.name, theirName(x.net, x.name)]));
  return { parameters: map(program.params), state: map(program.states) };
}
