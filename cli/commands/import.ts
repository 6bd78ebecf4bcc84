import { UserError } from "../../runtime/files/errors";
import { type Given, fit } from "../../runtime/import/fit";
import { openWeightFile } from "../../runtime/import/file";
import type { Layout } from "../../runtime/import/layout";
import { pairsOf } from "../../runtime/import/naming";
import { numbersOf, survey } from "../../runtime/import/survey";
import { told } from "../../runtime/import/tell";
import { refuseUsed, writeImported } from "../../runtime/import/write";
import { loadLayout } from "../layouts";
import type { Choices } from "../options";
import { importsOf, loadOrFail } from "../spec";
import { print, short } from "../table";
import { againCommand, jsonOf, type RunNotes } from "./train";

export interface ImportFlags extends Choices {
  readonly from: readonly string[];
  readonly layout: string;
  readonly out: string;
  readonly oldVariance?: boolean;
  readonly partial?: boolean;
  readonly step: number;
  readonly seed: number;
  readonly json?: boolean;
}

export async function importCommand(path: string, flags: ImportFlags): Promise<void> {
  const layout = loadLayout(flags.layout);
  const set = [...(flags.set ?? []), ...(flags.oldVariance ? oldVariance(layout, flags) : [])];
  const c = loadOrFail(path, { ...flags, set });
  if (!c.program) return;
  const { program } = c;
  const pairs = pairsOf(layout, program);
  refuseUsed(flags.out);
  const given = await openAll(flags.from, layout);
  try {
    const found = fit(given, layout, pairs, { partial: flags.partial === true, spec: c.source.path });
    const numbers = numbersOf(program, flags.seed);
    const seen = survey(found, numbers);
    const notes: RunNotes = { path: c.source.path, set, variants: flags.variant ?? [], imports: importsOf(c) };
    const imported = { from: given.map((g) => g.file.file.path), layout: layout.path };
    const checkpoint = await writeImported(flags.out, { program, source: c.source.text, notes: jsonOf({ ...notes, imported }), step: flags.step, sha256: seen.sha256 }, found, numbers);
    const remarks = told(layout, found, seen, flags.oldVariance === true);
    const again = againCommand(path, { set, variant: flags.variant, data: "DIR", out: flags.out });
    if (flags.json) return print(JSON.stringify({ checkpoint, tensors: pairs.length, numbers: seen.numbers, formats: given.map((g) => g.file.format), notes: remarks, missing: found.sources.filter((s) => !s.found).map((s) => s.pair.ours.name), leftOver: found.leftOver, train: again }));
    for (const remark of remarks) process.stderr.write(`note: ${remark}\n`);
    print(`${flags.from.join(", ")} (${[...new Set(given.map((g) => g.file.format))].join(", ")}): ${pairs.length} tensors, ${short(seen.numbers)} numbers, every shape as ${c.source.path} wants it`);
    print(`${checkpoint} is written, at step ${flags.step}; Adam's moments start at zero`);
    print(`translate: ganc translate ${flags.out} --export ${program.exports[0]?.name ?? "A2B"} --in DIR --out DIR`);
    print(`train on:  ${again}`);
  } finally {
    for (const { file } of given) file.file.close();
  }
}

/** What the layout's option says, as --set would. */
function oldVariance({ path, options }: Layout, { set = [] }: ImportFlags): string[] {
  const settings = options.get("old-variance");
  if (!settings) throw new UserError(`${path} knows no option old-variance`);
  const taken = [...settings.keys()].find((param) => set.some((s) => s.split("=")[0]?.trim() === param));
  if (taken !== undefined) throw new UserError(`--old-variance sets ${taken}, and so does --set`, `give one of them; --old-variance means ${[...settings].map(([k, v]) => `${k}=${v}`).join(", ")}`);
  return [...settings].map(([param, value]) => `${param}=${value}`);
}

async function openAll(from: readonly string[], { nets }: Layout): Promise<Given[]> {
  const given: Given[] = [];
  try {
    for (const text of from) {
      const net = nets.find((n) => text.startsWith(`${n.theirs}=`));
      const at = net ? `${net.theirs}.` : "";
      given.push({ file: await openWeightFile(text.slice(at.length)), at });
    }
    return given;
  } catch (e) {
    for (const { file } of given) file.file.close();
    throw e;
  }
}
