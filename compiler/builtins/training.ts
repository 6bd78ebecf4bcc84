// What optimizer lines call, and helpers over lists.
import { rules } from "../diagnostics/table";
import { isKind, kindName, type Value } from "../trace/values";
import type { Builtin } from "./signature";

const adam: Builtin = {
  name: "adam",
  doc: "adam(rate:, betas: (0.9, 0.999), eps: 1e-8, eps_form: corrected, decay: 0, decay_on: all, clip_norm: none): Kingma & Ba 2015; decay is coupled L2, as PyTorch's weight_decay",
  parameters: [
    { name: "rate", kind: "number", least: 0 },
    { name: "betas", kind: "any", default: { kind: "tuple", items: [0.9, 0.999] } },
    { name: "eps", kind: "number", default: 1e-8, least: 0 },
    { name: "eps_form", kind: "word", default: "corrected", words: ["corrected", "hat"] },
    { name: "decay", kind: "number", default: 0, least: 0 },
    { name: "decay_on", kind: "word", default: "all", words: ["all", "weights"] },
    { name: "clip_norm", kind: "number", optional: true, least: 0 },
  ],
  stage: false,
  run(t, args, span) {
    const betas = args.value("betas");
    const pair = isKind(betas, "tuple") ? betas.items : [];
    if (pair.length !== 2 || pair.some((b) => typeof b !== "number" || b < 0 || b >= 1))
      return t.report(rules.wrongKind, { what: "`betas`", expected: "two numbers from 0 up to 1, as (0.5, 0.999)", got: kindName(betas) }, span);
    const fields = new Map<string, Value>([["kind", "adam"], ["betas", betas]]);
    for (const name of ["rate", "eps", "eps_form", "decay", "decay_on"]) fields.set(name, args.value(name));
    if (args.has("clip_norm")) fields.set("clip_norm", args.value("clip_norm"));
    return { kind: "record", fields };
  },
};

const zip: Builtin = {
  name: "zip",
  doc: "zip(xs, ys): a list of pairs",
  parameters: [{ name: "x", kind: "any" }],
  stage: false,
  rest: true,
  run(t, args, span) {
    const lists = [args.value("x"), ...args.rest];
    if (lists.some((l) => isKind(l, "poison"))) return { kind: "poison" };
    const items = lists.map((l) => (isKind(l, "list") ? l.items : undefined));
    const bad = items.findIndex((i) => i === undefined);
    if (bad >= 0) return t.report(rules.wrongKind, { what: "zip", expected: "lists", got: kindName(lists[bad]!) }, span);
    const lengths = [...new Set(items.map((i) => i!.length))];
    if (lengths.length > 1) return t.report(rules.wrongKind, { what: "zip", expected: "lists of one length", got: `lists of ${lengths.join(" and ")} items` }, span);
    const count = lengths[0] ?? 0;
    return { kind: "list", items: Array.from({ length: count }, (_, k) => ({ kind: "tuple" as const, items: items.map((i) => i![k]!) })) };
  },
};

export const training: readonly Builtin[] = [adam, zip];
