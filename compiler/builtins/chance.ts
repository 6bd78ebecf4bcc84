// Initializations and distributions, gradients as values, and where they end.
import { rules } from "../diagnostics/table";
import type { InitRecipe } from "../trace/init";
import { isTensor, kindName } from "../trace/values";
import { differentiate } from "../differentiate";
import { BATCH, axesOf, showShape } from "../graph/shape";
import { history } from "./history";
import type { Args, Builtin, BuiltinParameter } from "./signature";

const num = (name: string, value: number): BuiltinParameter => ({ name, kind: "number", default: value });

const init = (name: string, doc: string, parameters: readonly BuiltinParameter[], recipe: (a: Args) => InitRecipe): Builtin => ({
  name, doc, parameters, stage: false, run: (_t, args) => ({ kind: "init", recipe: recipe(args) }),
});

const gradient: Builtin = {
  name: "gradient",
  doc: "gradient(of: critic(x), by: x): the gradient of each sample's value by its own x; second derivatives follow (WGAN-GP)",
  parameters: [{ name: "of", kind: "tensor" }, { name: "by", kind: "tensor" }],
  stage: false,
  run(t, args, span) {
    const [of, by] = [args.tensor("of"), args.tensor("by")];
    const rest = axesOf(t.b.shape(of)).filter((a) => a !== BATCH);
    if (rest.length > 0) return t.report(rules.termNotScalar, { term: "gradient(of:)", shape: showShape(t.b.shape(of)) }, span);
    t.b.origin = { span, label: "gradient", path: t.scope.path };
    const total = t.b.add("sum", { over: axesOf(t.b.shape(of)) }, [of]);
    const [g] = differentiate(t.b, total, [by]);
    if (g === undefined) return t.report(rules.wrongKind, { what: "`of` of `gradient`", expected: "a value that depends on `by`", got: "one that does not" }, span);
    return { kind: "tensor", id: g };
  },
};

const constant: Builtin = {
  name: "constant",
  doc: "constant(x): x, through which no gradient runs",
  parameters: [{ name: "x", kind: "any" }],
  stage: true,
  run(t, args, span) {
    const v = args.value("x");
    return isTensor(v) ? t.op("stop", {}, [v.id], span, "constant") : typeof v === "number" ? v : t.report(rules.wrongKind, { what: "`constant`", expected: "a number or a tensor", got: kindName(v) }, span);
  },
};

export const chance: readonly Builtin[] = [
  init("normal", "normal(mean: 0, std: 1)", [num("mean", 0), num("std", 1)], (a) => ({ kind: "normal", mean: a.number("mean"), std: a.number("std") })),
  init("uniform", "uniform(low: 0, high: 1)", [num("low", 0), num("high", 1)], (a) => ({ kind: "uniform", low: a.number("low"), high: a.number("high") })),
  init("uniform_fan_in", "uniform within ±1/sqrt(fan in): PyTorch's default", [], () => ({ kind: "uniform_fan_in" })),
  init("kaiming_normal", "normal with variance 2 / fan in", [], () => ({ kind: "kaiming_normal" })),
  init("xavier_normal", "normal with variance 2 / (fan in + fan out)", [num("gain", 1)], (a) => ({ kind: "xavier_normal", gain: a.number("gain") })),
  init("unit_normal", "normal draws scaled to norm 1", [], () => ({ kind: "unit_normal" })),
  history,
  gradient,
  constant,
];
