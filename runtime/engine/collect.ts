/**
 * Gives back what compiling and opening left on this thread's heap, once before a long training: of 128 px, ch 32, some 40 MB. Node runs
 * a collection on demand only where it was started with --expose-gc (cli/tuned.ts); elsewhere this does nothing.
 */
export function collectGarbage(): void {
  globalThis.gc?.();
}
