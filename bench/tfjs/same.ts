// Whether two steps are one: from equal weights, losses, gradients, updates and states after the first.
import type { TfjsEngine } from "../../runtime/engine/tfjs";
import { type Hand, type Model, stepOf } from "./setup";

export interface Difference {
  /** The largest of each kind, relative: of a loss, and by L2 of a tensor. */
  readonly losses: number;
  readonly gradients: number;
  readonly updates: number;
  readonly states: number;
}

/**
 * What the two may differ by. They call the same convolutions, but sum in other orders, which float32 shows as 1e-6; one |x| or relu that
 * falls on the other side of zero moves a gradient by about 1/sqrt(n), here up to 1e-3. Adam's first update is rate · sign(gradient), so that
 * gradients which are rounding alone give updates of either sign: where gradients differ by 5e-3, some 0.4 % of a normal tensor's change
 * theirs, which is an L2 of 2 · √0.004 = 0.13, and more where gradients crowd at 0 (0.054 was seen at 64 px, 0.16 at 128). An update that never happened is off by 1.
 */
export const ALLOWED: Difference = { losses: 1e-5, gradients: 5e-3, updates: 0.3, states: 1e-4 };

/** Makes the first step of both. */
export async function difference(engine: TfjsEngine, hand: Hand, model: Model): Promise<Difference> {
  const { program } = model;
  const learned = program.params.filter(({ optimizer }) => optimizer !== undefined);
  const before = new Map(learned.map(({ name }) => [name, engine.read(`param:${name}`).slice()]));
  const [a, b] = [await stepOf(engine, model, 1), await hand.step(1)];
  const betaOf = (optimizer: string | undefined): number => program.optimizers.find(({ name }) => name === optimizer)?.betas[0] ?? 0;
  const largest = (all: number[]): number => all.reduce((most, x) => (x <= most ? most : x), 0);
  const minus = (x: Float32Array, y: Float32Array): Float64Array => Float64Array.from(x, (value, i) => value - y[i]!);
  return {
    losses: largest(Object.keys(a).map((name) => Math.abs(a[name]! - b[name]!) / Math.abs(a[name]!))),
    gradients: largest(learned.map(({ name, optimizer }) => distance(Float64Array.from(engine.read(`m:${name}`), (m) => m / (1 - betaOf(optimizer))), hand.read(`m:${name}`)))),
    updates: largest(learned.map(({ name }) => distance(minus(engine.read(`param:${name}`), before.get(name)!), minus(hand.read(`param:${name}`), before.get(name)!)))),
    states: largest(program.states.map(({ name }) => distance(engine.read(`state:${name}`), hand.read(`state:${name}`)))),
  };
}

/** |x - y| / |x|; no number where something is not finite. */
function distance(x: Float32Array | Float64Array, y: Float32Array | Float64Array): number {
  let [off, size] = [0, 0];
  x.forEach((value, i) => {
    off += (value - y[i]!) ** 2;
    size += value ** 2;
  });
  return size === 0 ? (off === 0 ? 0 : Infinity) : Math.sqrt(off / size);
}
