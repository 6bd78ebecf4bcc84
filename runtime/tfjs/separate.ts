// Two copies of TensorFlow.js in one process share an engine through the global object: the second package loaded warns of
// each kernel and runs on the first one's backend. Here each load gets an engine of its own.

/** The global names under which tfjs-core keeps its engine and its kernels. */
const SHARED = ["_tfengine", "_tfGlobals"] as const;

/** JavaScript files of TensorFlow.js. Addons are left alone: one of them serves every copy. */
const ours = (file: string): boolean => /[\\/]node_modules[\\/]@tensorflow[\\/]/.test(file) && !file.endsWith(".node");

/**
 * Runs `load` (synchronous: a `require`) so that the TensorFlow.js it loads is a fresh copy with its own engine, backends and tensors.
 * tfjs-core asks once, while it loads, for the global object, `window` first; here it gets an object that inherits from the global
 * one. Afterwards the process is as it was: what others have required, or will, is not touched.
 */
export function separately<T>(cache: NodeJS.Dict<NodeJS.Module>, load: () => T): T {
  const own: unknown = Object.create(globalThis, Object.fromEntries(SHARED.map((name) => [name, { value: undefined, writable: true }])));
  const before = Object.getOwnPropertyDescriptor(globalThis, "window");
  const others = take(cache);
  Object.defineProperty(globalThis, "window", { value: own, configurable: true });
  try {
    return load();
  } finally {
    if (before) Object.defineProperty(globalThis, "window", before);
    else Reflect.deleteProperty(globalThis, "window");
    take(cache);
    Object.assign(cache, others);
  }
}

function take(cache: NodeJS.Dict<NodeJS.Module>): NodeJS.Dict<NodeJS.Module> {
  const taken = Object.entries(cache).filter(([file]) => ours(file));
  for (const [file] of taken) Reflect.deleteProperty(cache, file);
  return Object.fromEntries(taken);
}
