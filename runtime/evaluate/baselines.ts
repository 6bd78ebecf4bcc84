import type { FloatPicture } from "../data/types";
import { chroma, l1, ssim } from "./metrics";

/** Means over the pairs. L1 0–2, SSIM at most 1, chroma (of the pictures shown, not of the truth) 0–2. */
export interface Scores {
  readonly l1: number;
  readonly ssim: number;
  readonly chroma: number;
}

export function score(pictures: readonly FloatPicture[], truths: readonly FloatPicture[]): Scores {
  if (pictures.length !== truths.length || pictures.length === 0)
    throw new RangeError(`${pictures.length} pictures against ${truths.length} true ones`);
  const mean = (of: (picture: FloatPicture, truth: FloatPicture) => number): number =>
    pictures.reduce((sum, picture, i) => sum + of(picture, truths[i]!), 0) / pictures.length;
  return { l1: mean(l1), ssim: mean(ssim), chroma: mean(chroma) };
}

/** Black ink painted mid-grey, white left white, what is between in proportion: [-1, 1] becomes [0, 1]. */
export function inkToMidGrey(picture: FloatPicture): FloatPicture {
  return { ...picture, data: picture.data.map((v) => (v + 1) / 2) };
}

/** ITU-R 601 luminance of each pixel as a level 0–255. */
function luminance(picture: FloatPicture): Uint8Array {
  const area = picture.width * picture.height;
  const at = (c: number, i: number): number => picture.data[(picture.channels === 1 ? 0 : c) * area + i]!;
  return Uint8Array.from({ length: area }, (_, i) => {
    const y = 0.299 * at(0, i) + 0.587 * at(1, i) + 0.114 * at(2, i);
    return Math.min(255, Math.max(0, Math.round((y + 1) * 127.5)));
  });
}

/** Every pixel whose luminance level (0–255) is below `level` black, the others white. */
export function threshold(picture: FloatPicture, level: number): FloatPicture {
  const area = picture.width * picture.height;
  const levels = luminance(picture);
  return { ...picture, data: Float32Array.from(picture.data, (_, i) => (levels[i % area]! < level ? -1 : 1)) };
}

/**
 * The level 0–256 at which `threshold` of all sources comes closest (by L1) to the true pictures. It is chosen on the very pictures it
 * is then measured on, which flatters it: no threshold can do better, so a model that beats it has learnt more than a threshold.
 */
export function bestThreshold(sources: readonly FloatPicture[], truths: readonly FloatPicture[]): number {
  const asBlack = new Float64Array(256); // the error of all pixels of a level, painted black
  const asWhite = new Float64Array(256);
  sources.forEach((source, n) => {
    const truth = truths[n]!;
    const area = source.width * source.height;
    const levels = luminance(source);
    truth.data.forEach((v, i) => {
      const level = levels[i % area]!;
      asBlack[level]! += Math.abs(v + 1);
      asWhite[level]! += Math.abs(v - 1);
    });
  });
  let error = asWhite.reduce((a, b) => a + b);
  let best = { level: 0, error };
  for (let level = 1; level <= 256; level++) {
    error += asBlack[level - 1]! - asWhite[level - 1]!;
    if (error < best.error) best = { level, error };
  }
  return best.level;
}

export interface Baselines {
  /** The source itself, as if it were the translation. */
  readonly untranslated: Scores;
  /** For drawings in black and white that should be coloured. */
  readonly inkToMidGrey: Scores;
  /** For coloured pictures that should become drawings. */
  readonly bestThreshold: Scores & { readonly level: number };
}

/** What needs no training, measured on the same pairs as a model. Sources and truths have one size, values in [-1, 1]. */
export function baselines(sources: readonly FloatPicture[], truths: readonly FloatPicture[]): Baselines {
  const level = bestThreshold(sources, truths);
  return {
    untranslated: score(sources, truths),
    inkToMidGrey: score(sources.map(inkToMidGrey), truths),
    bestThreshold: {
      ...score(
        sources.map((s) => threshold(s, level)),
        truths,
      ),
      level,
    },
  };
}
