// Passes that take one walk together: what they leave behind unread is not looked at.
import { expect, it } from "vitest";
import { Builder } from "../../../compiler/graph/builder";
import { copy } from "../../../compiler/graph/walk";
import { printGraph } from "../../../compiler/graph/print";
import { rewriteBy, type Rule } from "../../../compiler/passes/pass";
import { sh } from "../../../compiler/ops/samples";

const tanhIsExp: Rule = (b, node, inputs) => (node.op === "tanh" ? b.add("exp", {}, inputs) : undefined);
const expIsAbs: Rule = (b, node, inputs) => (node.op === "exp" ? b.add("abs", {}, inputs) : undefined);

function start(): { b: Builder; end: number } {
  const b = new Builder();
  const x = b.add("input", { kind: "value", name: "x", shape: sh("c", 3) }, []);
  return { b, end: b.add("neg", {}, [b.add("tanh", {}, [x])]) };
}
const opsOf = (rules: readonly Rule[]): { ops: string; changed: boolean } => {
  const { b, end } = start();
  const { graph, outputs, changed } = rewriteBy(rules, b, [end]);
  return { ops: [...printGraph(copy(graph, outputs).graph).matchAll(/= (\w+)/g)].map(([, op]) => op).join(" "), changed };
};

it("a rule is tried on what another found, whichever stands first", () => {
  expect(opsOf([tanhIsExp, expIsAbs])).toEqual({ ops: "input abs neg", changed: true });
  expect(opsOf([expIsAbs, tanhIsExp])).toEqual({ ops: "input abs neg", changed: true });
});

it("nothing found is no change", () => {
  expect(opsOf([expIsAbs])).toEqual({ ops: "input tanh neg", changed: false });
});

it("two that undo each other end, with a node of equal shape", () => {
  const expIsTanh: Rule = (b, node, inputs) => (node.op === "exp" ? b.add("tanh", {}, inputs) : undefined);
  const { ops, changed } = opsOf([tanhIsExp, expIsTanh]);
  expect(ops).toMatch(/^input (tanh|exp) neg$/);
  expect(changed).toBe(true);
});
