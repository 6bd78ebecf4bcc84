// FLOPs and parameters of `describe` against PyTorch's own counters (test/oracle/flops.py made the figures).
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compile } from "../../compiler/compile";
import { describeNets, type NetTable } from "../../compiler/describe/layers";

interface Counted {
  readonly forward: number;
  readonly layers: Readonly<Record<string, number>>;
  readonly parameters: number;
}
type Config = Readonly<Record<string, number | boolean>>;
const golden = JSON.parse(readFileSync("test/golden/oracle/flops.json", "utf8")) as {
  configs: Record<string, { config: Config } & Record<"generator" | "global critic" | "local critic", Counted>>;
};

function tables(config: Config): Map<string, NetTable> {
  const set = Object.entries(config).flatMap(([k, v]) => (k === "full" ? [] : [`${k}=${String(v)}`]));
  const c = compile({ path: "specs/ugatit.gan", text: readFileSync("specs/ugatit.gan", "utf8") }, { set, variants: config["full"] === true ? ["full"] : [], until: "check" });
  expect(c.diagnostics.filter((d) => d.severity === "error").map((d) => d.message)).toEqual([]);
  return new Map(describeNets(c.model!).map((t) => [t.net, t]));
}

const sorted = (xs: Iterable<number>): number[] => [...xs].filter((x) => x > 0).sort((a, b) => a - b);

describe("describe counts as PyTorch does", () => {
  for (const [name, { config, ...nets }] of Object.entries(golden.configs)) {
    it(name, () => {
      const made = tables(config);
      for (const [net, theirs] of [["AB", nets.generator], ["DB.0", nets["global critic"]], ["DB.1", nets["local critic"]]] as const) {
        const table = made.get(net)!;
        expect(table.parameters, `${net} parameters`).toBe(theirs.parameters);
        expect(table.flops, `${net} FLOPs`).toBe(theirs.forward);
        // Layer by layer, in whatever order: CAM's two classifiers are one row of ours.
        const cam = (theirs.layers["gap_fc"] ?? 0) + (theirs.layers["gmp_fc"] ?? 0);
        const rest = Object.entries(theirs.layers).filter(([k]) => k !== "gap_fc" && k !== "gmp_fc").map(([, v]) => v);
        expect(sorted(table.rows.map((r) => r.flops)), `${net} layers`).toEqual(sorted([...rest, cam]));
      }
    });
  }
});
