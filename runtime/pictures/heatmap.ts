import { resizeAsCv2 } from "../data/resize-cv2";
import type { Picture } from "../data/types";

/**
 * Attention maps as the published code shows them (U-GAT-IT's utils.cam: minus the minimum, over the maximum, 8 bits, cv2.resize
 * bilinear, COLORMAP_JET), except that a constant map, which there is 0/0, is one flat colour.
 */

/**
 * OpenCV's COLORMAP_JET: three ramps of slope 4 around 3/4, 1/2 and 1/4 of the range (OpenCV's own table is 1 off
 * in one of its 768 entries). Level 0–255 to RGB, 0–255 each.
 */
export const jet: Uint8Array = Uint8Array.from({ length: 256 * 3 }, (_, i) => {
  const level = Math.floor(i / 3);
  const ramp = 382.5 - Math.abs(4 * level - 255 * (3 - (i % 3)));
  return roundHalfEven(Math.min(255, Math.max(0, ramp)));
});

/** As OpenCV rounds; every ramp's value ends in .5, so it decides each entry. */
function roundHalfEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}

/**
 * A map of h × w numbers to 8-bit levels: its smallest is 0, its largest 255. A constant map is 0 everywhere, and so is one whose
 * range is rounding error (10^-6 of its size): stretching that would show noise as attention. Numbers that are not finite count as 0.
 */
export function scaleMap(map: Float32Array): Uint8Array {
  let low = Infinity;
  let high = -Infinity;
  for (const v of map) {
    if (!Number.isFinite(v)) continue;
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  const range = high - low;
  if (!(range > 1e-6 * Math.max(Math.abs(low), Math.abs(high)))) return new Uint8Array(map.length);
  return Uint8Array.from(map, (v) => (Number.isFinite(v) ? Math.floor((255 * (v - low)) / range) : 0));
}

/** The heat map of h × w numbers (row by row) as a coloured RGB picture of toHeight × toWidth. */
export function heatmap(map: Float32Array, height: number, width: number, toHeight: number, toWidth: number): Picture {
  if (map.length !== height * width) throw new RangeError(`a map of ${map.length} numbers is not ${height}×${width}`);
  const levels = resizeAsCv2({ width, height, channels: 1, data: scaleMap(map) }, toHeight, toWidth).data;
  const data = new Uint8Array(levels.length * 3);
  levels.forEach((level, i) => data.set(jet.subarray(level * 3, level * 3 + 3), i * 3));
  return { width: toWidth, height: toHeight, channels: 3, data };
}

/** The heat map laid over a picture of the same size (both RGB, 8 bits): `weight` of the heat, the rest of the picture. */
export function overlay(picture: Picture, heat: Picture, weight = 0.5): Picture {
  if (picture.width !== heat.width || picture.height !== heat.height || picture.channels !== heat.channels)
    throw new RangeError("a heat map and its picture must have one size");
  const data = picture.data.map((v, i) => Math.round(v * (1 - weight) + heat.data[i]! * weight));
  return { ...heat, data };
}
