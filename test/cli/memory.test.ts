import { describe, expect, it } from "vitest";
import { loadFitting } from "../../cli/memory";
import { bytesOf, UsageError } from "../../cli/options";
import { plan } from "../../compiler/describe/plan";
import { UserError } from "../../runtime/files/errors";

describe("--memory", () => {
  it("takes bytes with the usual units, and nothing else", () => {
    expect(["3GiB", "800MB", "1.5 gb", "64k"].map((text) => {
      try {
        return bytesOf(text);
      } catch (e) {
        return e instanceof UsageError;
      }
    })).toEqual([3 * 2 ** 30, 800e6, 1.5e9, true]);
    for (const text of ["", "lots", "-1GB", "0", "3 GB of memory"]) expect(() => bytesOf(text)).toThrow(UsageError);
  });

  it("lets nothing go that fits, more where it must, and says the least that it can do", { timeout: 120_000 }, () => {
    const choices = { set: ["size=64", "ch=32", "global_depth=5", "local_depth=4", "blocks=1"] };
    const needs = (memory?: number): number => plan(loadFitting("specs/ugatit.gan", { ...choices, ...(memory === undefined ? {} : { memory }) }))!.training.total;
    const most = needs();
    expect(needs(most)).toBe(most);
    expect(needs(most - 1)).toBeLessThan(most);
    let said: unknown;
    try {
      needs(1e6);
    } catch (e) {
      said = e;
    }
    expect(said).toBeInstanceOf(UserError);
    expect((said as UserError).message).toMatch(/cannot be trained in 1 MB: the least it needs is \d+ MB$/);
  });
});
