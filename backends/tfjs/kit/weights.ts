// Every learned and state tensor by name. A tensor is made at its first use: from what was loaded, or drawn from a stream of its name.
import { drawn, type Fans, type Init, type NetInit } from "./inits";
import { UserError } from "./mistake";
import { type Order, shapeInFile, toFileOrder, toMemoryOrder } from "./order";
import { Scope } from "./scope";
import { offTape } from "./tape";
import { tf, type Tensor, type Variable } from "./tf";

/** Which setting of a layer a tensor is: `decayOn: "weights"` covers weights alone. */
export type Role = "weight" | "bias" | "other";

/** A tensor that gradients change. */
export interface Learned {
  readonly name: string;
  readonly net: string;
  readonly variable: Variable;
  readonly role: Role;
  /** Its values are brought back into this range after each update. */
  readonly within?: readonly [number, number];
}

/** A tensor as files hold it: channels first, row-major. */
export interface FileTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a tensor is for: `param/NAME`, Adam's moments `m/NAME` and `v/NAME`, `state/NAME`. */
export type Kind = "param" | "m" | "v" | "state";

export interface Making {
  readonly net: string;
  readonly init: Init;
  readonly fans: Fans;
  readonly role: Role;
  readonly within?: readonly [number, number];
  readonly order?: Order;
}

interface Entry {
  variable: Variable;
  readonly order: Order | undefined;
}

export class Weights {
  /** While true, states advance (running means, power iterations). */
  training = true;
  readonly seed: number;
  /** What is drawn for this step, by name. */
  drawn: Readonly<Record<string, Tensor>> = {};
  /** How often each net was updated. */
  private readonly versions = new Map<string, number>();
  private readonly entries = new Map<string, Entry>();
  private readonly learnable = new Map<string, Learned>();
  /** While something is exported: the states that it has advanced for itself. */
  private ahead: Map<string, Tensor> | undefined;
  /** Loaded, but not made yet. */
  private readonly waiting = new Map<string, FileTensor>();

  constructor({ seed }: { readonly seed: number }) {
    this.seed = seed;
  }

  /** The root scope of a net: names made there begin with its name. */
  net(name: string, init?: NetInit): Scope {
    return new Scope(this, name, name, init);
  }

  /** A scope outside the nets, where a phase draws and keeps its states; the outermost one unless named. */
  place(path = ""): Scope {
    return new Scope(this, path, "", undefined);
  }

  /** This step's draw of that name. */
  sample(name: string): Tensor {
    const drawn = this.drawn[name];
    if (!drawn) throw new Error(`nothing is drawn for ${name} in this step`);
    return drawn;
  }

  /** The learned tensor `name`; made if this is its first use. */
  learn(name: string, shape: readonly number[], making: Making): Variable {
    const variable = this.tensor("param", name, shape, making);
    if (!this.learnable.has(name)) {
      const { net, role, within } = making;
      this.learnable.set(name, { name, net, variable, role, ...(within && { within }) });
    }
    return variable;
  }

  /** The state `name`; made if this is its first use. */
  state(name: string, shape: readonly number[], init: Init, order: Order | undefined): Tensor {
    const ahead = this.ahead?.get(name);
    if (ahead) return ahead;
    const size = shape.reduce((product, dim) => product * dim, 1);
    return this.tensor("state", name, shape, { init, fans: { in: size, out: size }, ...(order && { order }) });
  }

  /**
   * Stores a state's new value, and gives the state back: a constant, so that no gradient needs to see how the value is computed. Outside
   * training nothing is stored, and the value is asked for only if it counts there.
   */
  advance(name: string, value: () => Tensor, inExports: boolean): Tensor {
    const entry = this.entries.get(`state/${name}`);
    if (!entry) throw new Error(`${name} is advanced before it is asked for`);
    if (this.training) return this.replace(entry, value);
    if (!inExports) return this.ahead?.get(name) ?? entry.variable;
    const next = offTape(() => tf.tidy(value));
    this.ahead?.set(name, next);
    return next;
  }

  /** A variable of its own for the new value: who holds the one before it keeps the old value until the phase ends. */
  private replace(entry: Entry, value: () => Tensor): Variable {
    const old = entry.variable;
    entry.variable = tf.variable(old, false);
    offTape(() => tf.tidy(() => entry.variable.assign(value())));
    const { activeScope } = tf.engine().state;
    if (activeScope) activeScope.track.push(old);
    else old.dispose();
    return entry.variable;
  }

  /** One of Adam's moments of a learned tensor, shaped and laid out as it; begins at 0. */
  moment(kind: "m" | "v", { name, variable }: Learned): Variable {
    const order = this.entries.get(`param/${name}`)?.order;
    return this.tensor(kind, name, variable.shape, { init: 0, fans: { in: 1, out: 1 }, ...(order && { order }) });
  }

  /** What these nets learn, in the order in which it was made. `D` covers the nets `D.0`, `D.1`, ... */
  learned(nets: readonly string[]): Learned[] {
    return [...this.learnable.values()].filter(({ net }) => nets.some((name) => net === name || net.startsWith(`${name}.`)));
  }

  /** Says that these nets have other weights now. */
  updated(nets: readonly string[]): void {
    for (const net of nets) this.versions.set(net, this.versionOf(net) + 1);
  }

  /** Counts the updates of a net. */
  versionOf(net: string): number {
    return this.versions.get(net) ?? 0;
  }

  /** The export that is running: equal calls in it are one. */
  get exporting(): object | undefined {
    return this.ahead;
  }

  /** Runs `f` with states that stay as they are; what advances in exports, too, does so for `f` alone. */
  inference<T>(f: () => T): T {
    const { training, ahead } = this;
    this.training = false;
    this.ahead = new Map();
    try {
      return f();
    } finally {
      this.training = training;
      this.ahead = ahead;
    }
  }

  /** Takes tensors in by the names they have in files, `param/AB.conv1.weight`; what is not made yet takes its values later. */
  load(tensors: ReadonlyMap<string, FileTensor>): void {
    for (const [name, { shape, data }] of tensors) {
      const entry = this.entries.get(name);
      if (!entry) {
        this.waiting.set(name, { shape, data });
        continue;
      }
      const loaded = inMemory(name, { shape, data }, entry.variable.shape, entry.order);
      entry.variable.assign(loaded);
      loaded.dispose();
    }
  }

  /** Every tensor by the name it has in files, in the order of files' axes; moments follow what they are moments of. */
  save(): Map<string, FileTensor> {
    const kinds = (name: string): string[] => ["param", "m", "v"].map((kind) => name.replace(/^param/, kind));
    const names = new Set([...this.entries.keys()].filter((name) => !/^[mv]\//.test(name)).flatMap(kinds));
    return new Map([...names].flatMap((name) => (this.entries.has(name) ? [[name, this.read(name)!] as const] : [])));
  }

  /** One tensor by the name it has in files, made or not; undefined if nobody knows it. */
  read(name: string): FileTensor | undefined {
    const entry = this.entries.get(name);
    if (!entry) return this.waiting.get(name);
    return { shape: shapeInFile(entry.variable.shape, entry.order), data: toFileOrder(entry.variable.dataSync<"float32">(), entry.order) };
  }

  /** Names of what is made, as in files. */
  names(): string[] {
    return [...this.entries.keys()];
  }

  /** Names that were loaded, but that nothing has asked for yet. */
  unread(): string[] {
    return [...this.waiting.keys()];
  }

  /** Gives all memory back. */
  dispose(): void {
    for (const { variable } of this.entries.values()) variable.dispose();
    this.entries.clear();
    this.learnable.clear();
  }

  private tensor(kind: Kind, name: string, shape: readonly number[], { init, fans, order }: Pick<Making, "init" | "fans" | "order">): Variable {
    const full = `${kind}/${name}`;
    const known = this.entries.get(full);
    if (known) {
      if (String(known.variable.shape) === String(shape)) return known.variable;
      throw new Error(`${name} was [${known.variable.shape.join(", ")}] and is now asked for as [${shape.join(", ")}]: one name, one shape`);
    }
    const waiting = this.waiting.get(full);
    this.waiting.delete(full);
    const count = shape.reduce((product, dim) => product * dim, 1);
    const first = waiting ?? { shape: shapeInFile(shape, order), data: drawn(init, count, fans, this.seed, name) };
    const value = inMemory(full, first, shape, order);
    const variable = tf.variable(value, kind === "param");
    value.dispose();
    this.entries.set(full, { variable, order });
    return variable;
  }
}

/** A file's tensor as it lies in memory. */
function inMemory(name: string, { shape, data }: FileTensor, wanted: readonly number[], order: Order | undefined): Tensor {
  const expected = shapeInFile(wanted, order);
  if (String(shape) !== String(expected)) throw new UserError(`${name} is [${shape.join(", ")}] in the file, [${expected.join(", ")}] in this model`);
  return tf.tensor(toMemoryOrder(data, order), [...wanted]);
}
