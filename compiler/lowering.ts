// What decides how a backend writes operations that have several forms. Plain data: a program carries it, a run folder keeps it.

/** Nanoseconds an element (or a multiply-add, or an operator) by name; which names there are is the backend's to say. */
export type CostTable = Readonly<Record<string, number>>;

/**
 * Bytes of windows, and of tiles on their way back to a picture, that a lowering makes at a time: larger ones go in parts, and a plan counts on it. Above
 * 32 MiB glibc maps fresh pages for every block, and writing those took longer than the product itself.
 */
export const AT_ONCE = { windows: 24e6, tiles: 32e6 } as const;

export interface Lowerings {
  /** Measured on the machine that will run; absent: the backend's own table. */
  readonly costs?: CostTable;
  /** Forms that must not be chosen, by name. */
  readonly without?: readonly string[];
  /** Forms by what they were chosen for: a resumed run repeats them whatever a later table says. */
  readonly chosen?: Readonly<Record<string, string>>;
}
