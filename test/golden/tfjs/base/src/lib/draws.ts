// The chance in the data: which picture, which flip, which crop.
import { createHash } from "node:crypto";

/**
 * The generator xoshiro128** (Blackman, Vigna, 2018). Its first state is a hash of the labels that lead to it, so that a stream depends
 * on these alone: any draw of a run can be made again without those before it.
 */
export class Draws {
  private readonly key: Uint32Array;
  private readonly state: Uint32Array;

  private constructor(parent: Uint32Array, label: string) {
    const bytes = Buffer.alloc(16);
    parent.forEach((word, i) => bytes.writeUInt32LE(word, 4 * i));
    const digest = createHash("sha256").update(bytes).update(label, "utf8").digest();
    this.key = Uint32Array.from({ length: 4 }, (_, i) => digest.readUInt32LE(4 * i));
    this.state = Uint32Array.from({ length: 4 }, (_, i) => digest.readUInt32LE(16 + 4 * i));
  }

  static seeded(seed: number | string): Draws {
    return new Draws(new Uint32Array(4), `${typeof seed}:${String(seed)}`);
  }

  /** The stream of this name within this one. */
  fork(label: string): Draws {
    return new Draws(this.key, label);
  }

  /** 32 random bits. */
  private word(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.state;
    const result = Math.imul(rotated(Math.imul(b, 5), 7), 9) >>> 0;
    const [mixed, last] = [c ^ a, d ^ b];
    this.state.set([a ^ last, b ^ mixed, mixed ^ (b << 9), rotated(last, 11)]);
    return result;
  }

  /** In [0, 1), 53 bits. */
  uniform(): number {
    const high = this.word() >>> 5;
    return (high * 2 ** 26 + (this.word() >>> 6)) / 2 ** 53;
  }

  /** A whole number in 0 … n - 1, each equally likely. */
  below(n: number): number {
    const limit = 2 ** 32 - (2 ** 32 % n);
    let drawn = this.word();
    while (drawn >= limit) drawn = this.word();
    return drawn % n;
  }

  /** 0 … n - 1 in random order (Fisher and Yates). */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
    }
    return order;
  }
}

function rotated(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}
