/**
 * Gives back what compiling, writing and reading models left on this thread's heap, once before a long training: some 60 MB at 128 px, ch 32.
 * (The bytes of the models stay, 4 MB: exports are opened later.) By the inspector, whose collections make the heap small, too: those of `--expose-gc` keep
 * the space of young objects for ten seconds more. A Node that was built without an inspector gives it back by and by.
 */
export async function collectGarbage(): Promise<void> {
  try {
    const { Session } = await import("node:inspector");
    const session = new Session();
    session.connect();
    await new Promise<void>((resolve) => session.post("HeapProfiler.collectGarbage", () => resolve()));
    session.disconnect();
  } catch {
    // Nothing is wrong but that memory stays taken a little longer.
  }
}
