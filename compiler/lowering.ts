// What decides how a backend writes operations that have several forms. Plain data: a program carries it, a run folder keeps it.

/** Nanoseconds an element (or a multiply-add, or an operator) by name; which names there are is the backend's to say. */
export type CostTable = Readonly<Record<string, number>>;

export interface Lowerings {
  /** Measured on the machine that will run; absent: the backend's own table. */
  readonly costs?: CostTable;
  /** Forms that must not be chosen, by name. */
  readonly without?: readonly string[];
  /** Forms by what they were chosen for: a resumed run repeats them whatever a later table says. */
  readonly chosen?: Readonly<Record<string, string>>;
}
