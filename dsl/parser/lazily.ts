/** Makes a value at the first call and keeps it: for tables that never change but take time to build. */
export function lazily<V>(make: () => V): () => V {
  let made: V | undefined;
  return () => (made ??= make());
}
