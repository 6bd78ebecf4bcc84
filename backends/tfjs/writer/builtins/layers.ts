// Layers with weights, and paddings.
import { initText, textOf } from "../evaluate";
import { asFunction } from "../hand";
import type { Body } from "../body";
import type { Arguments } from "../builtin-call";
import { ordered } from "../axes";
import { NONE, type TextValue } from "../values";
import type { Writer } from "./table";

export const options = (entries: readonly (readonly [string, string | undefined])[]): string => {
  const kept = entries.filter((e): e is [string, string] => e[1] !== undefined);
  return kept.length === 0 ? "" : `, { ${kept.map(([k, v]) => (k === v ? k : `${k}: ${v}`)).join(", ")} }`;
};

const setting = (a: Arguments, name: string): string | undefined => {
  const v = a.written(name);
  return v === undefined ? undefined : textOf(v);
};
const bias = (a: Arguments): string | undefined => (a.flag("bias") ? undefined : "false");
const isPlain = (v: TextValue | undefined): boolean => v === undefined || v.kind === "none" || (v.kind === "builtin" && v.text === undefined && ["plain", "identity"].includes(v.spec.name));
const weight = (b: Body, a: Arguments): string | undefined => {
  const v = a.written("weight");
  return isPlain(v) ? undefined : asFunction(b, v!, a.span);
};

const made = (b: Body, a: Arguments, text: string): TextValue => {
  const x = a.tensor("x");
  return x ? b.project.tensor(text, ordered(x.axes), { effect: true, nets: x.nets }) : NONE;
};

const padding = (mode: string): Writer => (_b, a) => {
  const all = ["n", "bottom", "left", "right"].flatMap((name) => setting(a, name) ?? []);
  return { kind: "plain", what: "pad", text: `${mode}(${all.join(", ")})` };
};

/** A reparam makes what it learns inside the layer's own place, so it is applied before the layer's name is used up: the kit does it. */
export const layers: Readonly<Record<string, Writer>> = {
  conv: (b, a) => {
    warmReparam(b, a);
    const given = options([["stride", setting(a, "stride")], ["pad", setting(a, "pad")], ["bias", bias(a)], ["weight", weight(b, a)]]);
    return made(b, a, `conv(${b.scope.text()}, ${textOf(a.value("x"))}, ${textOf(a.value("out"))}, ${textOf(a.value("kernel"))}${given})`);
  },
  conv_transpose: (b, a) => {
    warmReparam(b, a);
    const given = options([["stride", setting(a, "stride")], ["pad", setting(a, "pad")], ["outputPad", setting(a, "output_pad")], ["bias", bias(a)], ["weight", weight(b, a)]]);
    return made(b, a, `convTranspose(${b.scope.text()}, ${textOf(a.value("x"))}, ${textOf(a.value("out"))}, ${textOf(a.value("kernel"))}${given})`);
  },
  linear: (b, a) => {
    warmReparam(b, a);
    return made(b, a, `linear(${b.scope.text()}, ${textOf(a.value("x"))}, ${textOf(a.value("out"))}${options([["bias", bias(a)], ["weight", weight(b, a)]])})`);
  },
  reflect: padding("reflect"),
  zero: padding("zero"),
  edge: padding("edge"),
};

/** Writes the reparam's own function, so that its name is known where it is handed to the layer. */
function warmReparam(b: Body, a: Arguments): void {
  const v = a.written("weight");
  if (v && !isPlain(v)) b.apart(() => applyReparam(b, v, b.project.tensor("w", ["rest", "out"]), a.span));
}

import { applyReparam } from "../reparam";
export { initText };
