// Rules 10 to 13: state, one computation, draws, init.
import { describe, expect, it } from "vitest";
import { codes, countOps, leaves, realSpec, sound, spec, stepNodes, value, values } from "./kit";
import { compile } from "../../../compiler/compile";

const COUNTER = "state seen: vector[3] = 0.0\n next seen = seen + 1 while training\n return x |> conv(3, 3, pad: 1)";

describe("rule 10: state is visible", () => {
  it("is what `state` says, and `next` is what the step carries on", () => {
    const c = sound(spec({ net: "state seen: vector[3] = 0.0\n next seen = 0.9 * seen + 1 while training\n return (x - seen) |> conv(3, 3, pad: 1)" }));
    expect([...c.model!.states.keys()]).toEqual(["AB.seen"]);
    const [next] = c.step!.next;
    expect(next!.name).toBe("AB.seen");
    expect([...values(c, [next!.node], { "AB.seen": () => 10 })[0]!]).toEqual([10, 10, 10]);
  });
  it("gradients treat it as a constant", () => {
    const through = (use: string): string[] => codes(spec({ net: `learn w: vector[3] = 1.0\n state s: vector[3] = 0.0\n next s = 2 * w\n return (x * ${use}) |> conv(3, 1)` }));
    expect(through("w")).toEqual([]);
    expect(through("s")).toEqual(["G0704"]);
  });
  it("an export leaves it as it is", () => {
    const c = sound(spec({ net: COUNTER.replace("return x", "return (x - seen)"), tail: "export E(x: image[3, H, W]) = AB(x)" }), { until: "graphs" });
    expect(c.program!.exports[0]!.states).toEqual(["AB.seen"]);
    expect(c.exports[0]!.graph.nodes.filter((n) => n.op === "add").length).toBeLessThanOrEqual(1);
  });
  it("`training` is false in what an export calls, in the spec's own nets and in the library's", () => {
    const tail = "export E(x: image[3, H, W]) = AB(x)";
    const statesOf = (net: string): readonly string[] => sound(spec({ net, tail }), { until: "graphs" }).program!.exports[0]!.states;
    expect(statesOf("return x |> conv(3, 1) |> BN")).toEqual(["AB.BN1.running_mean", "AB.BN1.running_var"]);
    expect(statesOf(`${COUNTER.replace(/return.*/, "")} return (x - if training { 1 } else { seen }) |> conv(3, 1)`)).toEqual(["AB.seen"]);
    // A draw on the training's side is no part of it.
    const noisy = sound(spec({ net: "return (if training { x + sample normal like x } else { x }) |> conv(3, 1)", tail }), { until: "graphs" });
    expect(noisy.exports[0]!.graph.nodes.some((n) => n.op === "input" && n.attrs.kind === "sample")).toBe(false);
  });
  it("has no batch: its next value has the axes of its type", () => {
    expect(codes(spec({ net: "state m: vector[3] = 0.0\n next m = mean(x, over: (h, w))\n return x |> conv(3, 1)" }))).toEqual(["G0509"]);
  });
});

describe("rule 11: one computation", { timeout: 60_000 }, () => {
  it("equal calls are one, though two phases name them: the fakes of U-GAT-IT", () => {
    const c = realSpec("ugatit", { set: ["size=64", "ch=4", "global_depth=6"] });
    const forward = countOps(realSpec("ugatit", { set: ["size=64", "ch=4", "global_depth=6", "weights.cycle=0", "weights.identity=0"], variants: ["without_g_cam"] }), "conv", "AB.");
    // A generator without its head: 3 + 8 down, 8 + 3 up; with a cam head one more. Fake, identity and cycle: three forward passes.
    expect(forward).toBe(22);
    expect(countOps(c, "conv", "AB.")).toBe(3 * 23);
  });
  it("a critic's spectral vectors advance three times in a step", () => {
    const c = realSpec("ugatit", { set: ["size=64", "ch=4", "global_depth=6"] });
    const b = c.model!.tracer.b;
    const advances = (state: string): number => {
      let count = 0;
      let at = c.step!.next.find((n) => n.name === state)!.node;
      const leaf = b.nodes.find((n) => n.op === "input" && n.attrs.name === state)!.id;
      const seen = new Set<number>();
      const open = [at];
      // Each advance of u divides by its own length once.
      while (open.length > 0) {
        at = open.pop()!;
        if (seen.has(at) || at === leaf) continue;
        seen.add(at);
        const node = b.node(at);
        const isUnit = node.op === "div" && node.origin?.label === "unit";
        if (isUnit && node.shape.length === 1 && node.shape[0]!.axis === "out") count++;
        open.push(...node.inputs);
      }
      return count;
    };
    for (const net of ["DA.0", "DA.1", "DB.0", "DB.1"]) expect(advances(`${net}.features.conv1.spectral1.u`), net).toBe(3);
  });
  it("different calls advance a state in the order of the text", () => {
    const count = (phase: string): number => {
      const c = sound(spec({ net: COUNTER.replace("return x", "return (x + 0 * seen)"), phases: `phase p trains AB { ${phase} }` }));
      return values(c, [c.step!.next[0]!.node], { "AB.seen": () => 0 })[0]![0]!;
    };
    expect(count("loss power += mean(AB(A)^2)")).toBe(1);
    expect(count("loss power += mean(AB(A)^2) + mean(AB(A))")).toBe(1);
    expect(count("loss power += mean(AB(A)^2) + mean(AB(B))")).toBe(2);
    expect(count("loss power += mean(AB(AB(A))^2)")).toBe(2);
  });
});

describe("rule 12: a sample is one draw", () => {
  const noisy = (phase: string, net = "return x |> conv(3, 3, pad: 1)"): string[] => leaves(sound(spec({ net, phases: `phase p trains AB { ${phase} }` })), "sample");
  it("a name shares it, a second place draws again", () => {
    expect(noisy("sample z: vector[3] = normal\n loss power += mean((z * AB(A))^2) + mean(z)")).toEqual(["p.z"]);
    expect(noisy("let a = A + sample normal like A\n let b = A + sample normal like A\n loss power += mean(AB(a)^2) + mean(AB(b)^2)")).toHaveLength(2);
  });
  it("each call of a net has its own, as its arguments differ", () => {
    expect(noisy("loss power += mean(AB(A)^2) + mean(AB(A))", "return (x + sample normal like x) |> conv(3, 3, pad: 1)")).toHaveLength(1);
  });
  it("each turn of a loop is another place", () => {
    expect(noisy("for k in 0..3 { sample z: vector[3] = normal\n loss power += mean((z * AB(A))^2) }")).toEqual(["p.z", "p.z2", "p.z3"]);
  });
  it("`while training` vanishes from exports, and draws have a batch", () => {
    const c = sound(spec({ net: "return (x + sample normal like x while training) |> conv(3, 3, pad: 1)", tail: "export E(x: image[3, H, W]) = AB(x)", rest: "batch 4" }));
    expect([...c.model!.tracer.samples.values()][0]!.shape[0]).toEqual({ axis: "batch", dim: 4 });
    expect(c.exports[0]!.graph.nodes.some((n) => n.op === "input" && n.attrs.kind === "sample")).toBe(false);
  });
  it("`data A2: A` is the next item of A's own stream, drawn only where something reads it", () => {
    const streams = (loss: string): unknown => {
      const c = compile({ path: "a.gan", text: spec({ data: "data A, B: image[3, 8, 8]\n data A2: A\n data A3: A2", phases: `phase p trains AB { loss power += ${loss} }` }) });
      expect(c.diagnostics).toEqual([]);
      return c.program!.data.map((d) => [d.name, d.folder, d.of]);
    };
    const own = [["A", "A", undefined], ["B", "B", undefined]];
    expect(streams("mean(AB(A)^2)")).toEqual(own);
    expect(streams("mean(AB(A)^2) + mean(AB(A2)^2)")).toEqual([...own, ["A2", "A", "A"]]);
    expect(streams("mean(AB(A3)^2)")).toEqual([...own, ["A3", "A", "A"]]);
  });
});

describe("rule 13: init", () => {
  const NET = "let y = x |> conv(4, 3, pad: 1) |> ILN(start: 0.25)\n return mean(y, over: (h, w)) |> linear(5)";
  const inits = (init: string): Record<string, string> => {
    const c = sound(spec({ net: NET, nets: `net AB: G ${init}` }));
    const short = (i: object): string => (Object.values(i) as (string | number)[]).map((v) => (typeof v === "number" ? Number(v.toFixed(4)) : v)).join(" ");
    return Object.fromEntries([...c.model!.params.values()].map((p) => [p.name.slice(3), short(p.init)]));
  };
  it("is PyTorch's default: uniform, ±1/sqrt(fan in), weights and biases", () => {
    const conv = 1 / Math.sqrt(27);
    expect(inits("")).toEqual({
      "y.conv1.weight": `uniform ${-Number(conv.toFixed(4))} ${Number(conv.toFixed(4))}`, "y.conv1.bias": `uniform ${-Number(conv.toFixed(4))} ${Number(conv.toFixed(4))}`,
      "y.ILN1.rho": "constant 0.25", "y.ILN1.gamma": "constant 1", "y.ILN1.beta": "constant 0", "linear1.weight": "uniform -0.5 0.5", "linear1.bias": "uniform -0.5 0.5",
    });
  });
  it("`init normal(0, 0.02)` sets weights and zeroes biases; what a `learn` says stays", () => {
    const all = inits("init normal(0, 0.02)");
    expect(all["y.conv1.weight"]).toBe("normal 0 0.02");
    expect(all["linear1.weight"]).toBe("normal 0 0.02");
    expect([all["y.conv1.bias"], all["linear1.bias"]]).toEqual(["constant 0", "constant 0"]);
    expect([all["y.ILN1.rho"], all["y.ILN1.gamma"]]).toEqual(["constant 0.25", "constant 1"]);
  });
  it("`init { conv: ... }` leaves what it does not name", () => {
    const some = inits("init { conv: normal(0, 0.02) }");
    expect(some["y.conv1.weight"]).toBe("normal 0 0.02");
    expect(some["y.conv1.bias"]).toMatch(/^uniform/);
    expect(some["linear1.weight"]).toMatch(/^uniform/);
  });
  it("the net that made an instance decides, not the one it was handed to", () => {
    const c = sound(spec({ top: "network T(x: image[C, H, W]) { return x |> conv(C, 1) }\nnetwork E(x: image[3, H, W], t: T) { return x |> conv(3, 1) |> t }", nets: "net t: T init 0.5\n net e: E(t: t) init normal(0, 0.1)", phases: "phase p trains e { loss power += mean(e(A)^2) }" }));
    expect(c.model!.params.get("t.conv1.weight")!.init).toEqual({ kind: "constant", value: 0.5 });
    expect(c.model!.params.get("e.conv1.weight")!.init).toEqual({ kind: "normal", mean: 0, std: 0.1 });
  });
  it("`kaiming_normal` and `xavier_normal` see the fans", () => {
    expect(inits("init kaiming_normal")["y.conv1.weight"]).toBe(`normal 0 ${Number(Math.sqrt(2 / 27).toFixed(4))}`);
    expect(inits("init xavier_normal")["y.conv1.weight"]).toBe(`normal 0 ${Number(Math.sqrt(2 / (27 + 36)).toFixed(4))}`);
  });
});

it("what a step computes is the same from run to run", () => {
  const one = sound(spec({}));
  expect(value(one, "p", "power")).toBe(value(sound(spec({})), "p", "power"));
  expect(stepNodes(one).length).toBeGreaterThan(3);
});
