/**
 * Gives back what compiling, writing and reading models left on this thread's heap, once before a long training: some 40 MB at 128 px, ch 32.
 * (The bytes of the models stay, 4 MB: exports are opened later.) Node runs a collection on demand only where it was started with --expose-gc (cli/tuned.ts); elsewhere this does nothing.
 */
export function collectGarbage(): void {
  globalThis.gc?.();
}
