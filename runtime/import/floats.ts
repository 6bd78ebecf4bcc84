// The number formats of weights, and how their bytes become float32.

export type FloatType = "float32" | "float64" | "float16" | "bfloat16";
/** Types that a file may hold beside the weights (a counter), which are never read. */
export type OtherType = "int64" | "int32" | "int16" | "int8" | "uint8" | "bool" | "complex64" | "complex128";
export type DType = FloatType | OtherType;

export const WIDTH: Readonly<Record<DType, number>> = {
  float32: 4, float64: 8, float16: 2, bfloat16: 2, int64: 8, int32: 4, int16: 2, int8: 1, uint8: 1, bool: 1, complex64: 8, complex128: 16,
};

/** Little-endian bytes to numbers; `bytes` holds as many as `into` wants. */
const DECODE: Readonly<Record<FloatType, (bytes: Buffer, into: Float32Array) => void>> = {
  float32: (bytes, into) => void bytes.copy(new Uint8Array(into.buffer, into.byteOffset, into.byteLength)),
  float64: (bytes, into) => {
    for (let i = 0; i < into.length; i++) into[i] = bytes.readDoubleLE(8 * i);
  },
  float16: (bytes, into) => {
    const table = halves();
    for (let i = 0; i < into.length; i++) into[i] = table[bytes.readUInt16LE(2 * i)] as number;
  },
  bfloat16: (bytes, into) => {
    const bits = new Uint32Array(into.buffer, into.byteOffset, into.length);
    for (let i = 0; i < bits.length; i++) bits[i] = bytes.readUInt16LE(2 * i) << 16;
  },
};

export const isFloat = (type: DType): type is FloatType => Object.hasOwn(DECODE, type);

export function decode(type: FloatType, bytes: Buffer, into: Float32Array): void {
  DECODE[type](bytes, into);
}

let table: Float32Array | undefined;

/** IEEE 754 binary16: sign, 5 bits of exponent (bias 15), 10 of fraction. */
function halves(): Float32Array {
  table ??= Float32Array.from({ length: 1 << 16 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
  });
  return table;
}
