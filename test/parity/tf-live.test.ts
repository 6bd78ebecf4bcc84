// Our reference evaluation in double precision against a live TensorFlow in float64, whole tensors; and the golden files against it.
//   ORACLE_PYTHON=$(test/oracle/setup.sh) npx vitest run test/parity/tf-live.test.ts
//   ... GANC_GOLDEN=write                  makes the golden files again
import { afterAll, describe, expect, it } from "vitest";
import { inGroups, oraclePython } from "./oracle";
import type { Quantities } from "./quantities";
import { Worsts } from "./report";
import { beginTf, compileTf, configOf, TF_CASES } from "./tf-cases";
import { compareDigests, compareTensors, digestsOf, fingerprintOf, readTfGolden, tfDriftOf, type TfGolden, writeTfGolden } from "./tf-golden";
import { askTensorFlow, oursTf } from "./tf-oracle";

const python = oraclePython();
const write = process.env["GANC_GOLDEN"] === "write";
/**
 * A first update is Adam's quotient of a gradient by nearly itself, so a live TensorFlow moves it more than anything else: 1.2e-9 was seen
 * (`mixed`, a kernel in front of a norm), where the golden files hold 1e-9. 1e-8 of an update is 1e-11 of its weight.
 */
const FIRST_UPDATE = 1e-8;
const PERTURBED: readonly number[] = [1, 2, 3, 4, 5];

if (python === undefined) {
  describe("live TensorFlow: not run here, ORACLE_PYTHON is not set", () => {
    it.skip.each(TF_CASES)("$name", () => undefined);
  });
} else {
  const worsts = new Worsts();
  afterAll(() => worsts.print("against live TensorFlow, worst relative differences:"));
  describe("live TensorFlow", () => {
    const answers = inGroups(TF_CASES, 8, async (group) => {
      const asked = group.map((c) => ({ c, compiled: compileTf(c), question: { perturbed: write && c.steps.some((k) => k > 1) ? PERTURBED : [] } }));
      return (await askTensorFlow(python, asked)).map((told, i) => ({ compiled: asked[i]!.compiled, told }));
    });

    it.each(TF_CASES)("$name", { timeout: 600_000 }, async (c) => {
      const { compiled, told } = await answers(c);
      const [wanted, ...perturbed] = told as [Quantities, ...Quantities[]];
      const found = oursTf(c, compiled);
      expect([...found.keys()].sort()).toEqual([...wanted.keys()].sort());
      const make = (): TfGolden => ({
        case: c.name, madeBy: "test/parity/tf-live.test.ts: test/oracle/tf_step.py in float64", config: configOf(c), inputs: fingerprintOf(c, compiled),
        quantities: digestsOf(c, wanted), drift: tfDriftOf(beginTf(c, compiled), wanted, perturbed),
      });
      const golden = write ? make() : readTfGolden(c.name);
      if (write) console.log(`${c.name}: ${writeTfGolden(golden)} bytes`);
      const rounding = new Set<string>();
      const wrong = compareTensors(golden, found, wanted, ({ name, difference, bound }) => {
        if (name.startsWith("1.update.") && difference < FIRST_UPDATE) rounding.add(name);
        worsts.addQuantity(name, difference, `${c.name}: ${name}`);
        if (bound !== 1e-9) worsts.add("later steps, in units of TensorFlow's own drift", (10 * difference) / bound, `${c.name}: ${name}`);
      });
      expect(wrong.filter((line) => !rounding.has(line.slice(0, line.indexOf(":"))))).toEqual([]);
      expect(compareDigests(c, wanted, readTfGolden(c.name))).toEqual([]);
    });
  });
}
