// The project's pseudo-random numbers: sfc32, keyed by a seed and a name, so that every consumer has a stream of its own and
// adding one changes no other. Pure: the state is four 32-bit words that a checkpoint can keep. Only integer arithmetic and
// Math.sqrt, log, cos, which V8 computes in software, the same on every machine.

export type RandomState = readonly [number, number, number, number];

const UNIT = 1 / 4294967296;

export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter: number;

  constructor(state: RandomState) {
    [this.a, this.b, this.c, this.counter] = [state[0] | 0, state[1] | 0, state[2] | 0, state[3] | 0];
  }

  /** The stream of this name under this seed. */
  static of(seed: number, name: string): Random {
    const [a, b, c] = digest(`${seed}/${name}`);
    const random = new Random([a, b, c, 1]);
    for (let round = 0; round < 15; round++) random.word(); // sfc32's own advice: mix before use
    return random;
  }

  state(): RandomState {
    return [this.a >>> 0, this.b >>> 0, this.c >>> 0, this.counter >>> 0];
  }

  /** 32 random bits, as an unsigned integer. */
  word(): number {
    const sum = (this.a + this.b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** In [0, 1). */
  unit(): number {
    return this.word() * UNIT;
  }

  /** low + (high − low)·`unit()` each, in turn. The state in local variables: a training begins with tens of millions of these. */
  fillUniform(values: Float32Array, low: number, high: number): void {
    const range = high - low;
    let a = this.a | 0;
    let b = this.b | 0;
    let c = this.c | 0;
    let counter = this.counter | 0;
    const { length } = values;
    for (let at = 0; at < length; at++) {
      const sum = (((a + b) | 0) + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + sum) | 0;
      values[at] = low + range * ((sum >>> 0) * UNIT);
    }
    [this.a, this.b, this.c, this.counter] = [a, b, c, counter];
  }

  /** A whole number in [0, bound), every one as likely: words that would favour the low ones are drawn again. */
  below(bound: number): number {
    const limit = 4294967296 - (4294967296 % bound);
    let word = this.word();
    while (word >= limit) word = this.word();
    return word % bound;
  }

  /** Two independent standard normal numbers (Box and Muller). */
  normals(): readonly [number, number] {
    const radius = Math.sqrt(-2 * Math.log((this.word() + 1) * UNIT)); // (0, 1]: never log 0
    const angle = 2 * Math.PI * this.unit();
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  }

  /** In place (Fisher and Yates). */
  shuffle<T>(items: T[]): T[] {
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      const kept = items[last] as T;
      items[last] = items[other] as T;
      items[other] = kept;
    }
    return items;
  }
}

/** Three well-mixed words of a text (the finalizer is MurmurHash3's). */
function digest(text: string): [number, number, number] {
  const words: [number, number, number] = [0x9e3779b9 | 0, 0x85ebca6b | 0, 0xc2b2ae35 | 0];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    words[0] = Math.imul(words[0] ^ code, 0x01000193);
    words[1] = Math.imul(words[1] ^ code ^ (words[0] >>> 15), 0x85ebca77);
    words[2] = Math.imul(words[2] ^ code ^ (words[1] >>> 13), 0xc2b2ae3d);
  }
  return [finish(words[0] ^ words[2]), finish(words[1] ^ words[0]), finish(words[2] ^ words[1])];
}

function finish(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}
