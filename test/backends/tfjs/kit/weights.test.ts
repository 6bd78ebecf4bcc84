// Names, first values, files and memory of the kit's weights, against the compiler's own.
import { beforeAll, describe, expect, it } from "vitest";
import { compile } from "../../../../compiler/compile";
import { drawInit } from "../../../../compiler/init";
import type { Scope } from "../../../../backends/tfjs/kit/scope";
import type { Tensor } from "../../../../backends/tfjs/kit/tf";
import { engines } from "../../../tfjs/engines";
import { type Kit, loadKit } from "./load";

let kit: Kit;
beforeAll(async () => {
  kit = await loadKit((await engines()[0]!.load()).tf);
});

const SPEC = `
import { mse } from "std/losses"
import { spectral } from "std/reparams"

norm Scale(x: image[C, H, W]) {
  learn gamma: vector[C] = uniform(0, 1) within [0, 0.5]
  learn shift: image[C, H, W] = normal(0, 0.1)
  return gamma * x + shift
}

block Twice(x: image[C, H, W]) {
  return x + (x |> conv(C, 3, pad: 1) |> conv(C, 3, pad: 1, bias: false))
}

network G(x: image[3, H, W]) {
  let content = x |> conv(4, 3, pad: 1, weight: spectral) |> Twice |> Twice |> Scale
  let small = content |> conv_transpose(2, 4, stride: 2, pad: 1)
  let parts = [for i in 0..2: small |> conv(2, 1)]
  let tail = mean(small, over: (h, w)) |> linear(5) |> linear(2, bias: false)
  return { image: small |> conv(3, 4, stride: 2, pad: 1), tail: parts[1] |> conv(1, 1), code: tail }
}

train {
  data A: image[3, 8, 8]
  net N: G INIT
  phase only trains N {
    let y = N(A)
    loss all += mse(y.image, 0) + mse(y.tail, 0) + mse(y.code, 0)
  }
  optimizer only = adam(rate: 1e-3)
  length 4 steps
}
`;

/** The same net by hand, as the writer would have it. */
function net(scope: Scope, x: Tensor): void {
  const w = scope.enter();
  const twice = (at: Scope, t: Tensor): Tensor => {
    const here = at.place("Twice");
    return t.add(kit.conv(here, kit.conv(here, t, 4, 3, { pad: 1 }), 4, 3, { pad: 1, bias: false }));
  };
  const spectral = (at: Scope, m: Tensor): Tensor => {
    const here = at.place("spectral");
    here.state("u", [m.shape[1]!], kit.unitNormal);
    here.state("v", [m.shape[0]!], kit.unitNormal, { order: at.rest });
    const v = here.next("v", () => kit.unit(kit.timesVector(m, here.state("u", [m.shape[1]!], kit.unitNormal), 1)));
    const u = here.next("u", () => kit.unit(kit.timesVector(m, v, 0)));
    return m.div(u.mul(kit.timesVector(m, v, 0)).sum());
  };
  const inContent = w.at("content");
  let content = kit.conv(inContent, x, 4, 3, { pad: 1, weight: spectral });
  content = twice(inContent, twice(inContent, content));
  const scale = inContent.place("Scale");
  const [h, width, c] = [content.shape[1]!, content.shape[2]!, content.shape[3]!];
  content = content.mul(scale.learn("gamma", [c], kit.uniform(0, 1), { within: [0, 0.5] })).add(scale.learn("shift", [h, width, c], kit.normal(0, 0.1), { order: { shape: [h, width, c], axes: [2, 0, 1] } }));
  const small = kit.convTranspose(w.at("small"), content, 2, 4, { stride: 2, pad: 1 });
  const inParts = w.at("parts");
  const parts = [0, 1].map(() => kit.conv(inParts, small, 2, 1));
  const inTail = w.at("tail");
  kit.linear(inTail, kit.linear(inTail, small.mean([1, 2]), 5), 2, { bias: false });
  kit.conv(w, small, 3, 4, { stride: 2, pad: 1 });
  kit.conv(w, parts[1]!, 1, 1);
}

const compiled = (init: string): ReturnType<typeof compile> => compile({ path: "t.gan", text: SPEC.replace("INIT", init === "" ? "" : `init ${init}`) }, {});

function made(init?: ReturnType<Kit["normal"]> | { conv?: ReturnType<Kit["normal"]>; bias?: number }): InstanceType<Kit["Weights"]> {
  const weights = new kit.Weights({ seed: 5 });
  kit.tf.tidy(() => net(weights.net("N", init), kit.tf.zeros([1, 8, 8, 3])));
  return weights;
}

describe("names, shapes and first values are those of ganc", () => {
  for (const [text, init] of [["", () => undefined], ["normal(0, 0.02)", () => kit.normal(0, 0.02)], ["{ conv: kaiming_normal, bias: 0.5 }", () => ({ conv: kit.kaimingNormal, bias: 0.5 })], ["xavier_normal(0.7)", () => kit.xavierNormal(0.7)]] as const) {
    it(text === "" ? "by default" : text, () => {
      const c = compiled(text);
      expect(c.diagnostics.filter((d) => d.severity !== "note")).toEqual([]);
      const weights = made(init() as never);
      const saved = weights.save();
      const wanted = [...c.program!.params.map((p) => ({ ...p, name: `param/${p.name}`, stream: p.name })), ...c.program!.states.map((s) => ({ ...s, name: `state/${s.name}`, stream: s.name }))];
      // Parameters that no loss reaches (the first of the parts) are no part of ganc's program.
      expect([...saved.keys()].filter((name) => !name.startsWith("param/N.parts.conv1.")).sort()).toEqual(wanted.map((p) => p.name).sort());
      for (const p of wanted.filter((q) => !q.name.startsWith("state/"))) {
        expect(saved.get(p.name)!.shape, p.name).toEqual(p.shape);
        expect([...saved.get(p.name)!.data], p.name).toEqual([...drawInit(p.init, saved.get(p.name)!.data.length, 5, p.stream)]);
      }
      const roles = (list: readonly { name: string; role: string; within?: readonly number[] }[]): string[] => list.map((p) => `${p.name} ${p.role} ${String(p.within)}`).filter((x) => !x.startsWith("N.parts.conv1.")).sort();
      expect(roles(weights.learned(["N"]))).toEqual(roles(c.program!.params));
      weights.dispose();
    });
  }

  it("states begin as ganc's, and lie in the file's order", () => {
    const weights = new kit.Weights({ seed: 5 });
    weights.training = false;
    kit.tf.tidy(() => net(weights.net("N"), kit.tf.zeros([1, 8, 8, 3])));
    for (const s of compiled("").program!.states) expect([...weights.save().get(`state/${s.name}`)!.data]).toEqual([...drawInit(s.init, s.shape[0]!, 5, s.name)]);
    weights.dispose();
  });
});

describe("a scope", () => {
  it("gives equal calls equal tensors", () => {
    const weights = new kit.Weights({ seed: 1 });
    const scope = weights.net("N");
    const x = kit.tf.ones([1, 2, 2, 2]);
    const first = kit.conv(scope.enter(), x, 2, 1).dataSync();
    expect(kit.conv(scope.enter(), x, 2, 1).dataSync()).toEqual(first);
    expect(kit.conv(scope, x, 2, 1).dataSync()).toEqual(first);
    expect(kit.conv(scope, x, 2, 1).dataSync()).not.toEqual(first);
    expect(weights.learned(["N"]).map((l) => l.name)).toEqual(["N.conv1.weight", "N.conv1.bias", "N.conv2.weight", "N.conv2.bias"]);
  });

  it("numbers parts, and named parts that come again", () => {
    const w = new kit.Weights({ seed: 1 }).net("N");
    expect([w.place("conv"), w.place("conv"), w.at("conv"), w.at("conv"), w.at("x"), w.enter().place("conv"), w.at("x").place("y")].map((s) => s.path)).toEqual(["N.conv1", "N.conv2", "N.conv", "N.conv2", "N.x", "N.conv1", "N.x2.y1"]);
  });

  it("refuses a tensor of another shape under a name that is taken", () => {
    const scope = new kit.Weights({ seed: 1 }).net("N");
    kit.conv(scope.enter(), kit.tf.ones([1, 2, 2, 2]), 2, 1);
    expect(() => kit.conv(scope.enter(), kit.tf.ones([1, 2, 2, 3]), 2, 1)).toThrow("N.conv1.weight was [1, 1, 2, 2] and is now asked for as [1, 1, 3, 2]: one name, one shape");
  });

  it("advances states in training alone, and lets no gradient through them", () => {
    const weights = new kit.Weights({ seed: 1 });
    const scope = weights.net("N");
    const x = kit.tf.variable(kit.tf.tensor([2, 3]));
    const f = (): Tensor => {
      const w = scope.enter();
      w.state("s", [2], 1);
      return w.next("s", () => x.mul(5)).mul(x).sum();
    };
    const { value, grads } = kit.gradients(() => [{ name: "x", net: "", role: "other", variable: x }], f);
    expect([value.dataSync()[0], ...grads.get("x")!.dataSync()]).toEqual([65, 10, 15]);
    weights.training = false;
    x.assign(kit.tf.tensor([1, 1]));
    expect(f().dataSync()[0]).toBe(25);
    expect([...weights.save().get("state/N.s")!.data]).toEqual([10, 15]);
    expect(() => scope.next("other", () => x)).toThrow("N.other is advanced before it is asked for");
  });

  it("covers the nets of a list by the list's name", () => {
    const weights = new kit.Weights({ seed: 1 });
    for (const name of ["D.0", "D.1", "D2", "E"]) weights.net(name).learn("w", [1], 0);
    expect(weights.learned(["D"]).map((l) => l.net)).toEqual(["D.0", "D.1"]);
    expect(weights.learned(["E", "D.1"]).map((l) => l.net)).toEqual(["D.1", "E"]);
  });
});

describe("files", () => {
  it("what is saved and loaded is the same, loaded before or after its tensors are made", () => {
    const before = made();
    before.moment("m", before.learned(["N"])[0]!).assign(kit.tf.randomNormal(before.learned(["N"])[0]!.variable.shape) as never);
    const saved = before.save();
    for (const early of [true, false]) {
      const after = early ? new kit.Weights({ seed: 9 }) : made();
      const copy = new Map([...saved].map(([name, t]) => [name, { shape: t.shape, data: t.data.slice() }]));
      after.load(copy);
      if (early) expect(after.unread().length).toBe(copy.size);
      after.training = false;
      kit.tf.tidy(() => net(after.net("N"), kit.tf.zeros([1, 8, 8, 3])));
      after.moment("m", after.learned(["N"])[0]!);
      expect(after.unread()).toEqual([]);
      expect(new Map([...after.save()].map(([n, t]) => [n, [...t.data]]))).toEqual(new Map([...saved].map(([n, t]) => [n, [...t.data]])));
    }
  });

  it("a tensor of another shape is refused by name", () => {
    const weights = new kit.Weights({ seed: 1 });
    weights.load(new Map([["param/N.conv1.weight", { shape: [2, 3, 1, 1], data: new Float32Array(6) }]]));
    expect(() => kit.conv(weights.net("N"), kit.tf.ones([1, 2, 2, 2]), 2, 1)).toThrow("param/N.conv1.weight is [2, 3, 1, 1] in the file, [2, 2, 1, 1] in this model");
  });
});

describe("memory", () => {
  it("stays the same over repeated use, and is given back whole", () => {
    const start = kit.tf.memory().numTensors;
    const weights = new kit.Weights({ seed: 5 });
    const adam = new kit.Adam(weights, ["N"], { decay: 1e-3 });
    const step = (): void => {
      const before = kit.tf.memory().numTensors;
      kit.tf.tidy(() => {
        const { grads } = kit.gradients(() => adam.learned(), () => {
          const x = kit.tf.ones([1, 8, 8, 3]);
          net(weights.net("N"), x);
          const y = kit.relu(kit.conv(weights.net("N").at("more"), kit.pad(x, kit.reflect(2)), 2, 3));
          const inner = kit.offTape(() => kit.gradients(() => weights.learned(["N.none"]), () => y.sum()).value);
          return kit.standardize(kit.upsample(kit.avgPool(y, 2), 2), [1, 2]).square().mean().add(kit.max(y, [1, 2]).sum()).add(inner);
        });
        adam.apply(grads, 1e-3);
      });
      counts.push(kit.tf.memory().numTensors - before);
    };
    const counts: number[] = [];
    for (let i = 0; i < 5; i++) step();
    expect(counts[0]).toBeGreaterThan(0);
    expect(counts.slice(1)).toEqual([0, 0, 0, 0]);
    weights.dispose();
    expect(kit.tf.memory().numTensors).toBe(start);
  });
});

describe("offTape", () => {
  it("puts the tape back when its function fails", () => {
    const x = kit.tf.scalar(3);
    const g = kit.tf.grad((t: Tensor) => {
      expect(() => kit.offTape(() => { throw new Error("inside"); })).toThrow("inside");
      expect(() => kit.offTape(() => kit.tf.grad((): Tensor => { throw new Error("deep"); })(t))).toThrow("deep");
      return t.square();
    });
    expect(g(x).dataSync()[0]).toBe(6);
    expect(kit.isRecorded()).toBe(false);
  });

  it("takes gradients inside a gradient", () => {
    const x = kit.tf.scalar(3);
    const g = kit.tf.grad((t: Tensor) => {
      const y = t.square();
      const inner = kit.offTape(() => kit.tf.grad((u: Tensor) => u.mul(u).mul(u))(y));
      return y.mul(inner);
    });
    expect(g(x).dataSync()[0]).toBe(6 * 3 * 81);
  });
});
