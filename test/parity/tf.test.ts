// Our double-precision reference evaluation against TensorFlow's float64 step, by golden files: no Python here. How they were made and what they
// hold: docs/numerics.md. tf-live.test.ts does the same against a live TensorFlow, tensor by tensor.
import { afterAll, describe, expect, it } from "vitest";
import { Worsts } from "./report";
import { compileTf, configOf, TF_CASES, type TfCase, tfGoesTo } from "./tf-cases";
import { compareDigests, fingerprintOf, readTfGolden } from "./tf-golden";
import { oursTf } from "./tf-oracle";

const worsts = new Worsts();
afterAll(() => worsts.print("ours in double precision against TensorFlow float64, worst relative differences:"));

const caseOf = (name: string): TfCase => TF_CASES.find((c) => c.name === name)!;

describe("the step in double precision equals TensorFlow's", () => {
  it.each(TF_CASES)("$name", { timeout: 120_000 }, (c) => {
    const compiled = compileTf(c);
    const golden = readTfGolden(c.name);
    expect(golden.config).toEqual(configOf(c));
    expect(fingerprintOf(c, compiled), "the first values are others than those the golden file was made from").toBe(golden.inputs);
    const wrong = compareDigests(c, oursTf(c, compiled, tfGoesTo(c)), golden, ({ name, difference, bound }) => {
      worsts.addQuantity(name, difference, `${c.name}: ${name}`);
      if (bound !== 1e-9) worsts.add("later steps, in units of TensorFlow's own drift", (10 * difference) / bound, `${c.name}: ${name}`);
    });
    expect(wrong).toEqual([]);
  });
});

// A comparison that cannot fail proves nothing: each setting's golden file, put beside a step that lacks the setting or has another one.
describe("a setting left out, or set otherwise, is caught", () => {
  const faulty: readonly (readonly [name: string, set: readonly string[], variants: readonly string[] | undefined])[] = [
    ["tensorflow", ["rate_held=4", "eps_form=corrected"], undefined],
    ["tensorflow", ["rate_held=4", "decay_on=all"], undefined],
    ["tensorflow", ["rate_held=4", "smoothing=0.0"], undefined],
    ["tensorflow", ["rate_held=4", "spectral_scale=false"], undefined],
    ["tensorflow", ["rate_held=4", "unbiased=true"], undefined],
    ["rate_held", ["rate_held=0"], undefined],
    ["channels_last", ["light=false", "channels_last=false"], undefined],
    ["critic_pad", ["critic_pad=reflect(2, 1, 2, 1)"], undefined],
    ["patches_penalty", ["penalty_on_cam=true"], undefined],
    ["wgan_lp", [], ["wgan_gp"]],
    ["hinge", ["generator_loss=hinge"], undefined],
  ];
  it.each(faulty)("%s with %j", { timeout: 120_000 }, (name, set, variants) => {
    const c = caseOf(name);
    const broken = compileTf({ ...c, set, ...(variants ? { variants } : {}) });
    const wrong = compareDigests(c, oursTf(c, broken, name === "rate_held" ? [1, 3] : [1]), readTfGolden(name));
    expect(wrong.length).toBeGreaterThan(0);
  });
});
