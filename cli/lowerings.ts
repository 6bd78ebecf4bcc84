// How operations of several forms are written, as the command line says it: a table of `ganc tune`, and names that are refused.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { formNames } from "../backends/onnx/forms/choice";
import { COSTS } from "../backends/onnx/forms/costs";
import { nearest } from "../compiler/diagnostics/near";
import type { Lowerings } from "../compiler/lowering";
import { passes } from "../compiler/passes/index";
import { explainFsError, UserError } from "../runtime/files/errors";
import { type LoweringFlags, UsageError } from "./options";

/** Undefined where nothing was said. */
export function loweringsOf({ lowerings: path, without = [] }: LoweringFlags): Lowerings | undefined {
  const known: string[] = [...formNames, ...passes.map((p) => p.name)];
  for (const name of without) {
    const near = nearest(name, known);
    if (!known.includes(name)) throw new UsageError(`--without: there is no form or pass ${name}${near === undefined ? `; there are ${known.join(", ")}` : `; ${near}?`}`);
  }
  if (path === undefined && without.length === 0) return undefined;
  const table = path === undefined ? {} : readTable(path);
  const refused = [...new Set([...(table.without ?? []), ...without])].sort();
  return { ...table, ...(refused.length > 0 ? { without: refused } : {}) };
}

/** A file of `ganc tune`. Throws a UserError for anything else. */
function readTable(path: string): Lowerings {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (e) {
    throw explainFsError(e, path);
  }
  const refuse = (what: string): UserError => new UserError(`${path}: ${what}`, "ganc tune SPEC --out FILE writes such a file");
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw refuse("is not JSON");
  }
  if (!isRecord(parsed) || parsed["format"] !== 1) throw refuse("is no table of lowerings");
  const { costs = {}, chosen = {} } = parsed;
  if (!isRecord(costs) || !Object.values(costs).every((ns) => typeof ns === "number" && Number.isFinite(ns) && ns > 0)) throw refuse("its costs must be positive numbers");
  const odd = Object.keys(costs).find((name) => !(name in COSTS));
  if (odd !== undefined) throw refuse(`there is no cost ${odd}; there are ${Object.keys(COSTS).join(", ")}`);
  if (!isRecord(chosen) || !Object.values(chosen).every((form) => typeof form === "string")) throw refuse("its chosen forms must be names");
  return { costs: costs as Record<string, number>, chosen: chosen as Record<string, string> };
}

const isRecord = (x: unknown): x is Record<string, unknown> => typeof x === "object" && x !== null && !Array.isArray(x);

/** What a run began with, for --resume: its forms stay, whatever the table says now. Undefined for a run of before forms were kept. */
export function loweringsOfRun(run: string, flags: LoweringFlags): Lowerings | undefined {
  const path = join(run, "run.json");
  if (!existsSync(path)) return loweringsOf(flags);
  let kept: Lowerings | undefined;
  try {
    kept = (JSON.parse(readFileSync(path, "utf8")) as { readonly notes?: { readonly lowerings?: Lowerings } | null }).notes?.lowerings;
  } catch {
    throw new UserError(`${path} cannot be read`, "begin the run again without --resume");
  }
  if (kept && (flags.lowerings !== undefined || flags.without !== undefined)) {
    throw new UsageError("a run goes on with the forms it began with: leave --lowerings and --without away, or begin another run");
  }
  return kept ?? loweringsOf(flags);
}
