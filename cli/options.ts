// Options that several commands share.
import type { Command } from "commander";

export const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

export interface Choices {
  readonly set?: readonly string[];
  readonly variant?: readonly string[];
}

/** `--set` and `--variant`, repeatable. */
export function withChoices(command: Command): Command {
  return command
    .option("--set <param=value>", "override a param, e.g. decoder_norm=IN or weights.cam=100 (repeatable)", collect)
    .option("--variant <name>", "apply a variant of the spec (repeatable)", collect);
}

export interface LoweringFlags {
  readonly lowerings?: string;
  readonly without?: readonly string[];
}

export const withLowerings = (command: Command): Command =>
  command
    .option("--lowerings <file>", "forms and costs of a file of ganc tune, instead of the built-in table")
    .option("--without <name>", "refuse a form of a convolution or a pass by name, e.g. winograd (repeatable; docs/onnx-lowering.md lists them)", collect);

export const withJson = (command: Command): Command => command.option("--json", "print JSON for a program to read");

export const example = (command: Command, ...lines: string[]): Command => command.addHelpText("after", `\nExamples:\n${lines.map((l) => `  $ ${l}`).join("\n")}`);

/** A whole number of at least `least`, or a usage error that says so. */
export function wholeNumber(name: string, least: number): (text: string) => number {
  return (text) => {
    const n = Number(text);
    if (!Number.isSafeInteger(n) || n < least) throw new UsageError(`--${name} takes a whole number of at least ${least}, not ${text}`);
    return n;
  };
}

const UNITS: Readonly<Record<string, number>> = { "": 1, B: 1, KB: 1e3, MB: 1e6, GB: 1e9, KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30 };

/** `3GiB`, `800MB`, `2500000000`. */
export function bytesOf(text: string): number {
  const found = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text);
  const unit = UNITS[found?.[2]?.toUpperCase() ?? "?"];
  const bytes = Math.floor(Number(found?.[1]) * (unit ?? NaN));
  if (!(bytes >= 1)) throw new UsageError(`--memory takes bytes, such as 3GiB or 800MB, not ${text}`);
  return bytes;
}

/** Of `ganc train`, in steps and files. */
export const TRAIN_DEFAULTS = { checkpointEvery: 500, picturesEvery: 250, keep: 2 } as const;

/** The command line itself is wrong. */
export class UsageError extends Error {}
