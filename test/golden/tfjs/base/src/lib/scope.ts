// Places of a model. Tensors are named by the path that leads to them: `AB.content.Residual2.conv1.weight`.
import { type Fans, type Init, initFor, type NetInit } from "./inits.js";
import type { Order } from "./order.js";
import type { Tensor, Variable } from "./tf.js";
import type { Role, Weights } from "./weights.js";

interface LearnOptions {
  readonly within?: readonly [number, number];
  readonly role?: Role;
  readonly fans?: Fans;
  readonly order?: Order | undefined;
}

/** One place. What is made inside is numbered in the order in which it is asked for; equal calls find equal tensors. */
export class Scope {
  constructor(
    private readonly weights: Weights,
    readonly path: string,
    private readonly netName: string,
    private readonly netInit: NetInit | undefined,
    /** While a weight is seen as a matrix [rest, out]: the order of its flattened axis `rest`. */
    readonly rest?: Order,
    private readonly counters = new Map<string, number>(),
  ) {}

  /** True while states advance; false in what is exported. */
  get training(): boolean {
    return this.weights.training;
  }

  /** This place entered again: numbering starts again. */
  enter(): Scope {
    return new Scope(this.weights, this.path, this.netName, this.netInit, this.rest);
  }

  /** A part of this place, numbered: `conv1`, `conv2`, ... */
  place(name: string): Scope {
    return this.inner(this.numbered(name));
  }

  /** A named part of this place: `content`, and `content2` if it is asked for again. */
  at(name: string): Scope {
    return this.inner(this.again(name));
  }

  /** This place, while a weight whose flattened axis has this order is transformed. */
  withRest(rest: Order | undefined): Scope {
    return new Scope(this.weights, this.path, this.netName, this.netInit, rest, this.counters);
  }

  /** The learned tensor of this name. Its fans are its size unless given. */
  learn(name: string, shape: readonly number[], init: Init, options: LearnOptions = {}): Variable {
    const size = shape.reduce((product, dim) => product * dim, 1);
    const { within, role = roleOf(init), fans = { in: size, out: size }, order } = options;
    return this.weights.learn(`${this.path}.${name}`, shape, {
      net: this.netName,
      init,
      fans,
      role,
      ...(within && { within }),
      ...(order && { order }),
    });
  }

  /** A layer's own tensor, begun as the net's `init` says, or as PyTorch begins it. */
  learnFor(
    layer: "conv" | "linear",
    setting: "weight" | "bias",
    shape: readonly number[],
    fans: Fans,
    order?: Order,
  ): Variable {
    return this.learn(setting, shape, initFor(this.netInit, layer, setting), { role: setting, fans, order });
  }

  /** The draw of this name for this step, batch first; a loop draws `t`, then `t2`. One without a name is numbered. */
  sample(name?: string): Tensor {
    const own = name === undefined ? this.numbered("sample") : this.again(name);
    return this.weights.sample(this.path === "" ? own : `${this.path}.${own}`);
  }

  /** The same while training, and nothing in what is exported. */
  sampleWhileTraining(): Tensor | 0 {
    return this.training ? this.sample() : 0;
  }

  /** The state of this name as it is now; a constant for gradients. */
  state(
    name: string,
    shape: readonly number[],
    init: Init,
    { order }: { readonly order?: Order | undefined } = {},
  ): Tensor {
    return this.weights.state(`${this.path}.${name}`, shape, init, order);
  }

  /**
   * Advances the state of this name to `value`, and gives it back as it is now. Outside training it stays as it is: `value` is not asked
   * for, or, with `inExports`, given back without being stored.
   */
  next(name: string, value: () => Tensor, { inExports = false }: { readonly inExports?: boolean } = {}): Tensor {
    return this.weights.advance(`${this.path}.${name}`, value, inExports);
  }

  private inner(segment: string): Scope {
    return new Scope(
      this.weights,
      this.path === "" ? segment : `${this.path}.${segment}`,
      this.netName,
      this.netInit,
      this.rest,
    );
  }

  private again(name: string): string {
    const n = this.count(`let ${name}`);
    return n === 1 ? name : `${name}${n}`;
  }

  private numbered(name: string): string {
    return `${name}${this.count(name)}`;
  }

  /** How often this place was asked for `key`, this time included. */
  private count(key: string): number {
    const n = (this.counters.get(key) ?? 0) + 1;
    this.counters.set(key, n);
    return n;
  }
}

/** A learned tensor that begins as a linear map's weight does is one. */
function roleOf(init: Init): Role {
  return typeof init === "object" && (init.kind === "uniform-fan-in" || init.kind === "kaiming-normal")
    ? "weight"
    : "other";
}
