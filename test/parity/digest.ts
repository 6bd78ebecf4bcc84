// Big tensors in few numbers, so that the golden files stay small: the Euclidean norm, and products with four fixed random vectors of
// standard normal entries. For a difference e the mean of (r·e)² over the vectors is an estimate of |e|²: what is wrong anywhere in a
// tensor shows in all of them.
import { Random } from "../../compiler/random";

/** All the values, or the norm and then the products. */
export interface Digest {
  readonly count: number;
  readonly numbers: readonly number[];
}

export const WHOLE = 16;
const PRODUCTS = 4;

export const norm = (x: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * x[i]!;
  return Math.sqrt(sum);
};

const vectors = new Map<number, readonly Float64Array[]>();
/** The fixed vectors of this length: entry by entry from streams of their own. */
function vectorsOf(count: number): readonly Float64Array[] {
  const known = vectors.get(count);
  if (known) return known;
  const made = Array.from({ length: PRODUCTS }, (_, k) => {
    const random = Random.of(0, `projection ${k} of ${count}`);
    return Float64Array.from({ length: count }, () => random.normals()[0]);
  });
  vectors.set(count, made);
  return made;
}

export function digestOf(x: Float64Array): Digest {
  if (x.length <= WHOLE) return { count: x.length, numbers: [...x] };
  const products = vectorsOf(x.length).map((r) => {
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += r[i]! * x[i]!;
    return sum;
  });
  return { count: x.length, numbers: [norm(x), ...products] };
}

export const sizeOfDigest = (d: Digest): number => (d.count <= WHOLE ? norm(d.numbers) : d.numbers[0]!);

/** Norm of the difference of what two digests were made of: exact for small tensors, estimated for big ones. */
export function distance(a: Digest, b: Digest): number {
  if (a.count !== b.count) return Infinity;
  const e = a.numbers.map((v, i) => v - b.numbers[i]!);
  if (a.count <= WHOLE) return norm(e);
  return Math.max(Math.abs(e[0]!), norm(e.slice(1)) / Math.sqrt(PRODUCTS));
}
