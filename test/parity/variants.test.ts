// Every swap trains on each engine at 64 px, and what it leaves dead is gone from every graph.
import { describe, expect, it } from "vitest";
import type { Compiled } from "../../compiler/compile";
import { replaced, UGATIT } from "./spec";
import { batch32, ENGINES, stepEngine, type Tested } from "./engines";
import { initialize } from "../../runtime/train/init";
import { AT_64, CH, compileVariant, SMALL, VARIANTS } from "./variants";

const STEPS = 3;

/** Losses by step, from a run's own first values. */
async function train(compiled: Compiled, tested: Tested): Promise<Record<string, number>[]> {
  const { engine } = await tested.open(compiled);
  try {
    initialize(engine, 1);
    const losses: Record<string, number>[] = [];
    for (let step = 1; step <= STEPS; step++) losses.push(await stepEngine(engine, batch32(compiled, step, 1), step));
    for (const name of engine.stateNames) expect(engine.read(name).every(Number.isFinite), `${name} is finite`).toBe(true);
    return losses;
  } finally {
    await engine.close();
  }
}

function expectFinite(compiled: Compiled, losses: readonly Record<string, number>[]): void {
  const names = compiled.program!.losses.map((l) => l.name);
  for (const each of losses) {
    expect(Object.keys(each)).toEqual(names);
    for (const [name, value] of Object.entries(each)) expect(Number.isFinite(value) && value > 0, `${name} = ${value}`).toBe(true);
  }
}

/** The terms that are left of a variant's. */
const TERMS: Readonly<Record<string, readonly string[]>> = {
  without_cam: ["discriminators.adversarial", "generators.adversarial", "generators.cycle", "generators.identity"],
  without_g_cam: ["discriminators.adversarial", "discriminators.cam", "generators.adversarial", "generators.cycle", "generators.identity"],
  without_d_cam: ["discriminators.adversarial", "generators.adversarial", "generators.cycle", "generators.identity", "generators.cam"],
};
const ALL = ["discriminators.adversarial", "discriminators.cam", "generators.adversarial", "generators.cycle", "generators.identity", "generators.cam"];

describe.each(ENGINES)("three steps at 64 px on $name", (tested) => {
  it.each(VARIANTS)("%s", { timeout: 120_000 }, async (variant) => {
    const compiled = compileVariant(variant, AT_64);
    expect(compiled.program!.losses.map((l) => l.name).sort()).toEqual([...(TERMS[variant] ?? ALL)].sort());
    expectFinite(compiled, await train(compiled, tested));
  });
});

describe("a user's own norm, from their own file", () => {
  const OWN = `/// Every pixel scaled to a root mean square of 1 over its channels, then a gain a channel.
norm Own(x: image[C, H, W], eps = 1e-6) {
  learn gain: vector[C] = 1.0
  return gain * x / sqrt(mean(x^2, over: c) + eps)
}

/// The same with gain and shift from outside.
norm OwnStyled(x: image[C, H, W], eps = 1e-6; gamma: vector[C], beta: vector[C]) {
  return gamma * x / sqrt(mean(x^2, over: c) + eps) + beta
}
`;
  const text = replaced(UGATIT, /^import/m, `import { Own, OwnStyled } from "./own.gan"\nimport`);
  const read = (path: string): string | undefined => (path.endsWith("own.gan") ? OWN : undefined);
  const own = (set: readonly string[]): Compiled => compileVariant("base", [...SMALL, ...set], { text, read });
  const gains = (compiled: Compiled): number => compiled.program!.params.filter((p) => p.madeBy === "Own").length;

  // Norms in one generator: 3 convolutions and 2 in a block encode, 2 in a block decode, 2 enlarge.
  it.each([["encoder_norm", 5], ["decoder_norm", 2], ["upsample_norm", 2]] as const)("compiles in %s", (slot, count) => {
    expect(gains(own([`${slot}=Own`]))).toBe(2 * count);
  });

  it.each(ENGINES)("trains three steps in all three slots at once, with style inputs where they are offered, on $name", { timeout: 120_000 }, async (tested) => {
    const compiled = own(["encoder_norm=Own", "decoder_norm=OwnStyled", "upsample_norm=Own(eps: 1e-4)"]);
    expect(gains(compiled)).toBe(2 * 7);
    expect(compiled.program!.settings["upsample_norm"]).toContain("0.0001");
    expectFinite(compiled, await train(compiled, tested));
  });
});

describe("what a swap leaves dead", () => {
  /** The style MLP: two layers, gamma and beta, each 4·ch × 4·ch without a bias. */
  const STYLE = 4 * (4 * CH) ** 2;
  const isStyle = (name: string): boolean => /^(AB|BA)\.(style|gamma|beta)\./.test(name);

  it.each(["norm_in", "norm_ln", "norm_gn"])("%s: the style MLP is gone from every graph, and its size is reported", (variant) => {
    const compiled = compileVariant(variant, SMALL);
    const program = compiled.program!;
    const ports = compiled.graphs.flatMap((g) => [...g.inputs, ...g.outputs].map((p) => p.name.replace(/^new:/, "").replace(/^\w+:/, "")));
    const listed = [...program.params.map((p) => p.name), ...program.optimizers.flatMap((o) => o.params), ...program.exports.flatMap((e) => e.params), ...Object.keys(program.values).map((v) => v.replace(/^\w+:/, ""))];
    expect([...ports, ...listed].filter(isStyle)).toEqual([]);

    const notes = compiled.diagnostics.filter((d) => d.code === "G0711");
    expect(notes).toHaveLength(2);
    for (const [i, net] of ["AB", "BA"].entries()) {
      expect(notes[i]!.severity).toBe("note");
      expect(notes[i]!.message).toContain(`${net}.style.linear1.weight`);
      expect(notes[i]!.message).toContain(`(${STYLE.toLocaleString("en-US")} parameters)`);
    }
  });

  it("nothing dies in the base, and no parameter is without a use", () => {
    const compiled = compileVariant("base", SMALL);
    expect(compiled.diagnostics.filter((d) => d.code === "G0711")).toEqual([]);
    const read = new Set(compiled.program!.segments.filter((s) => s.kind === "compute").flatMap((s) => s.inputs.map((p) => p.value)));
    for (const p of compiled.program!.params) expect(read.has(`param:${p.name}`), p.name).toBe(true);
  });
});
