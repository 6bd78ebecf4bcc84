// Our double-precision reference evaluation against TensorFlow's float64 step: by golden files, without Python, and where ORACLE_PYTHON is set against a
// live TensorFlow as well, tensor by tensor, and it against the golden files. How they were made and what they hold: docs/numerics.md.
//   ORACLE_PYTHON=$(test/oracle/setup.sh) npx vitest run test/parity/tf.test.ts
//   ... GANC_GOLDEN=write                  makes the golden files again
import { afterAll, describe, expect, it } from "vitest";
import type { Compiled } from "../../compiler/compile";
import { inGroups, oraclePython } from "./oracle";
import { partsOf, type Quantities } from "./quantities";
import { Worsts } from "./report";
import { beginTf, compileTf, configOf, isLive, TF_CASES, type TfCase, tfGoesTo, tfLiveTo } from "./tf-cases";
import { compareDigests, compareTensors, digestsOf, fingerprintOf, readTfGolden, tfDriftOf, type Told, writeTfGolden } from "./tf-golden";
import { askTensorFlow, oursTf } from "./tf-oracle";

const python = oraclePython();
const write = process.env["GANC_GOLDEN"] === "write";
const all = process.env["GANC_PARITY"] === "all";
/**
 * A first update is Adam's quotient of a gradient by nearly itself, so a live TensorFlow moves it more than anything else: 1.2e-9 was seen
 * (`mixed`, a kernel in front of a norm), where the golden files hold 1e-9. 1e-8 of an update is 1e-11 of its weight.
 */
const FIRST_UPDATE = 1e-8;
const PERTURBED: readonly number[] = [1, 2, 3, 4, 5];
const reached = (c: TfCase): readonly number[] => (write ? c.steps : tfGoesTo(c));
const liveTo = (c: TfCase): readonly number[] => (write ? c.steps : tfLiveTo(c));

if (python === undefined) it.skip("live TensorFlow: not run here, ORACLE_PYTHON is not set", () => undefined);

interface Begun {
  readonly compiled: Compiled;
  /** What a live TensorFlow says; if a golden file is made, from perturbed weights, too. */
  readonly live: readonly Quantities[];
}

/** By one process, as TensorFlow takes many seconds to load; in groups where there is much to ask, each within its time. */
const asked = inGroups(TF_CASES.filter((c) => write || isLive(c)), write || all ? 7 : TF_CASES.length, async (group: readonly TfCase[]): Promise<readonly Begun[]> => {
  const perturbed = (c: TfCase): readonly number[] => (write && c.steps.some((k) => k > 1) ? PERTURBED : []);
  const questions = group.map((c) => ({ c: { ...c, steps: liveTo(c) }, compiled: compileTf(c), question: { perturbed: perturbed(c) } }));
  const told = await askTensorFlow(python!, questions);
  return questions.map(({ compiled }, i) => ({ compiled, live: told[i]! }));
});
const begun = async (c: TfCase): Promise<Begun> => (python !== undefined && (write || isLive(c)) ? asked(c) : { compiled: compileTf(c), live: [] });

function remake(c: TfCase, { compiled, live }: Begun): void {
  const [wanted, ...perturbed] = live as [Quantities, ...Quantities[]];
  const bytes = writeTfGolden({
    case: c.name, madeBy: "test/parity/tf.test.ts: test/oracle/tf_step.py in float64", config: configOf(c), inputs: fingerprintOf(c, compiled),
    quantities: digestsOf(c, wanted), drift: tfDriftOf(beginTf(c, compiled), wanted, perturbed),
  });
  console.log(`${c.name}: ${bytes} bytes`);
}

const worsts = new Worsts();
const live = new Worsts();
afterAll(() => {
  worsts.print("ours in double precision against TensorFlow float64, worst relative differences:");
  if (python !== undefined) live.print("against live TensorFlow, worst relative differences:");
});

const caseOf = (name: string): TfCase => TF_CASES.find((c) => c.name === name)!;

describe("the step in double precision equals TensorFlow's", () => {
  it.each(TF_CASES)("$name", { timeout: 1_200_000 }, async (c) => {
    const start = await begun(c);
    if (write) remake(c, start);
    const golden = readTfGolden(c.name);
    expect(golden.config).toEqual(configOf(c));
    expect(fingerprintOf(c, start.compiled), "the first values are others than those the golden file was made from").toBe(golden.inputs);
    const found = oursTf(c, start.compiled, reached(c));
    const tell = (list: Worsts) => ({ name, difference, bound }: Told): void => {
      list.addQuantity(name, difference, `${c.name}: ${name}`);
      if (bound !== 1e-9) list.add("later steps, in units of TensorFlow's own drift", (10 * difference) / bound, `${c.name}: ${name}`);
    };
    expect(compareDigests(c, found, golden, tell(worsts))).toEqual([]);

    const [wanted] = start.live;
    if (!wanted) return;
    const last = Math.max(...liveTo(c));
    expect([...found.keys()].filter((name) => partsOf(name).step <= last).sort()).toEqual([...wanted.keys()].sort());
    const rounding = new Set<string>();
    const excuse = ({ name, difference }: Told): void => void (name.startsWith("1.update.") && difference < FIRST_UPDATE && rounding.add(name));
    const inexcusable = (lines: readonly string[]): string[] => lines.filter((line) => !rounding.has(line.slice(0, line.indexOf(":"))));
    const wrong = compareTensors(golden, found, wanted, (told) => {
      excuse(told);
      tell(live)(told);
    });
    expect(inexcusable(wrong)).toEqual([]);
    // Another machine's TensorFlow chooses other kernels than the one that made the golden file.
    rounding.clear();
    expect(inexcusable(compareDigests(c, wanted, golden, excuse))).toEqual([]);
  });
});

// So that a second course of float32 (training.test.ts) is one of the same mathematics.
describe.skipIf(python === undefined)("TensorFlow's step with convolutions by patches is its step", () => {
  it("in float64, tensor by tensor", { timeout: 600_000 }, async () => {
    const { compiled, live: [published] } = await begun(caseOf("tensorflow"));
    const plain: Quantities = new Map([...published!].filter(([name]) => partsOf(name).step === 1));
    const [[patches]] = (await askTensorFlow(python!, [{ c: { ...caseOf("tensorflow"), steps: [1] }, compiled, question: { kind: "patches" } }])) as [[Quantities]];
    const other = new Worsts();
    const tell = ({ name, difference }: Told): void => other.addQuantity(name, difference, name);
    expect([...patches.keys()].sort()).toEqual([...plain.keys()].sort());
    expect([...plain].some(([name, x]) => x.some((v, i) => v !== patches.get(name)![i])), "bit for bit the same: it is not another order").toBe(true);
    expect(compareTensors({ drift: {} }, patches, plain, tell)).toEqual([]);
    other.print("TensorFlow's float64 step by patches against its own, worst relative differences:");
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
