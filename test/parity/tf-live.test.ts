// Our reference evaluation in double precision against a live TensorFlow in float64, whole tensors; and the golden files against it.
//   ORACLE_PYTHON=$(test/oracle/setup.sh) npx vitest run test/parity/tf-live.test.ts
//   ... GANC_GOLDEN=write                  makes the golden files again
import { afterAll, describe, expect, it } from "vitest";
import { norm } from "./digest";
import { oraclePython } from "./oracle";
import { Worsts } from "./report";
import { compileTf, configOf, TF_CASES } from "./tf-cases";
import { compareDigests, digestsOf, fingerprintOf, readTfGolden, writeTfGolden } from "./tf-golden";
import { askTensorFlow, boundOf, leastSize, oursTf } from "./tf-oracle";

const python = oraclePython();
const write = process.env["GANC_GOLDEN"] === "write";

if (python === undefined) {
  describe("live TensorFlow: not run here, ORACLE_PYTHON is not set", () => {
    it.skip.each(TF_CASES)("$name", () => undefined);
  });
} else {
  const worsts = new Worsts();
  afterAll(() => worsts.print("against live TensorFlow, worst relative differences:"));
  describe("live TensorFlow", () => {
    it.each(TF_CASES)("$name", { timeout: 600_000 }, (c) => {
      const compiled = compileTf(c);
      const wanted = askTensorFlow(python, c, compiled);
      const found = oursTf(c, compiled);
      expect([...found.keys()].sort()).toEqual([...wanted.keys()].sort());
      const wrong: string[] = [];
      for (const [name, value] of wanted) {
        const size = Math.max(norm(value), leastSize(name, (other) => norm(wanted.get(other) ?? [NaN])));
        const error = norm(value.map((v, i) => v - found.get(name)![i]!));
        const difference = error === 0 ? 0 : error / size;
        worsts.addQuantity(name, difference, `${c.name}: ${name}`);
        if (!(difference <= boundOf(name))) wrong.push(`${name}: ${difference.toExponential(2)}`);
      }
      expect(wrong).toEqual([]);
      const digests = digestsOf(c, wanted);
      if (write) console.log(`${c.name}: ${writeTfGolden({ case: c.name, madeBy: "test/parity/tf-live.test.ts: test/oracle/tf_step.py in float64", config: configOf(c), inputs: fingerprintOf(c, compiled), quantities: digests })} bytes`);
      expect(compareDigests(c, wanted, readTfGolden(c.name).quantities)).toEqual([]);
    });
  });
}
