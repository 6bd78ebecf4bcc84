import { rule } from "../../dsl/diagnostic";

export const params = {
  whereFails: rule<{ name: string; condition: string; value: string; from: string }>(
    "G0301", "where-fails", "error", (v) => `param \`${v.name}\` is ${v.value} (${v.from}), but it must hold that ${v.condition}`,
    (v) => `choose a \`${v.name}\` for which ${v.condition}`),
  paramType: rule<{ name: string; expected: string; got: string }>(
    "G0302", "param-type", "error", (v) => `param \`${v.name}\` takes ${v.expected}, not ${v.got}`),
  variantsConflict: rule<{ param: string; first: string; second: string }>(
    "G0303", "variants-conflict", "error", (v) => `the variants ${v.first} and ${v.second} set \`${v.param}\` to different values`,
    (v) => `choose one of them, or say which you mean with --set ${v.param}=...`),
  overrideSyntax: rule<{ text: string }>(
    "G0304", "override-syntax", "error", (v) => `cannot read the override \`${v.text}\``,
    () => "write NAME=VALUE, for example --set decoder_norm=IN or --set weights.cam=100"),
  paramOrder: rule<{ name: string; uses: string }>(
    "G0305", "param-cycle", "error", (v) => `param \`${v.name}\` needs \`${v.uses}\`, which needs \`${v.name}\``,
    () => "give one of them a value of its own"),
} as const;

export const values = {
  wrongKind: rule<{ what: string; expected: string; got: string }>(
    "G0401", "wrong-kind", "error", (v) => `${v.what} takes ${v.expected}, not ${v.got}`),
  missingArgument: rule<{ callee: string; name: string; usage?: string }>(
    "G0402", "missing-argument", "error", (v) => `${v.callee} needs \`${v.name}\``,
    (v) => (v.usage ? `it is written ${v.usage}` : `give it as \`${v.name}: ...\``)),
  tooManyArguments: rule<{ callee: string; takes: string }>(
    "G0403", "too-many-arguments", "error", (v) => `too many arguments for ${v.callee}`, (v) => `it takes ${v.takes}`),
  argumentTwice: rule<{ callee: string; name: string }>(
    "G0404", "argument-twice", "error", (v) => `\`${v.name}\` of ${v.callee} is given twice`, () => "drop one of the two"),
  notCallable: rule<{ got: string }>(
    "G0405", "not-callable", "error", (v) => `${v.got} cannot be applied`,
    (v) => (v.got === "a list" ? "pick one of its items, as in xs[0], or go over all of them: for f in xs { ... }" : "only blocks, networks, nets, norms, heads and functions can be")),
  notStage: rule<{ got: string }>(
    "G0406", "not-a-stage", "error", (v) => `the right side of |> must be a stage, not ${v.got}`,
    () => "a stage is a block, a norm, an activation or a call such as conv(64, 3)"),
  needsNumber: rule<{ what: string; got: string }>(
    "G0407", "needs-number", "error", (v) => `${v.what} must be a number known at compile time, not ${v.got}`,
    () => "counts, bounds and conditions depend on params only, never on the sizes of tensors"),
  indexRange: rule<{ index: string; length: number }>(
    "G0408", "index-range", "error", (v) => `index ${v.index} lies outside 0..${v.length}`,
    (v) => `the last one is ${v.length - 1}`),
  noReturn: rule<{ name: string }>(
    "G0409", "no-return", "error", (v) => `${v.name} returns nothing`, () => "end its body with `return ...`"),
  outsideTraining: rule<{ what: string; hint?: string }>(
    "G0410", "wrong-place", "error", (v) => `${v.what} has no meaning here`, (v) => v.hint),
  tooLarge: rule<{ what: string; limit: string }>(
    "G0411", "too-large", "error", (v) => `${v.what} grows beyond ${v.limit}`,
    () => "everything is unrolled at compile time: look for a count, a range or a call that repeats far more than it should"),
} as const;
