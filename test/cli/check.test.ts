import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folder, ganc, SPEC } from "./kit";

describe("ganc check, fmt, explain, describe, plan", () => {
  it("says that a good spec is good", () => {
    const made = ganc("check", SPEC);
    expect(made.err).toBe("");
    expect(made.out).toContain("specs/ugatit.gan: ok");
    expect(made.status).toBe(0);
  });

  it("names the place, the hint and the page of what is wrong", () => {
    const made = ganc("check", SPEC, "--set", "decoder_nrom=IN");
    expect(made.status).toBe(1);
    expect(made.err).toContain("error G0208");
    expect(made.err).toContain("did you mean `decoder_norm`?");
    expect(made.err).not.toContain("    at ");
  });

  it("gives the same as JSON, with 1-based lines", () => {
    const dir = folder();
    const file = join(dir, "bad.gan");
    writeFileSync(file, readFileSync(SPEC, "utf8").replace("generator_head(content", "generator_haed(content"));
    const made = ganc("check", file, "--json");
    const found = JSON.parse(made.out) as { ok: boolean; diagnostics: { code: string; hint: string; span: { line: number } }[] };
    expect(found.ok).toBe(false);
    expect(found.diagnostics).toHaveLength(1);
    expect(found.diagnostics[0]).toMatchObject({ code: "G0201", hint: "did you mean `generator_head`?" });
    expect(found.diagnostics[0]!.span.line).toBe(1 + readFileSync(file, "utf8").split("\n").findIndex((l) => l.includes("generator_haed")));
  });

  it("finds the depth that fits at 64 px", () => {
    const made = ganc("check", SPEC, "--set", "size=64");
    expect(made.status).toBe(1);
    expect(made.err).toContain("--set global_depth=6");
  });

  it("prints every phase", () => {
    for (const phase of ["parse", "resolve", "bind", "trace", "differentiate"]) {
      const made = ganc("check", SPEC, "--print-after", phase);
      expect(made.status, phase).toBe(0);
      expect(made.out.length, phase).toBeGreaterThan(200);
    }
    expect(ganc("check", SPEC, "--print-after", "nothing").status).toBe(2);
  });

  it("keeps the repo's specs in canonical form", () => {
    expect(ganc("fmt", "--check", SPEC, "specs/cyclegan.gan", "specs/unit.gan", "specs/munit.gan", "specs/drit.gan")).toMatchObject({ status: 0, out: "" });
  });

  it("explains where values come from, and writes losses out", () => {
    const made = ganc("explain", SPEC, "--variant", "without_cam", "--set", "weights.cycle=5");
    expect(made.out).toMatch(/generator_head\s+Plain\s+variant without_cam/);
    expect(made.out).toMatch(/weights\s+\{ adversarial: 1, cycle: 5.*--set/);
    expect(made.out).toContain("5 * l1(BA(AB(A).image).image, A)");
    expect(made.out).toContain("cam vanishes");
  });

  it("describes and plans, for people and programs", () => {
    expect(ganc("describe", SPEC, "--net", "AB").out).toContain("10 589 888");
    const nets = JSON.parse(ganc("describe", SPEC, "--json").out) as { net: string; parameters: number }[];
    expect(nets.find((n) => n.net === "DB.0")?.parameters).toBe(53_130_176);
    const plan = JSON.parse(ganc("plan", SPEC, "--json", "--set", "size=128", "--set", "ch=32").out) as { totalParameters: number; stepFlops: number };
    expect(plan.totalParameters).toBe(33_546_304);
    expect(plan.stepFlops).toBeGreaterThan(1e11);
  });

  it("has help with an example for every command", () => {
    const all = ganc("--help").out;
    for (const name of ["check", "fmt", "explain", "describe", "plan", "compile", "train", "translate", "evaluate", "demo"]) {
      expect(all).toContain(name);
      expect(ganc(name, "--help").out, name).toContain("$ ganc");
    }
    expect(ganc("data", "emoji", "--help").out).toContain("$ ganc data emoji");
  });
});
