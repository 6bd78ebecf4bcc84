// Rules 14 to 19: phases, when a value is computed, optimizers, schedules, terms.
import { describe, expect, it } from "vitest";
import type { Program } from "../../../compiler/program";
import { planOf } from "../../../compiler/train/at-step";
import { stepScalars, updatesAfter } from "../../../runtime/train/schedule";
import { codes, compiled, countOps, leaves, realSpec, sound, spec, term, value } from "./kit";

const TWO = "net AB, BA: G\n net D: G";
const twoPhases = (a: string, b: string, between = ""): string =>
  spec({ nets: `${TWO}\n${between}`, phases: `phase critics trains D { ${a} }\n phase makers trains AB, BA { ${b} }`, rest: "optimizer makers = adam(rate: 1e-4)" });

describe("rule 14: phases", () => {
  it("take gradients for what they train, and nothing else", () => {
    const c = sound(twoPhases("loss a += mean(D(AB(A))^2)", "loss b += mean(D(AB(A))^2) + mean(BA(B)^2)"), { until: "graphs" });
    expect(c.step!.phases.map((p) => p.gradients.map((g) => g.param.net))).toEqual([["D", "D"], ["AB", "AB", "BA", "BA"]]);
  });
  it("see the weights as those before left them", () => {
    const c = sound(twoPhases("loss a += mean(D(AB(A))^2)", "loss b += mean(D(AB(A))^2) + mean(BA(B)^2)"));
    expect(leaves(c, "param").filter((n) => n.startsWith("D.conv1.weight"))).toEqual(["D.conv1.weight", "D.conv1.weight@1"]);
    expect(leaves(c, "param").filter((n) => n.startsWith("AB.conv1.weight"))).toEqual(["AB.conv1.weight"]);
  });
  it("go through lists and handed-in nets once; `except` leaves one out", () => {
    const nets = "net all: [G, G]";
    const phases = "phase p trains all except all[1] { loss power += mean(all[0](all[1](A))^2) }";
    const c = sound(spec({ nets, phases }));
    expect(c.model!.phases[0]!.nets.map((n) => n.name)).toEqual(["all.0"]);
    expect(c.diagnostics.map((d) => d.message)).toEqual(["no phase trains the net `all.1`: it stays as it was initialized"]);
  });
  it("must reach every parameter they train", () => {
    expect(codes(twoPhases("loss a += mean(D(AB(A))^2)", "loss b += mean(AB(A)^2) + mean(constant(BA(B))^2)"))).toEqual(["G0704"]);
    expect(codes(spec({ phases: "phase p trains AB { loss power += 0 * mean(AB(A)^2) }", tail: "export E(x: image[3, H, W]) = AB(x)" }))).toEqual(["G0704", "G0712"]);
  });
});

describe("rule 15: when a value is computed is where its name is made", () => {
  it("outside the phases with the weights of the step's start: CycleGAN's critics see the fakes of before", () => {
    const phases = (fake: string): string => spec({ nets: "net AB: G\n net D: G\n let fake = AB(A)", phases: `phase makers trains AB { loss a += mean(D(fake)^2) }\n phase critics trains D { loss b += mean(D(${fake})^2) }`, rest: "optimizer critics = adam(rate: 1e-4)" });
    expect(leaves(sound(phases("fake")), "param").filter((n) => n.startsWith("AB.conv1.weight"))).toEqual(["AB.conv1.weight"]);
    expect(leaves(sound(phases("AB(A)")), "param").filter((n) => n.startsWith("AB.conv1.weight"))).toEqual(["AB.conv1.weight", "AB.conv1.weight@1"]);
  });
  it("is computed only if a phase needs it", () => {
    expect(countOps(sound(spec({ nets: "net AB: G\n let unused = AB(B)" })), "conv")).toBe(1);
  });
  it("no gradient through a stale value: both places are named", () => {
    const text = spec({ nets: "net AB: G\n let y = AB(A)", phases: "phase first trains AB { loss a += mean(y^2) }\n phase second trains AB { loss b += mean(y^2) }" });
    const d = compiled(text).diagnostics.find((x) => x.code === "G0705")!;
    expect(d.message).toBe("phase second takes a gradient through a value that was computed with weights of `AB` from before phase first changed them");
    expect(d.related.map((r) => r.message)).toEqual(["computed here", "phase first changes the weights"]);
  });
  it("a value of an earlier phase may be used where nothing is trained through it", () => {
    expect(codes(twoPhases("loss a += mean(D(seen)^2)", "loss b += mean(AB(A)^2) + mean(BA(B)^2) + mean(constant(seen))", "let seen = AB(A)"))).toEqual([]);
  });
});

describe("rule 16: `when`", () => {
  const rare = (when: string, top = ""): string =>
    spec({ top, nets: "net AB: G\n net D: G", phases: `phase critics trains D { loss a += mean(D(AB(A))^2) }\n phase makers trains AB when ${when} { loss b += mean(D(AB(B))^2) }`, rest: "optimizer makers = adam(rate: 1e-4)" });
  const program = (when: string, top = ""): Program => sound(rare(when, top), { until: "graphs" }).program!;
  const phasesOf = (p: Program, steps: number): (readonly string[])[] => Array.from({ length: steps }, (_, i) => p.plans![planOf(p, i + 1)!]!.phases);

  it("makes a compiled step of each set of phases that run together", () => {
    const p = program("step % every == 0", "param every: int = 3");
    const [both, one] = [["critics", "makers"], ["critics"]];
    expect(p.plans!.map((x) => x.phases)).toEqual([one, both]);
    expect(phasesOf(p, 6)).toEqual([one, one, both, one, one, both]);
    expect(p.plans!.map((x) => x.data)).toEqual([["A"], ["A", "B"]]);
    expect(p.segments.filter((s) => s.plan === 0).every((s) => s.phase === "critics")).toBe(true);
  });
  it("takes bounds, `and`, `or`, `not` and params", () => {
    expect(phasesOf(program("step > 2 and not (step % 2 == 0)"), 6).map((x) => x.length)).toEqual([1, 1, 2, 1, 2, 1]);
    expect(phasesOf(program("step == 1 or step >= first", "param first = 5"), 6).map((x) => x.length)).toEqual([2, 1, 1, 1, 2, 2]);
    // Far away, and rare: found all the same.
    expect(program("step == 100_000").plans).toHaveLength(2);
  });
  it("is no condition where params decide it", () => {
    for (const always of ["step % 1 == 0", "(step - 1) % every == 0", "every == 1"]) {
      const p = program(always, "param every: int = 1");
      expect([p.plans, p.conditions, p.segments.some((s) => s.plan !== undefined)]).toEqual([undefined, undefined, false]);
    }
    expect(codes(rare("2 < 1"))).toEqual(["G0701"]);
  });
  it("lets Adam count a parameter's updates, and schedules steps", () => {
    const p = program("step % 2 == 0");
    expect(p.optimizers.map((o) => [o.name, o.phases])).toEqual([["critics", undefined], ["makers", ["makers"]]]);
    expect([1, 2, 3, 4].reduce((done, step) => updatesAfter(p, step, done), {})).toEqual({ critics: 4, makers: 2 });
  });
  it("says what is none, and checks names", () => {
    expect(codes(rare("step"))).toEqual(["G0401"]);
    expect(codes(rare("mean(A)"))).toEqual(["G0401"]);
    expect(codes(rare("stpe % 2 == 0"))).toEqual(["G0201"]);
  });
});

describe("a net that two phases train", () => {
  const twice = (optimizer: string): string =>
    spec({ nets: "net AB, BA: G", phases: "phase p trains AB, BA { loss a += mean(AB(BA(A))^2) }\n phase q trains AB { loss b += mean(AB(A)^2) }", rest: optimizer });
  const p = sound(twice("optimizer BA = adam(rate: 1e-4)").replace("optimizer p", "optimizer AB"), { until: "graphs" }).program!;
  it("is updated by each, the second with the weights that the first left", () => {
    expect(p.segments.filter((s) => s.kind === "update").flatMap((s) => s.outputs.filter((o) => o.value.startsWith("param:")).map((o) => `${s.phase} ${o.value}`)).sort()).toEqual(
      ["p param:AB.conv1.bias", "p param:AB.conv1.weight", "p param:BA.conv1.bias", "p param:BA.conv1.weight", "q param:AB.conv1.bias", "q param:AB.conv1.weight"]);
  });
  it("counts two updates a step, and each update is fed its own count", () => {
    expect(p.optimizers.map((o) => [o.name, o.phases])).toEqual([["AB", ["p", "q"]], ["BA", undefined]]);
    expect(updatesAfter(p, 1, {})).toEqual({ AB: 2, BA: 1 });
    const scalars = stepScalars(p, 1, { AB: 2, BA: 1 }, { total: 10, epoch: 1 });
    const root = (count: number): number => 1 / Math.sqrt(1 - 0.999 ** count);
    expect(scalars["AB.p.root_correction"]).toBeCloseTo(root(1), 12);
    expect(scalars["AB.q.root_correction"]).toBeCloseTo(root(2), 12);
    expect(scalars["BA.root_correction"]).toBeCloseTo(root(1), 12);
  });
});

describe("rule 17: optimizers", () => {
  it("cover each trained net exactly once", () => {
    expect(codes(spec({ rest: "optimizer AB = adam(rate: 1e-4)" }))).toEqual(["G0702"]);
    expect(codes(spec({ nets: "net AB, BA: G", phases: "phase p trains AB, BA { loss power += mean(BA(AB(A))^2) }" }).replace("optimizer p", "optimizer AB"))).toEqual(["G0703"]);
  });
  it("name phases or nets, and hold their parameters", () => {
    const c = sound(twoPhases("loss a += mean(D(A)^2)", "loss b += mean(AB(A)^2) + mean(BA(B)^2)"), { until: "graphs" });
    expect(c.program!.optimizers.map((o) => [o.name, o.params])).toEqual([["critics", ["D.conv1.weight", "D.conv1.bias"]], ["makers", ["AB.conv1.weight", "AB.conv1.bias", "BA.conv1.weight", "BA.conv1.bias"]]]);
  });
  it("`decay_on: weights` spares biases and norms, `within` follows the update", () => {
    const decayed = (on: string): number => {
      const c = sound(spec({ net: "return x |> conv(3, 3, pad: 1) |> ILN" }).replace("adam(rate: 1e-4)", `adam(rate: 1e-4, decay: 0.01${on})`), { until: "graphs" });
      const update = c.graphs.find((g) => g.file.includes("update"))!.graph;
      return update.nodes.filter((n) => n.op === "constant" && n.attrs.value === 0.01).flatMap((k) => update.nodes.filter((n) => n.inputs.includes(k.id))).length;
    };
    expect(decayed("")).toBe(5);
    expect(decayed(", decay_on: weights")).toBe(1);
    const rho = sound(spec({ net: "return x |> conv(3, 3, pad: 1) |> ILN" }), { until: "graphs" }).program!.params.find((p) => p.name === "AB.ILN1.rho")!;
    expect(rho.within).toEqual([0, 1]);
  });
});

describe("rule 18: schedules", () => {
  it("are kept as they are written", () => {
    const of = (schedule: string): unknown => sound(spec({ rest: schedule })).model!.schedule;
    expect(of("schedule rate = constant for 50%, then linear to 0")).toEqual([{ kind: "constant", count: 50, unit: "percent" }, { kind: "linear", to: 0 }]);
    expect(of("schedule rate = constant for 99 epochs, then linear to 0 over 101 epochs")).toEqual([{ kind: "constant", count: 99, unit: "epochs" }, { kind: "linear", to: 0, count: 101, unit: "epochs" }]);
    expect(of("schedule rate = times 0.5 every 100_000 steps")).toEqual([{ kind: "times", factor: 0.5, every: 100000, unit: "steps" }]);
    expect(sound(spec({ rest: "length 200 epochs" })).model!.length).toEqual({ count: 200, unit: "epochs" });
  });
  it("may be held for some steps; 0 holds nothing", () => {
    const held = (n: string): unknown => sound(spec({ top: "param n: int = 0", rest: `schedule rate = constant for 50%, then linear to 0, held for ${n}` })).model!.held;
    expect(held("10_000 steps")).toEqual({ count: 10000, unit: "steps" });
    expect(held("2 epochs")).toEqual({ count: 2, unit: "epochs" });
    expect(held("n steps")).toBeUndefined();
    expect(codes(spec({ rest: "schedule rate = constant, held for -1 steps" }))).toEqual(["G0709"]);
  });
});

describe("rule 19: terms", { timeout: 60_000 }, () => {
  it("have names, qualified by their phase, and add up", () => {
    const c = sound(twoPhases("loss x += mean(D(A)^2)\n loss x += 2 * mean(D(A)^2)", "loss x += mean(AB(A)^2) + mean(BA(B)^2)"), { until: "graphs" });
    expect(c.program!.losses.map((l) => l.name)).toEqual(["critics.x", "makers.x"]);
    const once = sound(spec({ nets: "net D: G", phases: "phase critics trains D { loss x += mean(D(A)^2) }" }));
    expect(value(c, "critics", "x")).toBeCloseTo(3 * value(once, "critics", "x"), 12);
  });
  it("a factor of 0 drops a term before its dims are checked: an identity loss between 1 and 3 channels", () => {
    const c = realSpec("cyclegan", { set: ["size=32", "ch=4", "channels_a=1", "weights.identity=0"] });
    expect(c.diagnostics.filter((d) => d.severity === "error").map((d) => d.code)).toEqual([]);
    expect(c.diagnostics.filter((d) => d.severity === "note").map((d) => d.message)).toEqual(["the loss term `generators.identity` vanishes: its factors are 0, or what it judges is none"]);
    expect(c.model!.params.get("AB.conv1.weight")!.shape.map((a) => a.dim)).toEqual([4, 1, 7, 7]);
    expect(realSpec("cyclegan", { set: ["channels_a=1"] }).diagnostics.map((d) => d.code)).toEqual(["G0301"]);
  });
  it("and costs nothing: no pass through the network is left", () => {
    const weighted = (w: number): number => countOps(sound(spec({ top: `param weights = { second: ${w} }`, phases: "phase p trains AB { loss power += mean(AB(A)^2)\n loss second += weights.second * mean(AB(AB(A))^2) }" })), "conv");
    expect([weighted(1), weighted(0)]).toEqual([2, 1]);
  });
  it("are written out with lets and loop names resolved", () => {
    const c = sound(spec({ nets: "net AB, BA: G\n let sides = [{ go: AB, from: A }, { go: BA, from: B }]", phases: "phase p trains AB, BA { for s in sides { let fake = s.go(s.from)\n loss power += 0.5 * mse(fake, 1) } }" }));
    expect(c.model!.phases[0]!.terms[0]!.formula).toBe("0.5 * mse(AB(A), 1) + 0.5 * mse(BA(B), 1)");
  });
  it("are one number a sample", () => {
    expect(codes(spec({ phases: "phase p trains AB { loss power += AB(A)^2 }" }))).toEqual(["G0706"]);
    const c = sound(spec({}));
    expect(c.model!.tracer.b.shape(term(c, "p", "power"))).toEqual([]);
  });
});
