// A spec made ready while its training waits: what is told early is what there would have been without.
import { expect, it } from "vitest";
import { prepare } from "../../cli/prepare";
import type { ModelFile } from "../../runtime/train/start";
import { SPEC, TINY } from "./kit";

const digests = (models: readonly ModelFile[]): (readonly [string, string])[] => models.map(([name, bytes]) => [name, Buffer.from(bytes).toString("base64")]);

it.each([
  ["a step of two phases", SPEC, TINY.filter((t) => t !== "--set")],
  ["phases that rest at some steps: several steps' graphs", "specs/drit.gan", [] as string[]],
])("gives the same program and the same models, whoever hears of them while they are made: %s", (_, path, set) => {
  const plain = prepare(path, { set }, undefined, undefined, false)!;
  const early: ModelFile[] = [];
  const order: string[] = [];
  const told = prepare(path, { set }, undefined, undefined, false, { onTrained: () => order.push("trained"), onModel: (model) => void (order.push("model"), early.push(model)) })!;
  expect(told.prepared).toEqual(plain.prepared);
  expect(JSON.stringify(told.prepared.program)).toBe(JSON.stringify(plain.prepared.program));
  const { segments } = plain.prepared.program;
  expect(early.map(([name]) => name)).toEqual([...new Set(segments.filter((s) => s.kind === "compute").map((s) => s.model))]);
  expect(order.slice(0, 2)).toEqual(["trained", "model"]);
  const later = [...told.models];
  expect(later.map(([name]) => name).every((name) => name.startsWith("export."))).toBe(true);
  expect(digests([...early, ...later])).toEqual(digests([...plain.models]));
});

it("tells nobody of graphs whose operators a profile names, or that may not be the ones that fit", () => {
  const set = TINY.filter((t) => t !== "--set");
  const never = (): never => { throw new Error("told"); };
  const profiled = prepare(SPEC, { set }, undefined, undefined, true, { onTrained: () => undefined, onModel: never })!;
  expect([...profiled.models].some(([name]) => name.startsWith("step."))).toBe(true);
  const fitted = prepare(SPEC, { set, memory: 4e9 }, undefined, undefined, false, { onTrained: never, onModel: never })!;
  expect([...fitted.models].some(([name]) => name.startsWith("step."))).toBe(true);
});
