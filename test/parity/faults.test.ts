// What a wrong formula looks like: the spec with one thing changed, against PyTorch's golden file of the right one. Each fault shows after
// one step, in what it touches and in nothing else. What changes the critics' update touches all: the generators' phase sees them updated.
import { afterAll, expect, it } from "vitest";
import { type Case, CASES, compileCase } from "./cases";
import { digestOf, distance, sizeOfDigest } from "./digest";
import { isKept, ONE_STEP, readGolden } from "./golden";
import { type Kind, KINDS, ours, partsOf } from "./quantities";
import { replaced } from "./spec";

const ALL: readonly Kind[] = ["loss", "output", "gradient", "update", "moment1", "moment2", "state"];

interface Fault {
  readonly name: string;
  readonly set?: readonly string[];
  readonly edit?: readonly [from: string, to: string];
  readonly seenIn: readonly Kind[];
}

const FAULTS: readonly Fault[] = [
  { name: "nothing is wrong", seenIn: [] },
  { name: "Adam's eps is 1e-7", edit: ["eps: 1e-8", "eps: 1e-7"], seenIn: ALL },
  { name: "no weight decay", set: ["decay=0"], seenIn: ALL },
  { name: "Adam's first beta is 0.9", edit: ["betas: (0.5,", "betas: (0.9,"], seenIn: ["moment1"] },
  { name: "rho is not put back into its range", set: ["upsample_norm=ILN(low: -1)"], seenIn: ["update"] },
  { name: "a norm's eps is 1e-4", set: ["encoder_norm=IN(eps: 1e-4)"], seenIn: ALL },
  { name: "a biased variance", set: ["unbiased=false"], seenIn: ALL },
  { name: "a sign of a residual", edit: ["return x + (x", "return x - (x"], seenIn: ALL },
  { name: "a label of the generators' CAM", edit: ["bce(same.logits, 0)", "bce(same.logits, 1)"], seenIn: ["loss", "gradient", "update", "moment1", "moment2"] },
  { name: "two power iterations", set: ["critic_weight=spectral(iterations: 2)"], seenIn: ALL },
];

const base = CASES.find((c) => c.name === "base")!;
const golden = readGolden(base.name);
const rows: string[] = [];
afterAll(() => console.log(["worst relative differences after one step", `| fault | ${ALL.join(" | ")} |`, ...rows].join("\n")));

it.each(FAULTS)("$name", { timeout: 600_000 }, ({ name: fault, set = [], edit, seenIn }) => {
  const spoilt: Case = { ...base, set: [...base.set, ...set], ...(edit ? { edit: (text) => replaced(text, ...edit) } : {}) };
  const worst = new Map<Kind, number>();
  for (const [name, value] of ours(spoilt, compileCase(spoilt), [1])) {
    if (!isKept(name)) continue;
    const wanted = golden.quantities[name]!;
    const { kind } = partsOf(name);
    worst.set(kind, Math.max(worst.get(kind) ?? 0, distance(digestOf(value), wanted) / sizeOfDigest(wanted)));
  }
  rows.push(`| ${fault} | ${ALL.map((kind) => (worst.get(kind)! > ONE_STEP ? worst.get(kind)!.toExponential(1) : "")).join(" | ")} |`);
  expect(KINDS.filter((kind) => worst.get(kind)! > ONE_STEP)).toEqual(seenIn);
});
