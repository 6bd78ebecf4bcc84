// Parameter counts of the published codes, to the last one.
import { describe, expect, it } from "vitest";
import { countByNet, realSpec } from "./kit";

const counts = (name: string, ...set: string[]): Record<string, number> => countByNet(realSpec(name, { set }));

describe("parameter counts", { timeout: 60_000 }, () => {
  it("U-GAT-IT, light and full (znxlwm/UGATIT-pytorch)", () => {
    const light = counts("ugatit");
    expect(light).toEqual({ AB: 10_589_888, BA: 10_589_888, "DA.0": 53_130_176, "DB.0": 53_130_176, "DA.1": 3_290_560, "DB.1": 3_290_560 });
    expect(Object.values(light).reduce((a, b) => a + b)).toBe(134_021_248);
    expect(counts("ugatit", "light=false").AB).toBe(278_959_808);
  });
  it("CycleGAN with 9 and 6 blocks (junyanz/pytorch-CycleGAN-and-pix2pix)", () => {
    expect(counts("cyclegan")).toEqual({ AB: 11_378_179, BA: 11_378_179, DA: 2_764_737, DB: 2_764_737 });
    expect(counts("cyclegan", "size=128").AB).toBe(7_837_699);
  });
  it("MUNIT (NVlabs/MUNIT)", () => {
    const c = counts("munit");
    expect([c.CA, c.SA, c.GA, c.DA]).toEqual([5_385_856, 2_764_936, 6_875_395, 8_271_171]);
    expect(c.CA! + c.SA! + c.GA!).toBe(15_026_187);
  });
  it("DRIT: shared parts once (HsinYingLee/DRIT)", () => {
    const c = counts("drit");
    expect(c.CA! + c.CB! + c.top!).toBe(9_018_112);
    expect(c.TA! + c.TB!).toBe(2_688_160);
    expect(c.GA! + c.GB! + c.stem!).toBe(9_564_710);
    expect([c.DC, c.DA]).toEqual([10_683_649, 8_271_171]);
  });
  it("what a swap leaves dead is not counted among the program's", () => {
    const dead = realSpec("ugatit", { set: ["size=64", "global_depth=6"], variants: ["norm_in"] }).step!.dead;
    expect([...new Set(dead.map((p) => p.name.split(".").slice(0, 2).join(".")))]).toEqual(["AB.style", "AB.gamma", "AB.beta", "BA.style", "BA.gamma", "BA.beta"]);
  });
});
