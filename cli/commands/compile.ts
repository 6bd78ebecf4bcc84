import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeAtomic } from "../../runtime/files/atomic";
import { explainFsError, UserError } from "../../runtime/files/errors";
import { emitGraphs, refuseUnlowerable } from "../emit";
import { loweringsOf } from "../lowerings";
import { type Choices, type LoweringFlags, UsageError } from "../options";
import { compileOptionsOf, type Loaded, loadOrFail } from "../spec";
import { print, short } from "../table";
import { bake, initialWeights, openRun, type Weights } from "../weights";

export interface CompileFlags extends Choices, LoweringFlags {
  readonly target: string;
  readonly out: string;
  readonly weights?: string;
  readonly seed: number;
  readonly training: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

export async function compileCommand(path: string, flags: CompileFlags): Promise<void> {
  if (flags.target === "tfjs") return (await import("./compile-tfjs")).compileTfjs(path, flags);
  if (flags.target !== "onnx") throw new UsageError(`--target takes onnx or tfjs, not ${flags.target}`);
  if (flags.force) throw new UsageError("--force goes with --target tfjs");
  const c = loadOrFail(path, flags, compileOptionsOf(loweringsOf(flags)));
  refuseUnlowerable(c);
  const run = flags.weights === undefined ? undefined : openRun(flags.weights);
  if (run && run.program.hash !== c.program?.hash) {
    run.close();
    refuseOther(c, run.compiled, flags.weights ?? "");
  }
  const weights: Weights = run?.weights ?? initialWeights(c, flags.seed);
  try {
    mkdirSync(flags.training ? join(flags.out, "training") : flags.out, { recursive: true });
  } catch (e) {
    throw explainFsError(e, flags.out);
  }
  const written: { file: string; bytes: number }[] = [];
  const write = async (file: string, bytes: string | Uint8Array | Iterable<Uint8Array>, length: number): Promise<void> => {
    await writeAtomic(join(flags.out, file), bytes);
    written.push({ file: join(flags.out, file), bytes: length });
  };
  const origin = run ? `step ${run.step} of ${flags.weights}` : `initial, seed ${flags.seed}`;
  const metadata = { producer: "ganc", spec: c.source.text, spec_name: c.program?.spec ?? "", hash: c.program?.hash ?? "", settings: JSON.stringify(c.program?.settings ?? {}), weights: origin };
  for (const e of c.exports) {
    const guards = e.fixed ? `${e.fixed.height}x${e.fixed.width} only` : e.guards.map((g) => `${g.symbol} % ${g.divisor} == 0 and ${g.symbol} >= ${g.least}`).join("; ");
    const made = bake(e, weights, { ...metadata, guards }, { lowerings: c.program?.lowerings, file: `${e.name}.onnx.data` });
    if (made.external) await write(`${e.name}.onnx.data`, made.external.pieces.flatMap((p, i, all) => padded(p, i === 0 ? 0 : all[i - 1]!.offset + all[i - 1]!.bytes.length)), made.external.length);
    await write(`${e.name}.onnx`, made.bytes, made.bytes.length);
  }
  run?.close();
  if (flags.training && c.program) {
    for (const [file, bytes] of emitGraphs(c)) await write(join("training", file), bytes, bytes.length);
    const text = `${JSON.stringify(c.program, null, 1)}\n`;
    await write(join("training", "program.json"), text, text.length);
  }
  if (flags.json) return print(JSON.stringify({ weights: origin, files: written }));
  for (const f of written) print(`${f.file}  ${short(f.bytes, "B")}`);
  print(`weights: ${origin}`);
}

/** A piece with the zeros that lead up to it. */
const padded = (p: { offset: number; bytes: Uint8Array }, from: number): Uint8Array[] => (p.offset > from ? [new Uint8Array(p.offset - from), p.bytes] : [p.bytes]);

/** Says which settings differ between the spec given and the run's. */
function refuseOther(c: Loaded, other: Loaded, run: string): never {
  const [a, b] = [c.program?.settings ?? {}, other.program?.settings ?? {}];
  const differ = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((k) => a[k] !== b[k]).map((k) => `${k} is ${a[k] ?? "absent"} here and ${b[k] ?? "absent"} there`);
  throw new UserError(`${run} was trained from another spec than ${c.source.path}`, differ.length > 0 ? differ.join("; ") : "their texts differ: compile the run's own spec, or train again");
}
