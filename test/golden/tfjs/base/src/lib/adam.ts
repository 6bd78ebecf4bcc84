// The optimizer.
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
    const share = this.share(grads);
    for (const learned of this.learned()) {
      const gradient = grads.get(learned.name);
      if (gradient) tf.tidy(() => this.change(learned, share ? gradient.mul(share) : gradient, step, root));
    }
    this.weights.updated(this.nets);
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

  private change(learned: Learned, gradient: Tensor, step: number, root: number): void {
    const { variable, role, within } = learned;
    const { betas, eps, decay, decayOn } = this.options;
    const decays = decay !== 0 && (decayOn === "all" || role === "weight");
    const g = decays ? gradient.add(variable.mul(decay)) : gradient;
    const m = moved(this.weights.moment("m", learned), betas[0], g);
    const v = moved(this.weights.moment("v", learned), betas[1], g.square());
    const next = variable.sub(m.div(v.sqrt().mul(root).add(eps)).mul(step));
    variable.assign(within ? next.clipByValue(within[0], within[1]) : next);
  }
}

/** average ← β·average + (1 - β)·x */
function moved(average: Variable, beta: number, x: Tensor): Tensor {
  average.assign(average.mul(beta).add(x.mul(1 - beta)));
  return average;
}
