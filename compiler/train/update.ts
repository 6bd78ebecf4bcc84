// The update as a graph of its own, run in place once a phase's gradients are whole.
// Adam (Kingma & Ba 2015, algorithm 1) with PyTorch's coupled decay and eps outside the root:
//   g ← g + decay·p;  m ← β1·m + (1-β1)·g;  v ← β2·v + (1-β2)·g²;  p ← p - step·m / (√v·root + eps)
// where step = rate / (1 - β1^t) and root = 1 / √(1 - β2^t) come from the trainer, in double precision until then.
import { Builder } from "../graph/builder";
import type { NodeId } from "../graph/types";
import type { AdamUpdate, OptimizerSpec } from "../program";
import type { ParamInfo } from "../trace/tracer";

/** Both forms of one update: `updates` says in numbers what `graph` does. */
export interface UpdateGraph {
  readonly graph: Builder;
  readonly updates: readonly AdamUpdate[];
  readonly inputs: readonly { readonly node: NodeId; readonly value: string }[];
  readonly outputs: readonly { readonly node: NodeId; readonly value: string }[];
}

export const scalarNames = (optimizer: string): { step: string; root: string } => ({
  step: `${optimizer}.step_size`,
  root: `${optimizer}.root_correction`,
});

export interface Covered {
  readonly param: ParamInfo;
  readonly optimizer: Omit<OptimizerSpec, "params">;
}

function updateOf({ param, optimizer }: Covered): AdamUpdate {
  const { betas, eps } = optimizer;
  const decays = optimizer.decayOn === "all" || param.role === "weight";
  return { param: param.name, ...scalarNames(optimizer.name), betas, eps, decay: decays ? optimizer.decay : 0, ...(param.within ? { within: param.within } : {}) };
}

export function buildUpdate(params: readonly Covered[]): UpdateGraph {
  const b = new Builder();
  const inputs = new Map<string, NodeId>();
  const outputs: { node: NodeId; value: string }[] = [];
  const input = (value: string, shape: ParamInfo["shape"]): NodeId => {
    const id = b.add("input", { kind: "value", name: value, shape }, []);
    inputs.set(value, id);
    return id;
  };
  const op2 = (op: "add" | "sub" | "mul" | "div" | "maximum" | "minimum", x: NodeId, y: NodeId): NodeId => b.add(op, {}, [x, y]);
  const updates = params.map(updateOf);
  for (const [i, { param }] of params.entries()) {
    const u = updates[i]!;
    const [step, root] = [input(`scalar:${u.step}`, []), input(`scalar:${u.root}`, [])];
    const p = input(`param:${param.name}`, param.shape);
    const m = input(`m:${param.name}`, param.shape);
    const v = input(`v:${param.name}`, param.shape);
    const raw = input(`grad:${param.name}`, param.shape);
    const g = u.decay === 0 ? raw : op2("add", raw, op2("mul", p, b.constant(u.decay)));
    const [b1, b2] = u.betas;
    const m2 = op2("add", op2("mul", m, b.constant(b1)), op2("mul", g, b.constant(1 - b1)));
    const v2 = op2("add", op2("mul", v, b.constant(b2)), op2("mul", op2("mul", g, g), b.constant(1 - b2)));
    const denominator = op2("add", op2("mul", b.add("sqrt", {}, [v2]), root), b.constant(u.eps));
    let p2 = op2("sub", p, op2("mul", op2("div", m2, denominator), step));
    if (u.within) p2 = op2("minimum", op2("maximum", p2, b.constant(u.within[0])), b.constant(u.within[1]));
    outputs.push({ node: m2, value: `m:${param.name}` }, { node: v2, value: `v:${param.name}` }, { node: p2, value: `param:${param.name}` });
  }
  return { graph: b, updates, inputs: [...inputs].map(([value, node]) => ({ node, value })), outputs };
}
