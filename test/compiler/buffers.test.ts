import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { trainingModels } from "../../cli/emit";
import { compile } from "../../compiler/compile";
import { Builder } from "../../compiler/graph/builder";
import type { NodeId } from "../../compiler/graph/types";
import { mostOf } from "../../compiler/train/buffers";
import { axes } from "../backends/onnx/kit";
import { afterOneStep } from "./one-step";

const MB = 2 ** 20;
/** [c, h, w] of c MiB. */
const picture = (b: Builder, c: number): NodeId => b.add("input", { kind: "data", name: `x${c}`, shape: axes(`batch:1 c:${c} h:512 w:512`) }, []);

/** Counted by hand, as onnxruntime's planner would: allocation_planner.cc. */
describe("the buffers of a graph", () => {
  it("go to the next value of the same shape, and back when none of it follows", () => {
    const b = new Builder();
    const [x, y] = [picture(b, 4), picture(b, 6)];
    const chain = b.add("mul", {}, [b.add("add", {}, [b.add("relu", { slope: 0 }, [x]), x]), x]);
    const one = b.add("sum", { over: ["h", "w"] }, [chain]);
    const two = b.add("sum", { over: ["h", "w"] }, [b.add("relu", { slope: 0 }, [y])]);
    expect(mostOf(b, [one, two])).toBe(6 * MB);
  });

  it("are written over by a chain of sums and products, not by what may not be", () => {
    const chain = (op: "add" | "other"): number => {
      const b = new Builder();
      const x = picture(b, 1);
      let y = b.add("relu", { slope: 0 }, [x]);
      for (let i = 0; i < 3; i++) y = op === "add" ? b.add("add", {}, [y, x]) : b.add("pad_adjoint", { mode: "zero", amounts: { top: 0, bottom: 0, left: 0, right: 0 } }, [y]);
      return mostOf(b, [b.add("sum", { over: ["h", "w"] }, [y])]);
    };
    expect(chain("add")).toBe(MB);
    expect(chain("other")).toBeGreaterThanOrEqual(2 * MB);
  });

  it("are kept from the first to the last of a shape, whatever else is made in between", () => {
    const b = new Builder();
    const [x, y] = [picture(b, 1), picture(b, 2)];
    const first = b.add("sum", { over: ["h", "w"] }, [b.add("relu", { slope: 0 }, [x])]);
    const between = b.add("sum", { over: ["h", "w"] }, [b.add("relu", { slope: 0 }, [y])]);
    const last = b.add("sum", { over: ["h", "w"] }, [b.add("tanh", {}, [x])]);
    // At no time are more than 2 MiB of values alive.
    expect(mostOf(b, [first, between, last])).toBe(3 * MB);
  });

  it("leave out what lies in inputs and outputs, and what has no memory of its own", () => {
    const b = new Builder();
    const x = picture(b, 1);
    const made = b.add("relu", { slope: 0 }, [x]);
    const out = b.add("tanh", {}, [b.add("flatten", { axes: ["h", "w"], into: "p" }, [made])]);
    expect(mostOf(b, [out])).toBe(MB);
    expect(mostOf(b, [made, out])).toBe(0);
  });
});

describe("graphs that end before their buffers are full", () => {
  const compiled = (name: string, without: readonly string[], set: readonly string[]): ReturnType<typeof compile> => compile({ path: `specs/${name}.gan`, text: readFileSync(`specs/${name}.gan`, "utf8") }, { set, without });
  const fullest = ({ graphs }: ReturnType<typeof compile>): number => Math.max(...graphs.filter(({ file }) => file.startsWith("step.")).map((g) => mostOf(g.graph, g.outputs.map((o) => o.node))));

  it.each([["ugatit", ["size=256", "ch=32"], 0.7], ["cyclegan", [], 0.5], ["munit", [], 0.5]] as const)("take less: %s", { timeout: 60_000 }, (name, set, part) => {
    expect(fullest(compiled(name, [], set))).toBeLessThan(part * fullest(compiled(name, ["buffers"], set)));
  });

  it("and do the same", { timeout: 120_000 }, async () => {
    const step = async (without: readonly string[]): Promise<Awaited<ReturnType<typeof afterOneStep>> & { models: number }> => {
      const made = compiled("ugatit", without, ["size=128", "ch=32", "blocks=1", "local_depth=4", "global_depth=5"]);
      const models = trainingModels(made);
      return { models: models.size, ...(await afterOneStep(made, models, { threads: 1 })) };
    };
    const [short, long] = [await step([]), await step(["buffers"])];
    expect(short.models).toBeGreaterThan(long.models);
    expect(short.losses).toEqual(long.losses);
    for (const [name, values] of long.state) expect(Buffer.compare(Buffer.from(short.state.get(name)!.buffer), Buffer.from(values.buffer)), name).toBe(0);
  });
});
