// The light U-GAT-IT's training step written by hand in plain TensorFlow.js, as the yardstick of the emitted one: each fake is computed once,
// the critics are frozen in the generators' phase, and nothing is computed that no loss asks for.
import type * as tensorFlow from "@tensorflow/tfjs";
import { makeNets, type Params, type Sizes } from "./nets";
import { makeOps, type Tensor, type Tf } from "./ops";

type Variable = tensorFlow.Variable;

export interface HandOptions extends Sizes {
  readonly rate: number;
  readonly decay: number;
}

export interface HandStep {
  /** Losses by name, scalars, the caller's to dispose of. `t` counts from 1. */
  step(A: Tensor, B: Tensor, t: number): Record<string, Tensor>;
  readonly tensors: ReadonlyMap<string, Variable>;
  /** Adam's first moments, divided by 1 - beta: after the first step the gradients, decay included. */
  readonly moments: ReadonlyMap<string, Variable>;
}

/**
 * @param params first values by name, as they lie in memory, and which of them learn
 * @param states first values of u and v
 */
export function handStep(tf: Tf, params: ReadonlyMap<string, Tensor>, states: ReadonlyMap<string, Tensor>, options: HandOptions): HandStep {
  const ops = makeOps(tf);
  const { generator, critic } = makeNets(tf, ops, options);
  const { mse, bce, l1 } = ops;
  const tensors = new Map<string, Variable>();
  for (const [name, value] of params) tensors.set(name, tf.variable(value));
  for (const [name, value] of states) tensors.set(name, tf.variable(value, false));
  const net = (name: string): Params => (part) => {
    const found = tensors.get(`${name}.${part}`);
    if (!found) throw new Error(`no ${name}.${part}`);
    return found;
  };
  const learned = (...nets: string[]): Variable[] => [...params.keys()].filter((name) => nets.some((n) => name.startsWith(`${n}.`))).map((name) => tensors.get(name)!);
  const [AB, BA] = [net("AB"), net("BA")];
  const [DA, DB] = ["DA", "DB"].map((name) => options.depths.map((depth, i) => ({ p: net(`${name}.${i}`), depth }))) as [Critics, Critics];
  type Critics = { p: Params; depth: number }[];
  const critics = adam(learned("DA", "DB"));
  const generators = adam(learned("AB", "BA"));
  const rho = new Set([...params.keys()].filter((name) => name.endsWith(".rho")).map((name) => tensors.get(name)!));

  /** Adam with coupled decay. Moments are kept divided by 1 - beta, which saves a product each. */
  function adam(variables: readonly Variable[]) {
    const [b1, b2, eps] = [0.5, 0.999, 1e-8];
    const state = variables.map((w) => ({ w, m: tf.variable(tf.zerosLike(w), false), v: tf.variable(tf.zerosLike(w), false) }));
    const constants = [b1, b2, options.decay].map((x) => tf.keep(tf.scalar(x))) as [Tensor, Tensor, Tensor];
    const update = (grads: readonly Tensor[], t: number): void => {
      const root = Math.sqrt((1 - b2) / (1 - b2 ** t));
      const size = tf.scalar((options.rate / (1 - b1 ** t)) * ((1 - b1) / root));
      const small = tf.scalar(eps / root);
      state.forEach(({ w, m, v }, i) => tf.tidy(() => {
        const g = grads[i]!.add(w.mul(constants[2]));
        m.assign(m.mul(constants[0]).add(g));
        v.assign(v.mul(constants[1]).add(g.square()));
        const next = w.sub(m.mul(size).div(v.sqrt().add(small)));
        w.assign(rho.has(w) ? next.clipByValue(0, 1) : next);
      }));
    };
    return { variables, state, update };
  }

  /** One phase: the gradients of what f gives, and an update. */
  const minimize = ({ variables, update }: ReturnType<typeof adam>, t: number, f: () => Tensor): void => tf.tidy(() => {
    const { grads } = tf.engine().gradients(f, [...variables], undefined, true);
    update(grads, t);
  });

  const sum = (terms: Tensor[]): Tensor => (terms.length === 1 ? terms[0]! : tf.addN(terms));

  function step(A: Tensor, B: Tensor, t: number): Record<string, Tensor> {
    const losses: Record<string, Tensor> = {};
    tf.tidy(() => minimize(generators, t, () => {
      const [toB, toA] = [generator(AB, A), generator(BA, B)];
      const directions = [
        { from: A, to: B, fake: toB, go: AB, back: BA, critics: DB },
        { from: B, to: A, fake: toA, go: BA, back: AB, critics: DA },
      ];
      ops.offTape(() => minimize(critics, t, () => {
        const [patches, logits]: [Tensor[], Tensor[]] = [[], []];
        for (const { to, fake, critics: judges } of directions) for (const { p, depth } of judges) for (const [x, label] of [[to, 1], [fake.image, 0]] as const) {
          const judged = critic(p, x, depth);
          patches.push(mse(judged.patches, label));
          logits.push(mse(judged.logits, label));
        }
        Object.assign(losses, { "discriminators.adversarial": tf.keep(sum(patches)), "discriminators.cam": tf.keep(sum(logits)) });
        return losses["discriminators.adversarial"]!.add(losses["discriminators.cam"]!);
      }));
      const terms: Record<"adversarial" | "cycle" | "identity" | "cam", Tensor[]> = { adversarial: [], cycle: [], identity: [], cam: [] };
      for (const { from, to, fake, go, back, critics: judges } of directions) {
        const same = generator(go, to);
        for (const { p, depth } of judges) {
          const judged = critic(p, fake.image, depth);
          terms.adversarial.push(mse(judged.patches, 1), mse(judged.logits, 1));
        }
        terms.cycle.push(l1(generator(back, fake.image).image, from));
        terms.identity.push(l1(same.image, to));
        terms.cam.push(bce(fake.logits, 1), bce(same.logits, 0));
      }
      const weights = { adversarial: 1, cycle: 10, identity: 10, cam: 1000 };
      const total = Object.entries(weights).map(([name, weight]) => {
        const all = sum(terms[name as keyof typeof terms]);
        return (losses[`generators.${name}`] = tf.keep(weight === 1 ? all : all.mul(weight)));
      });
      return tf.addN(total);
    }));
    return losses;
  }

  const nameOf = new Map([...tensors].map(([name, w]) => [w, name]));
  const moments = new Map([...critics.state, ...generators.state].map(({ w, m }) => [nameOf.get(w)!, m]));
  return { step, tensors, moments };
}
