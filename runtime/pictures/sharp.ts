import type { Sharp, SharpOptions } from "sharp";

type SharpModule = (input?: Buffer | Uint8Array, options?: SharpOptions) => Sharp;

let loading: Promise<SharpModule> | undefined;

/**
 * sharp, loaded at its first use: commands that touch no picture should not wait for libvips. One thread a picture and no cache of
 * libvips' own: decoding runs beside a training step and must leave it the cores and the memory.
 */
export function loadSharp(): Promise<SharpModule> {
  loading ??= import("sharp").then(({ default: sharp }) => {
    sharp.concurrency(1);
    sharp.cache(false);
    return sharp;
  });
  return loading;
}
