// The optimizer.
import { tensorFlow } from "./native.js";
import { type Tensor, tf, type Variable } from "./tf.js";
import type { Learned, Weights } from "./weights.js";

export interface AdamOptions {
  /** Before the schedule's factor; 1 unless given. */
  readonly rate?: number;
  readonly betas?: readonly [number, number];
  readonly eps?: number;
  /** `hat` adds eps to the root of the uncorrected v (Kingma & Ba, end of section 2; TensorFlow): root is 1, and step · √(1 - β2^t). */
  readonly epsForm?: "corrected" | "hat";
  /** Coupled L2: decay · w is added to the gradient (PyTorch's weight_decay). */
  readonly decay?: number;
  /** What decays: everything, or weights alone (no biases, no norms). */
  readonly decayOn?: "all" | "weights";
  /** Gradients whose norm, all of them together, is larger are scaled down to it, before decay. */
  readonly clipNorm?: number;
}

/**
 * Adam (Kingma, Ba, 2015, algorithm 1) in PyTorch's form, eps outside the root:
 *   g ← g + decay·w;  m ← β1·m + (1 - β1)·g;  v ← β2·v + (1 - β2)·g²
 *   w ← w - step·m / (√v·root + eps),  step = rate / (1 - β1^t),  root = 1 / √(1 - β2^t)
 * (tf.train.adam has another eps and no decay.)
 */
export class Adam {
  /** Updates made so far. */
  updates = 0;
  private readonly options: Required<AdamOptions>;

  constructor(
    private readonly weights: Weights,
    private readonly nets: readonly string[],
    options: AdamOptions = {},
  ) {
    this.options = {
      rate: 1,
      betas: [0.9, 0.999],
      eps: 1e-8,
      epsForm: "corrected",
      decay: 0,
      decayOn: "all",
      clipNorm: Infinity,
      ...options,
    };
  }

  /** What it changes. */
  learned(): Learned[] {
    return this.weights.learned(this.nets);
  }

  /** One update, with the schedule's factor of the rate. A weight without a gradient stays as it is. */
  apply(grads: ReadonlyMap<string, Tensor>, factor: number): void {
    this.updates++;
    const { rate, betas, epsForm } = this.options;
    const size = (rate * factor) / (1 - betas[0] ** this.updates);
    const correction = Math.sqrt(1 - betas[1] ** this.updates);
    const [step, root] = epsForm === "hat" ? [size * correction, 1] : [size, 1 / correction];
    tf.tidy(() => {
      const share = this.share(grads);
      // √v·root + eps is (√v + eps / root)·root.
      const numbers = this.numbers(step / root, this.options.eps / root);
      for (const group of groups(this.learned().filter(({ name }) => grads.has(name)))) {
        tf.tidy(() => {
          const gradient = joined(group.map(({ name }) => grads.get(name)!));
          this.change(group, share ? gradient.mul(share) : gradient, numbers);
        });
      }
    });
    this.weights.updated(this.nets);
  }

  /** Each number becomes a tensor once an update, not once a weight. */
  private numbers(
    step: number,
    eps: number,
  ): Record<"beta1" | "less1" | "beta2" | "less2" | "decay" | "step" | "eps", Tensor> {
    const { betas, decay } = this.options;
    const [beta1, less1, beta2, less2] = [
      tf.scalar(betas[0]),
      tf.scalar(betas[0] - 1),
      tf.scalar(betas[1]),
      tf.scalar(betas[1] - 1),
    ];
    return { beta1, less1, beta2, less2, decay: tf.scalar(decay), step: tf.scalar(step), eps: tf.scalar(eps) };
  }

  /** What is left of each gradient by `clipNorm`; torch.nn.utils.clip_grad_norm_ has the same 1e-6. */
  private share(grads: ReadonlyMap<string, Tensor>): Tensor | undefined {
    const { clipNorm } = this.options;
    if (clipNorm === Infinity) return undefined;
    return tf.tidy(() => {
      const squares = this.learned().flatMap(({ name }) => grads.get(name)?.square().sum() ?? []);
      return tf.div(clipNorm, tf.addN(squares).sqrt().add(1e-6)).minimum(1);
    });
  }

  private change(group: readonly Learned[], gradient: Tensor, by: ReturnType<Adam["numbers"]>): void {
    const { decay, decayOn } = this.options;
    const [{ role, within }] = group as [Learned];
    const [m, v] = [
      group.map((learned) => this.weights.moment("m", learned)),
      group.map((learned) => this.weights.moment("v", learned)),
    ];
    const weights = group.map(({ variable }) => variable);
    const w = joined(weights);
    const decays = decay !== 0 && (decayOn === "all" || role === "weight");
    const g = decays ? gradient.add(w.mul(by.decay)) : gradient;
    const nextM = subtracted(joined(m).mul(by.beta1), by.less1, g);
    const nextV = subtracted(joined(v).mul(by.beta2), by.less2, g.square());
    const next = w.sub(nextM.mul(by.step).div(nextV.sqrt().add(by.eps)));
    assign(m, nextM);
    assign(v, nextV);
    assign(weights, within ? next.clipByValue(within[0], within[1]) : next);
  }
}

/** Vectors that are treated alike are changed as one: a net has many small ones, and an operation costs more than their values. */
function groups(learned: readonly Learned[]): Learned[][] {
  const alike = new Map<string, Learned[]>();
  for (const each of learned) {
    const key = each.variable.rank === 1 ? `${each.role} ${each.within?.join() ?? ""}` : each.name;
    alike.set(key, [...(alike.get(key) ?? []), each]);
  }
  return [...alike.values()];
}

function joined(tensors: readonly Tensor[]): Tensor {
  return tensors.length === 1 ? tensors[0]! : tf.concat([...tensors]);
}

/** x - factor · y; x is used up. In place it takes one operation more, which only a large tensor's saved pass is worth. */
function subtracted(x: Tensor, factor: Tensor, y: Tensor): Tensor {
  const native = x.size < 1 << 16 ? undefined : tensorFlow();
  return native?.subtractScaled(x, factor, y) ?? x.sub(y.mul(factor));
}

/** The opposite of `joined`. */
function assign(variables: readonly Variable[], value: Tensor): void {
  const parts =
    variables.length === 1
      ? [value]
      : tf.split(
          value,
          variables.map(({ size }) => size),
        );
  variables.forEach((variable, i) => variable.assign(parts[i]!));
}
