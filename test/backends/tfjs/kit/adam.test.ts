// The kit's Adam against the update graph of the compiler in double precision, three updates long; and its schedule against the runtime's.
import { describe, expect, it } from "vitest";
import { evaluate } from "../../../../compiler/graph/evaluate";
import type { NdArray } from "../../../../compiler/graph/ndarray";
import { buildUpdate, type Covered, scalarNames } from "../../../../compiler/train/update";
import { drawAll } from "../../../compiler/kit";
import { sh } from "../../../../compiler/ops/samples";
import { absent, engines } from "../../../tfjs/engines";
import { loadKit } from "./load";

const optimizer = { name: "o", kind: "adam", rate: 0.02, betas: [0.5, 0.999], eps: 1e-8, decay: 0.1, decayOn: "weights" } as const;
const params = [
  { name: "N.conv1.weight", role: "weight" as const, shape: sh("out in kh kw", 3, 2, 3, 3) },
  { name: "N.conv1.bias", role: "bias" as const, shape: sh("c", 3) },
  // So large that it is added to in place.
  { name: "N.table", role: "other" as const, shape: sh("c", 1 << 16) },
  { name: "N.rho", role: "other" as const, shape: sh("c", 4), within: [0, 1] as const },
];

/** Three updates with rates of a falling schedule, by the graph. */
function reference(grads: readonly (readonly NdArray[])[], first: readonly NdArray[], options: Omit<Covered["optimizer"], "rate">, hat: boolean): Map<string, NdArray> {
  const covered: Covered[] = params.map((param) => ({ param: { ...param, net: "N", span: undefined as never, init: { kind: "constant", value: 0 } }, optimizer: { ...options, rate: 0 } }));
  const { graph, inputs, outputs } = buildUpdate(covered);
  const values = new Map<string, NdArray>();
  params.forEach((p, i) => {
    values.set(`param:${p.name}`, first[i]!);
    for (const m of ["m", "v"]) values.set(`${m}:${p.name}`, { shape: first[i]!.shape, data: new Float64Array(first[i]!.data.length) });
  });
  const names = scalarNames("o");
  grads.forEach((g, t) => {
    params.forEach((p, i) => values.set(`grad:${p.name}`, g[i]!));
    values.set(`scalar:${names.step}`, { shape: [], data: Float64Array.of((rateAt(t + 1) / (1 - options.betas[0] ** (t + 1))) * (hat ? Math.sqrt(1 - options.betas[1] ** (t + 1)) : 1)) });
    values.set(`scalar:${names.root}`, { shape: [], data: Float64Array.of(hat ? 1 : 1 / Math.sqrt(1 - options.betas[1] ** (t + 1))) });
    const found = evaluate(graph, outputs.map((o) => o.node), new Map(inputs.map((i) => [i.node, values.get(i.value)!])));
    for (const o of outputs) values.set(o.value, found.get(o.node)!);
  });
  return values;
}
const rateAt = (t: number): number => 0.02 / t;

describe("Adam", () => {
  it.skip.each(absent().map((name) => [name]))("is checked on %s (not at hand: TFJS_PACKAGES names no folder)", () => undefined);

  for (const engine of engines()) {
    it.each([["all", 1e-8, 0.1], ["weights", 1e-8, 0.1], ["all", 1, 0], ["weights", 1e-3, 0.01], ["all", 0.1, 0.01, "hat"]] as const)(`on ${engine.name}: decay on %s, eps %d, decay %d, %s`, async (decayOn, eps, decay, hat?: "hat") => {
      const epsForm = hat ?? "corrected";
      const kit = await loadKit((await engine.load()).tf, engine.name);
      const { tf } = kit;
      const first = drawAll(params.map((p) => p.shape), [0.01, 1], 1);
      const grads = [2, 3, 4].map((seed) => drawAll(params.map((p) => p.shape), [-1, 1], seed));
      const wanted = reference(grads, first, { ...optimizer, eps, decay, decayOn }, epsForm === "hat");
      const weights = new kit.Weights({ seed: 1 });
      const file = (x: NdArray): { shape: number[]; data: Float32Array } => ({ shape: x.shape.map((a) => a.dim), data: Float32Array.from(x.data) });
      weights.load(new Map(params.map((p, i) => [`param/${p.name}`, file(first[i]!)])));
      const scope = weights.net("N");
      kit.conv(scope, tf.ones([1, 4, 4, 2]), 3, 3);
      scope.learn("table", [1 << 16], 0);
      scope.learn("rho", [4], 0, { within: [0, 1] });
      const adam = new kit.Adam(weights, ["N"], { betas: [0.5, 0.999], eps, epsForm, decay, decayOn });
      grads.forEach((g, t) => {
        // A file's kernel is [out, in, kh, kw]; the gradient lies as the weight does.
        const laid = g.map((x, i) => (i === 0 ? tf.tensor(file(x).data, file(x).shape).transpose([2, 3, 1, 0]) : tf.tensor(file(x).data, file(x).shape)));
        adam.apply(new Map(params.map((p, i) => [p.name, laid[i]!])), rateAt(t + 1));
      });
      expect(adam.updates).toBe(3);
      const saved = weights.save();
      for (const p of params) {
        for (const kind of ["param", "m", "v"]) {
          const [got, want] = [saved.get(`${kind}/${p.name}`)!, wanted.get(`${kind}:${p.name}`)!];
          expect(got.shape).toEqual(want.shape.map((a) => a.dim));
          // Three roundings of values near 1 to float32.
          want.data.forEach((v, i) => expect(Math.abs(got.data[i]! - v), `${kind} ${p.name} ${i}`).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(v))));
        }
      }
      const rho = saved.get("param/N.rho")!.data;
      expect(Math.min(...rho)).toBeGreaterThanOrEqual(0);
      weights.dispose();
    });
  }

  it("leaves a weight without a gradient as it is, without moments", async () => {
    const kit = await loadKit((await engines()[0]!.load()).tf);
    const weights = new kit.Weights({ seed: 1 });
    const scope = weights.net("N");
    scope.learn("a", [2], 1);
    scope.learn("b", [2], 1);
    new kit.Adam(weights, ["N"]).apply(new Map([["N.a", kit.tf.ones([2])]]), 0.1);
    expect([...weights.save().keys()]).toEqual(["param/N.a", "m/N.a", "v/N.a", "param/N.b"]);
    expect([...weights.save().get("param/N.b")!.data]).toEqual([1, 1]);
  });
});
