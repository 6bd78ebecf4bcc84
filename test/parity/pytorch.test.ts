// Our double-precision reference evaluation against PyTorch's float64 step: by golden files, without Python, and where ORACLE_PYTHON is set against a
// live PyTorch as well, tensor by tensor, and it against the golden files. How they were made and what they hold: docs/numerics.md.
//   ORACLE_PYTHON=$(test/oracle/setup.sh) npx vitest run test/parity/pytorch.test.ts
//   ... GANC_GOLDEN=write                  makes the golden files again
import { afterAll, describe, expect, it } from "vitest";
import type { Compiled } from "../../compiler/compile";
import { begin, type Case, CASES, compileCase, goesTo, stepsOf } from "./cases";
import { digestOf, distance, sizeOfDigest } from "./digest";
import { allowed, digestsOf, driftOf, fingerprint, isKept, readGolden, relative, writeGolden } from "./golden";
import { mappingOf } from "./names";
import { askPyTorch, inGroups, oraclePython } from "./oracle";
import { ours, partsOf, type Quantities, theirs } from "./quantities";
import type { Reference } from "./reference";
import { Worsts } from "./report";

const python = oraclePython();
const write = process.env["GANC_GOLDEN"] === "write";
const PERTURBED: readonly number[] = [1, 2, 3, 4, 5];
const reached = (c: Case): readonly number[] => (write ? stepsOf(c) : goesTo(c));

if (python === undefined) it.skip("live PyTorch: not run here, ORACLE_PYTHON is not set", () => undefined);

interface Begun {
  readonly compiled: Compiled;
  readonly from: Reference;
  /** What a live PyTorch says; if a golden file is made, from perturbed weights, too. */
  readonly live: readonly Quantities[];
}

const begun = inGroups(CASES, 4, async (group: readonly Case[]): Promise<readonly Begun[]> => {
  const starts = group.map((c) => {
    const compiled = compileCase(c);
    const from = begin(c, compiled);
    const runs = [undefined, ...(write && stepsOf(c).some((k) => k > 1) ? PERTURBED : [])];
    return { c, compiled, from, asked: runs.map((perturb) => ({ config: c.config, from, question: { steps: reached(c), outputs: true, ...(perturb === undefined ? {} : { perturb }) } })) };
  });
  const told = python === undefined ? [] : await askPyTorch(python, starts.flatMap(({ asked }) => asked));
  return starts.map(({ c, compiled, from, asked }) => ({ compiled, from, live: told.splice(0, asked.length).map((each) => theirs(from, reached(c), each)) }));
});

function remake(c: Case, { compiled, from, live }: Begun): void {
  const [wanted, ...perturbed] = live as [Quantities, ...Quantities[]];
  const { parameters, state } = mappingOf(compiled.program!);
  const bytes = writeGolden({
    case: c.name, madeBy: "test/parity/pytorch.test.ts: test/oracle/step_oracle.py in float64", config: c.config, inputs: fingerprint(from),
    names: { ...parameters, ...state }, quantities: digestsOf(wanted), drift: driftOf(from, wanted, perturbed),
  });
  console.log(`${c.name}: ${bytes} bytes`);
}

const worsts = new Worsts();
const live = new Worsts();
afterAll(() => {
  worsts.print("ours in double precision against PyTorch float64, worst relative differences:");
  if (python !== undefined) live.print("against live PyTorch, worst relative differences:");
});

describe("the step in double precision equals PyTorch's", () => {
  it.each(CASES)("$name", { timeout: 600_000 }, async (c) => {
    const start = await begun(c);
    if (write) remake(c, start);
    const golden = readGolden(c.name);
    const { parameters, state } = mappingOf(start.compiled.program!);
    expect(golden.names).toEqual({ ...parameters, ...state });
    expect(fingerprint(start.from), "the first values are others than those the golden file was made from").toBe(golden.inputs);

    const all = ours(c, start.compiled, reached(c));
    const found = new Map([...all].filter(([name]) => isKept(name)));
    const last = Math.max(...reached(c));
    expect([...found.keys()].sort()).toEqual(Object.keys(golden.quantities).filter((name) => partsOf(name).step <= last).sort());
    const wrong: string[] = [];
    const check = (list: Worsts, what: string, name: string, difference: number): void => {
      list.addQuantity(name, difference, `${c.name}: ${what} ${name}`);
      if (partsOf(name).step > 1) list.add("later steps, in units of PyTorch's own drift", (10 * difference) / allowed(golden, name), `${c.name}: ${what} ${name}`);
      if (!(difference <= allowed(golden, name))) wrong.push(`${what} ${name}: ${difference.toExponential(2)}, at most ${allowed(golden, name).toExponential(1)}`);
    };
    const fromGolden = (name: string, value: Float64Array): number => distance(digestOf(value), golden.quantities[name]!) / sizeOfDigest(golden.quantities[name]!);
    for (const [name, value] of found) check(worsts, "ours, by the golden file,", name, fromGolden(name, value));
    const [wanted] = start.live;
    if (wanted) expect([...all.keys()].sort()).toEqual([...wanted.keys()].sort());
    for (const [name, value] of wanted ?? []) {
      check(live, "ours", name, relative(all.get(name)!, value));
      if (isKept(name)) check(live, "the golden file's", name, fromGolden(name, value));
    }
    expect(wrong).toEqual([]);
  });
});
