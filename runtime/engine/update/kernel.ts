// Adam in one pass: weight, both moments and gradient are read once, weight and moments written once, four floats at a time.
// Each operation and its order are those of the graph form (compiler/train/update.ts), and WebAssembly rounds each of them
// as onnxruntime does (no fused multiply-add), so that the two forms give the same bits.
import { asm, moduleOf, types, wasm, type Code, type WasmMemory } from "./assembler.ts";

/** Numbers of one update; each becomes float32 at the call. */
export interface AdamNumbers {
  /** rate · schedule / (1 - beta1^t). */
  readonly step: number;
  /** 1 / sqrt(1 - beta2^t). */
  readonly root: number;
  readonly eps: number;
  /** 0: none. */
  readonly decay: number;
  readonly betas: readonly [number, number];
  /** Projected onto this range; infinite: not at all. */
  readonly within: readonly [number, number];
}

/** Byte offsets into the memory, multiples of 16, and how many floats; the floats up to the next multiple of 4 are touched, too. */
export type AdamKernel = (param: number, m: number, v: number, gradient: number, count: number, numbers: AdamNumbers) => void;

const POINTERS = ["param", "m", "v", "gradient", "end"] as const;
const NUMBERS = ["step", "root", "eps", "decay", "beta1", "rest1", "beta2", "rest2", "low", "high"] as const;

function build(): Uint8Array<ArrayBuffer> {
  const { get, set, tee, load, store, add, sub, mul, div, sqrt, min, max } = asm;
  const [param, m, v, gradient, end] = POINTERS.map((_, i) => i) as [number, number, number, number, number];
  const scalar = POINTERS.length;
  /** Each number, four times. */
  const lanes = scalar + NUMBERS.length;
  const of = (name: (typeof NUMBERS)[number]): Code => get(lanes + NUMBERS.indexOf(name));
  const [g, m2, v2, p] = [0, 1, 2, 3].map((i) => lanes + NUMBERS.length + i) as [number, number, number, number];
  const advance = [param, m, v, gradient].flatMap((at) => [...get(at), ...asm.i32(16), ...asm.i32Add, ...set(at)]);
  const body = [
    ...NUMBERS.flatMap((_, i) => [...get(scalar + i), ...asm.splat, ...set(lanes + i)]),
    ...asm.loop([
      ...get(param), ...load, ...set(p),
      // g = gradient + decay·p
      ...get(gradient), ...load, ...get(p), ...of("decay"), ...mul, ...add, ...set(g),
      // m = β1·m + (1-β1)·g
      ...get(m), ...get(m), ...load, ...of("beta1"), ...mul, ...get(g), ...of("rest1"), ...mul, ...add, ...tee(m2), ...store,
      // v = β2·v + (1-β2)·g²
      ...get(v), ...get(v), ...load, ...of("beta2"), ...mul, ...get(g), ...get(g), ...mul, ...of("rest2"), ...mul, ...add, ...tee(v2), ...store,
      // p = min(max(p - m / (√v·root + eps)·step, low), high)
      ...get(param), ...get(p), ...get(m2), ...get(v2), ...sqrt, ...of("root"), ...mul, ...of("eps"), ...add, ...div, ...of("step"), ...mul, ...sub,
      ...of("low"), ...max, ...of("high"), ...min, ...store,
      ...advance, ...get(param), ...get(end), ...asm.i32LessUnsigned,
    ]),
  ];
  return moduleOf({
    name: "adam",
    params: [...POINTERS.map(() => types.i32), ...NUMBERS.map(() => types.f32)],
    locals: { count: NUMBERS.length + 4, type: types.v128 },
    body,
  });
}

type Raw = (...args: number[]) => void;

export function adamKernel(memory: WasmMemory): AdamKernel {
  const instance = new wasm.Instance(new wasm.Module(build()), { env: { memory } });
  const run = instance.exports["adam"] as Raw;
  return (param, m, v, gradient, count, { step, root, eps, decay, betas: [b1, b2], within: [low, high] }) => {
    if (count > 0) run(param, m, v, gradient, param + 4 * count, step, root, eps, decay, b1, 1 - b1, b2, 1 - b2, low, high);
  };
}
