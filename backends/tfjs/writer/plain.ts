// Initializations and paddings as the emitted code writes them.
import type { PadValue } from "../../../compiler/trace/values";
import type { InitRecipe } from "../../../compiler/trace/init";

export function writeInit(r: InitRecipe): string {
  switch (r.kind) {
    case "constant": return String(r.value);
    case "normal": return `normal(${r.mean}, ${r.std})`;
    case "uniform": return `uniform(${r.low}, ${r.high})`;
    case "unit_normal": return "unitNormal";
    case "uniform_fan_in": return "uniformFanIn";
    case "kaiming_normal": return "kaimingNormal";
    case "xavier_normal": return `xavierNormal(${r.gain})`;
  }
}

export function writePad({ mode, amounts: { top, bottom, left, right } }: PadValue): string {
  return top === bottom && left === right && top === left ? `${mode}(${top})` : `${mode}(${top}, ${bottom}, ${left}, ${right})`;
}
