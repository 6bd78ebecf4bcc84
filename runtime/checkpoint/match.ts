// Is this checkpoint of this program? A run never goes on from another model's weights, and says what differs: first the
// settings, in the author's own names, then tensors, then the text.
import type { Program } from "../../compiler/program.ts";
import { UserError } from "../files/errors.ts";
import type { CheckpointInfo } from "./contents.ts";
import type { TensorPlace } from "./safetensors.ts";

export interface Expected {
  readonly program: Program;
  readonly source: string;
  /** Names as in the file, `param/AB.stem.weight`. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

const SHOWN = 4;

export function refuseOther(path: string, info: CheckpointInfo, tensors: ReadonlyMap<string, TensorPlace>, expected: Expected): void {
  const settings = differingSettings(info.settings, expected.program.settings);
  const shapes = differingShapes(tensors, expected.shapes);
  if (settings.length === 0 && shapes.length === 0 && info.programHash === expected.program.hash) return;
  const name = `${path} is of another architecture`;
  if (settings.length > 0) throw new UserError(`${name}: ${list(settings)}`, "give the same --set and --variant as before, or begin a new run with --out");
  if (shapes.length > 0) throw new UserError(`${name}: ${list(shapes)}`, "the spec has changed since: begin a new run with --out");
  throw new UserError(`${path} is of another text of the spec: ${firstChange(info.source, expected.source)}`, "put the text back, or begin a new run with --out");
}

function list(differences: readonly string[]): string {
  const more = differences.length - SHOWN;
  return differences.slice(0, SHOWN).join("; ") + (more > 0 ? `; and ${more} more` : "");
}

function differingSettings(saved: Readonly<Record<string, string>>, now: Readonly<Record<string, string>>): string[] {
  const names = [...new Set([...Object.keys(saved), ...Object.keys(now)])];
  return names.flatMap((name) => {
    const [before, after] = [saved[name], now[name]];
    return before === after ? [] : [`${name} is ${before ?? "not set"} in the checkpoint, ${after ?? "not set"} in this run`];
  });
}

function differingShapes(saved: ReadonlyMap<string, TensorPlace>, now: ReadonlyMap<string, readonly number[]>): string[] {
  const names = [...new Set([...saved.keys(), ...now.keys()])];
  const show = (shape: readonly number[] | undefined) => (shape ? `[${shape.join(", ")}]` : "missing");
  return names.flatMap((name) => {
    const [before, after] = [show(saved.get(name)?.shape), show(now.get(name))];
    return before === after ? [] : [`${name} is ${before} in the checkpoint, ${after} in this run`];
  });
}

function firstChange(before: string, after: string): string {
  const [old, now] = [before.split("\n"), after.split("\n")];
  const at = old.findIndex((line, index) => line !== now[index]);
  const line = at < 0 ? old.length : at;
  if (before === after) return "an imported file, or the compiler, differs";
  return `line ${line + 1} was \`${old[line]?.trim() ?? ""}\`, now \`${now[line]?.trim() ?? ""}\``;
}
