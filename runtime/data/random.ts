import { createHash } from "node:crypto";

/**
 * A seeded source of chance with named, independent sub-streams.
 *
 * The generator is xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2018,
 * https://prng.di.unimi.it/xoshiro128starstar.c): period 2^128 - 1, 32 bits a draw. Its first state is SHA-256 of a label, so
 * `fork` needs no draw: a stream depends on the seed and on the labels that lead to it, never on what was drawn before. That is what
 * lets item k be prepared ahead, or again after a resume, with the very same draws.
 *
 * The state is plain numbers; restoring it gives the same bits. `normal` keeps no second value back, so nothing hides outside the state.
 */
export class Random {
  /** Where this stream came from: the root of its forks. 4 words. */
  readonly #key: Uint32Array;
  /** xoshiro's state: 4 words, not all zero. */
  readonly #s: Uint32Array;

  private constructor(key: Uint32Array, s: Uint32Array) {
    this.#key = key;
    this.#s = s;
  }

  /** The root stream of a seed: any finite number or text; 1 and "1" are different seeds. */
  static seeded(seed: number | string): Random {
    if (typeof seed === "number" && !Number.isFinite(seed)) throw new RangeError(`seed ${seed} is not a finite number`);
    return Random.#labelled(new Uint32Array(4), `${typeof seed}:${String(seed)}`);
  }

  static #labelled(parent: Uint32Array, label: string): Random {
    const hash = createHash("sha256");
    // Little-endian by hand: a checkpoint must mean the same on every machine.
    const bytes = Buffer.alloc(16);
    parent.forEach((word, i) => bytes.writeUInt32LE(word, 4 * i));
    const digest = hash.update(bytes).update(label, "utf8").digest();
    const words = Uint32Array.from({ length: 8 }, (_, i) => digest.readUInt32LE(4 * i));
    const s = words.slice(4);
    if (s.every((word) => word === 0)) s[0] = 1; // the one state xoshiro cannot leave; 1 in 2^128
    return new Random(words.slice(0, 4), s);
  }

  /** The sub-stream of this name. It depends on this stream's origin only, not on its draws so far. */
  fork(label: string): Random {
    return Random.#labelled(this.#key, label);
  }

  /** 8 words of 32 bits: 4 of origin, 4 of xoshiro's state. */
  state(): number[] {
    return [...this.#key, ...this.#s];
  }

  /** The stream that `state()` described. Throws a RangeError if this is no such state. */
  static from(state: readonly number[]): Random {
    const isWord = (x: number): boolean => Number.isInteger(x) && x >= 0 && x < 2 ** 32;
    if (state.length !== 8 || !state.every(isWord))
      throw new RangeError("a random state is 8 whole numbers below 2^32");
    const s = Uint32Array.from(state.slice(4));
    if (s.every((word) => word === 0))
      throw new RangeError("a random state whose last 4 numbers are 0 yields only zeros");
    return new Random(Uint32Array.from(state.slice(0, 4)), s);
  }

  /** 32 random bits, as a number in 0 … 2^32 - 1. */
  next(): number {
    const s = this.#s;
    const s1 = s[1]!;
    const result = Math.imul(rotate(Math.imul(s1, 5), 7), 9) >>> 0;
    s[2]! ^= s[0]!;
    s[3]! ^= s1;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= s1 << 9;
    s[3] = rotate(s[3]!, 11);
    return result;
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    const high = this.next() >>> 5;
    const low = this.next() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** A whole number in 0 … n - 1, each equally likely (draws beyond the last multiple of n are thrown away). 1 ≤ n ≤ 2^32. */
  int(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) throw new RangeError(`int(${n}): from 1 to 2^32`);
    const limit = 2 ** 32 - (2 ** 32 % n);
    let drawn = this.next();
    while (drawn >= limit) drawn = this.next();
    return drawn % n;
  }

  /** Standard normal, by Box and Muller (1958); the sine's half is dropped, not kept. */
  normal(): number {
    const u = 1 - this.uniform(); // in (0, 1]: the logarithm of 0 is never asked for
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** 0 … n - 1 in random order (Fisher and Yates, as Durstenfeld wrote it). */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const kept = order[i]!;
      order[i] = order[j]!;
      order[j] = kept;
    }
    return order;
  }
}

function rotate(x: number, k: number): number {
  return (x << k) | (x >>> (32 - k));
}
