// The same comparison as pytorch.test.ts against a live PyTorch, whole tensors, and the golden files against it.
//   ORACLE_PYTHON=$(test/oracle/setup.sh) npx vitest run test/parity/live.test.ts
//   ... GANC_GOLDEN=write                  makes the golden files again
// Where ORACLE_PYTHON is set, whatever is missing is a failure.
import { afterAll, describe, expect, it } from "vitest";
import { begin, CASES, compileCase, stepsOf } from "./cases";
import { digestOf, distance, sizeOfDigest } from "./digest";
import { allowed, digestsOf, driftOf, fingerprint, type Golden, isKept, readGolden, relative, writeGolden } from "./golden";
import { mappingOf } from "./names";
import { askPyTorch, inGroups, oraclePython } from "./oracle";
import { ours, theirs } from "./quantities";
import { Worsts } from "./report";

const python = oraclePython();
const write = process.env["GANC_GOLDEN"] === "write";
const PERTURBED: readonly number[] = [1, 2, 3, 4, 5];

if (python === undefined) {
  describe("live PyTorch: not run here, ORACLE_PYTHON is not set", () => {
    it.skip.each(CASES)("$name", () => undefined);
  });
} else {
  const worsts = new Worsts();
  afterAll(() => worsts.print("against live PyTorch, worst relative differences:"));
  describe("live PyTorch", () => {
    /** A case's run, and its perturbed ones if a golden file is made. */
    const answers = inGroups(CASES, 4, async (group) => {
      const asked = group.map((c) => {
        const steps = stepsOf(c);
        const compiled = compileCase(c);
        const from = begin(c, compiled);
        const runs = [undefined, ...(write && steps.some((k) => k > 1) ? PERTURBED : [])];
        return { compiled, from, steps, runs: runs.map((perturb) => ({ config: c.config, from, question: { steps, outputs: true, ...(perturb === undefined ? {} : { perturb }) } })) };
      });
      const told = await askPyTorch(python, asked.flatMap(({ runs }) => runs));
      return asked.map(({ compiled, from, steps, runs }) => {
        const [wanted, ...perturbed] = told.splice(0, runs.length).map((each) => theirs(from, steps, each));
        return { compiled, from, wanted: wanted!, perturbed };
      });
    });

    it.each(CASES)("$name", { timeout: 600_000 }, async (c) => {
      const { compiled, from, wanted, perturbed } = await answers(c);
      const found = ours(c, compiled);
      expect([...found.keys()].sort()).toEqual([...wanted.keys()].sort());

      const { parameters, state } = mappingOf(compiled.program!);
      const make = (): Golden => ({
        case: c.name, madeBy: "test/parity/live.test.ts: test/oracle/step_oracle.py in float64", config: c.config, inputs: fingerprint(from),
        names: { ...parameters, ...state }, quantities: digestsOf(wanted),
        drift: driftOf(from, wanted, perturbed),
      });
      const golden = write ? make() : readGolden(c.name);
      if (write) console.log(`${c.name}: ${writeGolden(golden)} bytes`);

      const wrong: string[] = [];
      const check = (what: string, name: string, difference: number): void => {
        worsts.addQuantity(name, difference, `${c.name}: ${what} ${name}`);
        if (!(difference <= allowed(golden, name))) wrong.push(`${what} ${name}: ${difference.toExponential(2)}, at most ${allowed(golden, name).toExponential(1)}`);
      };
      for (const [name, value] of wanted) {
        check("ours", name, relative(found.get(name)!, value));
        if (!isKept(name)) continue;
        const kept = golden.quantities[name]!;
        check("golden", name, distance(digestOf(value), kept) / sizeOfDigest(kept));
      }
      expect(wrong).toEqual([]);
    });
  });
}
