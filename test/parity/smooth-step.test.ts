// Every engine in float32 on the smooth copy, which has no edges to fall over: each tensor of each quantity holds its bound, and a fault is seen. What the
// bounds rest on: docs/numerics.md.
import { afterAll, describe, expect, it } from "vitest";
import type { Compiled } from "../../compiler/compile";
import type { Engine } from "../../runtime/engine/types";
import { absent } from "../tfjs/engines";
import { compareStep, type Found, NAMES, type Right, rightStep } from "./comparison";
import { byMoments, ENGINES, FORMS, type Opened, type Tested } from "./engines";
import { Worsts } from "./report";
import { smoothSource } from "./smooth";
import { TFJS, TFJS_ONE } from "./tfjs";
import { compileVariant, DIALECTS, SMALL } from "./variants";

/** Without kinks nothing can fall on another side: there each seed and each tensor holds. */
const SMOOTH: Readonly<Record<keyof Found, number>> = { losses: 1e-5, critics: 1e-5, generators: 1e-4, moments: 1e-4, states: 1e-4, updates: 1e-4 };
const QUANTITIES = Object.keys(SMOOTH) as (keyof Found)[];
/** A rate of 0.1, so that an update is more than the last places of its weight: with eps 1 it is about rate · gradient. */
const SMOOTH_SET = [...SMALL, "rate=0.1"];

const all = process.env["GANC_PARITY"] === "all";
/** All variants are run by one package of TensorFlow.js; what the others run of them is chosen for time. */
const CHOSEN = ["base", "norm_adain", "norm_gn", "tensorflow"];
const engines = (variant: string): readonly Tested[] => [...(all || CHOSEN.includes(variant) ? ENGINES : []), ...(all || variant === "base" ? TFJS : TFJS_ONE)];
/** From shaken values, and from a run's own: there rho stands on the edge of its range and is put back into it. */
const startsOf = (variant: string): readonly boolean[] => (all || CHOSEN.includes(variant) ? [true, false] : [true]);

const compileSmooth = (variant: string): Compiled => compileVariant(variant, SMOOTH_SET, { text: smoothSource().text });

async function using<T>(tested: Tested, compiled: Compiled, work: (opened: Opened) => Promise<T>): Promise<T> {
  const opened = await tested.open(compiled);
  try {
    return await work(opened);
  } finally {
    await opened.engine.close();
  }
}

function expectSmooth(found: Found, of: string): void {
  for (const what of QUANTITIES) expect(found[what], `${of}: ${NAMES[what]}`).toBeLessThan(SMOOTH[what]);
}

for (const name of absent()) it.skip(`the emitted code on ${name}: not run here, TFJS_PACKAGES is not set`, () => undefined);

describe("the first step of the smooth copy", () => {
  const worsts = new Map<string, Worsts>();
  afterAll(() => {
    for (const [name, list] of worsts) list.print(`${name}, smooth copy, worst relative differences:`);
  });

  it.each(DIALECTS.filter((variant) => engines(variant).length > 0))("%s", { timeout: 600_000 }, async (variant) => {
    const compiled = compileSmooth(variant);
    const starts = startsOf(variant).map((shaken) => ({ where: `${variant}${shaken ? "" : ", not shaken"}`, right: rightStep(compiled, 1, shaken) }));
    for (const tested of engines(variant)) {
      await using(tested, compiled, async (opened) => {
        const list = worsts.get(tested.name) ?? new Worsts();
        worsts.set(tested.name, list);
        for (const { where, right } of starts) {
          const found = await compareStep(opened, right);
          for (const what of QUANTITIES) list.add(NAMES[what], found[what], where);
          expectSmooth(found, tested.name);
        }
      });
    }
  });
});

/** The engine with a fault: what `after` does to it when a step is over, `old` being the parameter before. */
const spoilt = (opened: Opened, after: (engine: Engine, old: Float32Array) => void, param: string): Opened => {
  const { engine } = opened;
  const spoiler: Engine = {
    program: engine.program, stateNames: engine.stateNames, shape: (n) => engine.shape(n), read: (n) => engine.read(n), write: (n, v) => engine.write(n, v), fill: (n, make) => engine.fill(n, make),
    export: (n, x) => engine.export(n, x), close: () => engine.close(),
    step: async (feeds) => {
      const old = engine.read(`param:${param}`).slice();
      const losses = await engine.step(feeds);
      after(engine, old);
      return losses;
    },
  };
  return { engine: spoiler, gradient: opened.gradient };
};

describe("on the base's", () => {
  const compiled = compileSmooth("base");
  let right: Right | undefined;
  const known = (): Right => (right ??= rightStep(compiled, 1));

  it.each(FORMS)("every bound holds on $name", { timeout: 600_000 }, async (tested) => {
    const found = await using(tested, compiled, (opened) => compareStep(opened, known()));
    console.log(`${tested.name}, smooth copy: ${Object.entries(found).map(([what, e]) => `${what} ${(e as number).toExponential(1)}`).join(", ")}`);
    expectSmooth(found, tested.name);
  });

  const param = "BA.image.Residual1.AdaLIN2.rho";
  const vector = "state:DA.0.features.conv1.spectral1.u";
  const FAULTS: readonly (readonly [name: string, seenIn: keyof Found, fault: (engine: Engine, old: Float32Array) => void])[] = [
    ["an update is skipped", "updates", (engine, old) => engine.write(`param:${param}`, old)],
    ["an update is a thousandth too long", "updates", (engine, old) => engine.write(`param:${param}`, engine.read(`param:${param}`).map((v, i) => v + 1e-3 * (v - old[i]!)))],
    ["a second moment is not written", "moments", (engine, old) => engine.write(`v:${param}`, new Float32Array(old.length))],
    ["a spectral vector is a thousandth too long", "states", (engine) => engine.write(vector, engine.read(vector).map((v) => v * 1.001))],
  ];

  it.each([...ENGINES, ...TFJS_ONE])("$name: nothing is seen, where nothing is wrong; each fault, where it is, and nowhere else", { timeout: 600_000 }, async (tested) => {
    await using(tested, compiled, async (opened) => {
      expectSmooth(await compareStep(opened, known()), tested.name);
      // Gradients can be read off Adam's first moment where an engine keeps none.
      expectSmooth(await compareStep(byMoments(opened.engine), known()), `${tested.name}, by moments`);
      for (const [name, seenIn, fault] of FAULTS) {
        const found = await compareStep(spoilt(opened, fault, param), known());
        for (const what of QUANTITIES) expect(found[what] > SMOOTH[what], `${name}: ${NAMES[what]} are ${found[what]}`).toBe(what === seenIn);
      }
    });
  });
});
