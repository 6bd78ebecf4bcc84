// Seeded chance: a generator for each name, so that what one tensor draws never depends on which were drawn before it.
/** The generator sfc32 (Chris Doty-Humphrey, PractRand), its state hashed from a seed and a name. */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(seed: number, name: string) {
    [this.a, this.b, this.c] = digest(`${seed}/${name}`);
    for (let round = 0; round < 15; round++) this.word();
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
    return this.word() / 4294967296;
  }

  /** Two independent standard normal numbers (Box and Muller, 1958). */
  normals(): readonly [number, number] {
    const radius = Math.sqrt(-2 * Math.log((this.word() + 1) / 4294967296)); // of (0, 1]: never log 0
    const angle = 2 * Math.PI * this.unit();
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  }
}

/** Three well-mixed words of a text (the finalizer is MurmurHash3's). */
function digest(text: string): [number, number, number] {
  let [a, b, c] = [0x9e3779b9 | 0, 0x85ebca6b | 0, 0xc2b2ae35 | 0];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code ^ (a >>> 15), 0x85ebca77);
    c = Math.imul(c ^ code ^ (b >>> 13), 0xc2b2ae3d);
  }
  return [finish(a ^ c), finish(b ^ a), finish(c ^ b)];
}

function finish(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}
