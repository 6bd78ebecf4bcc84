/** The contract between a spec's `data` line, as compiled, and what executes it. */

export type Filter = "bilinear" | "bicubic" | "bilinear_corner" | "bilinear_cv2";

/** One step of a preprocessing, in the words of the language. Sizes are in pixels. */
export type DataStep =
  | PictureStep
  /** With probability p every picture of a run goes through these steps, else none does (settle.ts). */
  | { op: "all_or_none"; p: number; steps: DataStep[] };

/** A step that is done to each picture by itself. */
export type PictureStep =
  | { op: "random_flip"; p?: number }
  | { op: "resize"; height: number; width: number; filter: Filter }
  | { op: "resize_short"; size: number; filter: Filter }
  | { op: "random_crop"; height: number; width: number }
  | { op: "center_crop"; height: number; width: number };

export interface DataSpec {
  /** The name in the spec ("A"); its stream of chance is named after it. */
  name: string;
  /** Which folder it draws from: "A" reads trainA and testA. `data A2: A` has the name A2, the folder A, and takes its pictures from A's stream. */
  folder: "A" | "B" | string;
  channels: number;
  height: number;
  width: number;
  /** What is done to a picture in training, in this order. */
  steps: DataStep[];
  /** The same in testing, without chance: what the spec says, or straight to the model's size. */
  test: PictureStep[];
}

/** A stream of a run: what is done to all of its pictures or to none has been decided. */
export interface SettledSpec extends DataSpec {
  steps: PictureStep[];
}

/** An 8-bit picture, rows from the top, channels interleaved: data[(y * width + x) * channels + c], 0–255. */
export interface Picture {
  width: number;
  height: number;
  channels: number;
  data: Uint8Array;
}

/** A picture as a model sees it: channel-major, data[(c * height + y) * width + x], values in [-1, 1]. */
export interface FloatPicture {
  width: number;
  height: number;
  channels: number;
  data: Float32Array;
}

/** What JSON can hold: positions and states are this, so that a checkpoint stores them as text. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
