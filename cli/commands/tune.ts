import { availableParallelism, cpus } from "node:os";
import { COSTS } from "../../backends/onnx/forms/costs";
import { fitted, type Measured } from "../../backends/onnx/forms/fit";
import { shares, trialsOf, type Trial } from "../../backends/onnx/forms/trial";
import { emitModel } from "../../backends/onnx/model";
import { numbersOf } from "../../compiler/graph/shape";
import { writeAtomic } from "../../runtime/files/atomic";
import { leastTimes } from "../../runtime/tune/measure";
import type { Choices } from "../options";
import { loadOrFail } from "../spec";
import { print, table } from "../table";

export interface TuneFlags extends Choices {
  readonly out: string;
  readonly rounds: number;
  readonly threads?: number;
  readonly json?: boolean;
}

/** Milliseconds that the forms of one shape may take together. */
const PATIENCE = 3000;

interface Row {
  readonly trial: Trial;
  /** By form, milliseconds. */
  readonly times: readonly number[];
}

/** Measures every form of every convolution of a spec's step, and writes what was quickest and the costs that explain it. */
export async function tuneCommand(path: string, flags: TuneFlags): Promise<void> {
  const c = loadOrFail(path, flags);
  const trials = trialsOf(c.graphs);
  const rows: Row[] = [];
  for (const [i, trial] of trials.entries()) {
    if (process.stderr.isTTY === true) process.stderr.write(`\r\x1b[Kmeasuring ${i + 1}/${trials.length}: ${trial.key}`);
    rows.push({ trial, times: await timesOf(trial, flags) });
  }
  if (process.stderr.isTTY === true) process.stderr.write("\r\x1b[K");
  const costs = fitted(rows.flatMap(({ trial, times }) => trial.forms.map((f, at): Measured => ({ shares: shares(f.ns), ns: times[at]! * 1e6 }))));
  // What a step has from elsewhere does not count for a form.
  const net = rows.map(({ trial, times }) => trial.forms.map((f, at) => times[at]! - f.shared(costs) / 1e6));
  const best = net.map((times) => times.indexOf(Math.min(...times)));
  const usual = rows.map(({ trial }) => indexOfLeast(trial.forms.map((f) => f.ns(COSTS) - f.shared(COSTS))));
  const chosen = Object.fromEntries(rows.map(({ trial }, i) => [trial.key, trial.forms[best[i]!]!.form]));
  const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: availableParallelism(), threads: flags.threads ?? 2 };
  const rounded = Object.fromEntries(Object.entries(costs).map(([name, ns]) => [name, Number(ns.toPrecision(4))]));
  const measured = rows.map(({ trial, times }) => ({ shape: trial.key, milliseconds: Object.fromEntries(trial.forms.map((f, at) => [f.form, Number(times[at]!.toPrecision(4))])) }));
  await writeAtomic(flags.out, `${JSON.stringify({ format: 1, machine, costs: rounded, chosen, measured }, null, 1)}\n`);
  if (flags.json) return print(JSON.stringify({ out: flags.out, machine, costs: rounded, chosen, measured }));
  const differ = rows.flatMap(({ trial, times }, i) => {
    const [now, was] = [best[i]!, usual[i]!];
    return now === was ? [] : [[trial.key, trial.forms[now]!.form, times[now]!.toFixed(2), trial.forms[was]!.form, times[was]!.toFixed(2)]];
  });
  print(`${flags.out}: ${rows.length} shapes measured; ${differ.length === 0 ? "the built-in table chooses the same" : `${differ.length} of them differ from the built-in table`}`);
  if (differ.length > 0) print(table(["shape", "quickest here", "ms", "built in", "ms"], differ));
  print(table(["cost", "here, ns", "built in, ns"], Object.entries(rounded).map(([name, ns]) => [name, String(ns), String(COSTS[name as keyof typeof COSTS])])));
  print(`use it with: ganc train ${path} --lowerings ${flags.out} ...`);
}

const indexOfLeast = (xs: readonly number[]): number => xs.indexOf(Math.min(...xs));

function timesOf({ key, graph, inputs, output, forms }: Trial, { rounds, threads }: TuneFlags): Promise<number[]> {
  const named = inputs.map((node) => ({ node, name: `i${node}` }));
  const ports = named.map(({ node, name }) => ({ name, dims: numbersOf(graph.shape(node)) }));
  const subjects = forms.map(({ form }) => ({
    model: emitModel({ name: "trial", graph, inputs: named, outputs: [{ node: output, name: "y" }], silent: true, lowerings: { chosen: { [key]: form } } }).bytes,
    inputs: ports,
    output: { name: "y", dims: numbersOf(graph.shape(output)) },
  }));
  return leastTimes(subjects, { rounds, milliseconds: PATIENCE, ...(threads === undefined ? {} : { threads }) });
}
