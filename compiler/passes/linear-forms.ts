import type { Builder } from "../graph/builder";
import { axesOf, hasAxis, sameShape, type Shape } from "../graph/shape";
import type { NodeId } from "../graph/types";

/** Σ scale·picture + offset; a scale that is not given is 1. Scales and offsets lack axes of the pictures. */
export interface Form {
  readonly terms: ReadonlyMap<NodeId, NodeId | undefined>;
  readonly offset?: NodeId;
  /** How many pictures on the way need not be written out. */
  readonly replaces: number;
}

export const isPicture = (shape: Shape): boolean => hasAxis(shape, "h") && hasAxis(shape, "w");
/** Lacks axes of the whole and has none of its own. */
export const isPart = (part: Shape, whole: Shape): boolean => part.length < whole.length && part.every((a) => hasAxis(whole, a.axis));

/** More pictures than this in one sum, and it is written out where it is. */
const MOST = 3;

/** The linear forms of a graph's pictures while it grows. */
export class Forms {
  private readonly known = new Map<NodeId, Form>();
  private readonly kept = new Set<NodeId>();
  private readonly centred = new Set<NodeId>();
  /** Axes along which a centred picture sums to nothing. */
  private readonly empty = new Map<NodeId, readonly string[]>();

  constructor(private readonly b: Builder) {}

  /** This picture is written out in any case. */
  keep(id: NodeId): void {
    this.kept.add(id);
  }
  /** From here on x is `picture` + mean: sums of products with the centred picture do not cancel. */
  centre(x: NodeId, picture: NodeId, mean: NodeId): void {
    if (this.centred.has(x)) return;
    this.centred.add(x);
    this.empty.set(picture, axesOf(this.b.shape(picture)).filter((axis) => !hasAxis(this.b.shape(mean), axis)));
    this.known.set(picture, { terms: new Map([[picture, undefined]]), replaces: 0 });
    this.known.set(x, { terms: new Map([[picture, undefined]]), offset: mean, replaces: 0 });
  }

  /** Whether a sum over these axes is zero but for rounding: the picture's mean was taken away from it. */
  sumsToNothing(picture: NodeId, over: readonly string[]): boolean {
    return this.empty.get(picture)?.every((axis) => over.includes(axis)) ?? false;
  }

  /** The form that others see: of a picture that is written out only if it is no longer than the picture itself. */
  of(id: NodeId): Form {
    const known = this.known.get(id);
    if (known) return known;
    const own: Form = { terms: new Map([[id, undefined]]), replaces: 0 };
    const node = this.b.node(id);
    let form: Form | undefined;
    if (isPicture(node.shape)) {
      if (node.op === "add" || node.op === "sub" || node.op === "mul") form = this.combined(node.op, node.shape, node.inputs as [NodeId, NodeId]);
      if (node.op === "neg") form = this.scaled(this.of(node.inputs[0]!), this.b.constant(-1));
    }
    const keeps = this.kept.has(id);
    const seen = form && (keeps ? form.terms.size === 1 : form.terms.size <= MOST) ? { ...form, replaces: keeps ? 0 : form.replaces + 1 } : own;
    this.known.set(id, seen);
    return seen;
  }

  trivial(form: Form): boolean {
    return form.offset === undefined && form.terms.size === 1 && [...form.terms.values()][0] === undefined;
  }

  /** What an operation makes of its operands' forms, if that is a form. */
  combined(op: "add" | "sub" | "mul", shape: Shape, [x, y]: readonly [NodeId, NodeId]): Form | undefined {
    const whole = (id: NodeId): boolean => sameShape(this.b.shape(id), shape);
    const part = (id: NodeId): boolean => isPart(this.b.shape(id), shape);
    if (op === "mul") {
      if (whole(x) && part(y)) return this.scaled(this.of(x), y);
      return whole(y) && part(x) ? this.scaled(this.of(y), x) : undefined;
    }
    const minus = this.b.constant(-1);
    if (whole(x) && whole(y)) return this.sum(this.of(x), op === "add" ? this.of(y) : this.scaled(this.of(y), minus));
    if (whole(x) && part(y)) return this.moved(this.of(x), op === "add" ? y : this.b.add("neg", {}, [y]));
    if (!(part(x) && whole(y))) return undefined;
    return this.moved(op === "add" ? this.of(y) : this.scaled(this.of(y), minus), x);
  }

  /** How many passes over a picture writing it takes. */
  passes(form: Form): number {
    const scaled = [...form.terms.values()].filter((s) => s !== undefined).length;
    return scaled + form.terms.size - 1 + (form.offset === undefined ? 0 : 1);
  }

  written(form: Form, shape: Shape): NodeId | undefined {
    const terms = [...form.terms].map(([picture, scale]) => (scale === undefined ? picture : this.b.add("mul", {}, [picture, scale])));
    if (terms.length === 0) return undefined;
    const sum = terms.reduce((a, c) => this.b.add("add", {}, [a, c]));
    const all = form.offset === undefined ? sum : this.b.add("add", {}, [sum, form.offset]);
    return sameShape(this.b.shape(all), shape) ? all : undefined;
  }

  private scaled(form: Form, scale: NodeId): Form {
    const by = (s: NodeId | undefined): NodeId => (s === undefined ? scale : this.b.add("mul", {}, [s, scale]));
    return {
      terms: new Map([...form.terms].map(([picture, s]) => [picture, by(s)])),
      ...(form.offset === undefined ? {} : { offset: by(form.offset) }),
      replaces: form.replaces,
    };
  }

  private moved(form: Form, by: NodeId): Form {
    return { ...form, offset: form.offset === undefined ? by : this.b.add("add", {}, [form.offset, by]) };
  }

  private sum(one: Form, other: Form): Form {
    const terms = new Map(one.terms);
    const scale = (s: NodeId | undefined): NodeId => s ?? this.b.constant(1);
    for (const [picture, s] of other.terms) {
      terms.set(picture, terms.has(picture) ? this.b.add("add", {}, [scale(terms.get(picture)), scale(s)]) : s);
    }
    const offsets = [one.offset, other.offset].filter((o): o is NodeId => o !== undefined);
    const offset = offsets.length === 0 ? {} : { offset: offsets.reduce((a, c) => this.b.add("add", {}, [a, c])) };
    return { terms, ...offset, replaces: one.replaces + other.replaces };
  }
}
