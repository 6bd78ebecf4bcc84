import type { File } from "../tree";

/**
 * The library's modules, parsed already. Empty in the source; the build fills it in, so that no start of the command parses
 * text that never changes.
 */
export const trees: Readonly<Record<string, File>> = {};
