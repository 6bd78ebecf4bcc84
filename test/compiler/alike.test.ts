// Graphs that do the same are one: found whatever their nodes' order and names are, and never where they differ.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compile, type CompileOptions } from "../../compiler/compile";
import { Builder } from "../../compiler/graph/builder";
import type { Shape } from "../../compiler/graph/shape";
import type { NodeId } from "../../compiler/graph/types";
import { Alike } from "../../compiler/train/alike";
import type { GraphFile } from "../../compiler/train/graph-file";

const VECTOR: Shape = [{ axis: "c", dim: 4 }];

/** A graph of inputs by name. */
function graph(file: string, make: (b: Builder, input: (name: string, shape?: Shape) => NodeId) => Readonly<Record<string, NodeId>>): GraphFile {
  const b = new Builder();
  const inputs: { node: NodeId; name: string }[] = [];
  const input = (name: string, shape = VECTOR): NodeId => {
    const node = b.add("input", { kind: "value", name, shape }, []);
    inputs.push({ node, name });
    return node;
  };
  const outputs = Object.entries(make(b, input)).map(([name, node]) => ({ node, name }));
  return { file, graph: b, inputs, outputs };
}
const first = graph("first", (b, input) => {
  const [x, y] = [input("x"), input("y")];
  const sum = b.add("add", {}, [b.add("exp", {}, [x]), y]);
  return { sum, bent: b.add("relu", { slope: 0.2 }, [sum]) };
});
const found = (other: GraphFile, ...before: GraphFile[]): ReturnType<Alike["find"]> => {
  const alike = new Alike();
  for (const one of [first, ...before]) expect(alike.find(one)).toBeUndefined();
  return alike.find(other);
};

describe("graphs that do the same", () => {
  it("are found with other names, and nodes, operands and outputs in another order", () => {
    const other = graph("other", (b, input) => {
      const q = input("q");
      const p = input("p");
      const sum = b.add("add", {}, [q, b.add("exp", {}, [p])]);
      return { r: b.add("relu", { slope: 0.2 }, [sum]), s: sum };
    });
    expect(found(other)).toEqual({ file: "first", ports: new Map([["p", "x"], ["q", "y"], ["s", "sum"], ["r", "bent"]]) });
  });

  it.each<readonly [string, Parameters<typeof graph>[1]]>([
    ["an attribute", (b, input) => { const sum = b.add("add", {}, [b.add("exp", {}, [input("x")]), input("y")]); return { sum, bent: b.add("relu", { slope: 0.1 }, [sum]) }; }],
    ["an operation", (b, input) => { const sum = b.add("sub", {}, [b.add("exp", {}, [input("x")]), input("y")]); return { sum, bent: b.add("relu", { slope: 0.2 }, [sum]) }; }],
    ["a shape", (b, input) => { const long: Shape = [{ axis: "c", dim: 5 }]; const sum = b.add("add", {}, [b.add("exp", {}, [input("x", long)]), input("y", long)]); return { sum, bent: b.add("relu", { slope: 0.2 }, [sum]) }; }],
    ["an axis's name", (b, input) => { const wide: Shape = [{ axis: "w", dim: 4 }]; const sum = b.add("add", {}, [b.add("exp", {}, [input("x", wide)]), input("y", wide)]); return { sum, bent: b.add("relu", { slope: 0.2 }, [sum]) }; }],
    ["one input for two", (b, input) => { const x = input("x"); const sum = b.add("add", {}, [b.add("exp", {}, [x]), x]); return { sum, bent: b.add("relu", { slope: 0.2 }, [sum]) }; }],
    ["an output more", (b, input) => { const e = b.add("exp", {}, [input("x")]); const sum = b.add("add", {}, [e, input("y")]); return { sum, bent: b.add("relu", { slope: 0.2 }, [sum]), e }; }],
    ["which value is handed over", (b, input) => { const e = b.add("exp", {}, [input("x")]); const sum = b.add("add", {}, [e, input("y")]); return { e, bent: b.add("relu", { slope: 0.2 }, [sum]) }; }],
  ])("are not those that differ in %s", (_, make) => {
    expect(found(graph("other", make))).toBeUndefined();
  });

  it("are told from those that only look alike from each output: which of two like inputs is read where", () => {
    const crossed = (swap: boolean): GraphFile => graph(swap ? "crossed" : "straight", (b, input) => {
      const [x, y] = [input("x"), input("y")];
      const [p, q] = [b.add("exp", {}, [x]), b.add("exp", {}, [y])];
      return { a: b.add("sub", {}, [p, x]), z: b.add("div", {}, [q, swap ? x : y]) };
    });
    expect(found(crossed(true), crossed(false))).toBeUndefined();
  });

  it("are a good part of a step of two directions and an identity, but for what adds to gradients that are there", () => {
    const set = ["size=32", "load_size=36", "ch=4", "blocks=1", "global_depth=5", "local_depth=4"];
    const text = readFileSync("specs/ugatit.gan", "utf8");
    const steps = (options: CompileOptions): string[] => compile({ path: "ugatit.gan", text }, { set, ...options }).program!.segments.filter((s) => s.kind === "compute").map((s) => s.model);
    const models = steps({});
    const apart = steps({ without: ["alike"] });
    expect(new Set(apart).size).toBe(apart.length);
    expect(steps({ named: true })).toEqual(apart);
    expect(models).toHaveLength(apart.length);
    // Critics' phases and the forward passes of both directions, and both identities.
    expect(apart.length - new Set(models).size).toBeGreaterThanOrEqual(apart.length / 4);
  });
});
