// Initializations, constants, gradients inside a loss.
import { textOf } from "../evaluate";
import type { Arguments } from "../builtin-call";
import { NONE, type TextValue, unionOf } from "../values";
import type { Writer } from "./table";

const init = (text: (a: Arguments) => string): Writer => (_b, a): TextValue => ({ kind: "plain", what: "init", text: text(a) });

export const chance: Readonly<Record<string, Writer>> = {
  normal: init((a) => `normal(${textOf(a.value("mean"))}, ${textOf(a.value("std"))})`),
  uniform: init((a) => `uniform(${textOf(a.value("low"))}, ${textOf(a.value("high"))})`),
  uniform_fan_in: init(() => "uniformFanIn"),
  kaiming_normal: init(() => "kaimingNormal"),
  xavier_normal: init((a) => `xavierNormal(${textOf(a.value("gain"))})`),
  unit_normal: init(() => "unitNormal"),
  constant: (b, a) => {
    const v = a.value("x");
    return v.kind === "tensor" ? b.project.tensor(`constant(${v.text})`, v.axes, { effect: v.effect }) : v;
  },
  gradient: (b, a) => {
    const [of, by] = [a.tensor("of"), a.tensor("by")];
    return of && by ? b.project.tensor(`gradientOf(${of.text}, ${by.text})`, by.axes, { nets: unionOf([of.nets, by.nets]), effect: true }) : NONE;
  },
};
