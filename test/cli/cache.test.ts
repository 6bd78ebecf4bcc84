// Graphs of earlier trainings: found where all that made them is the same, and only there.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { GraphCache, type Kept, type Wanted } from "../../cli/cache";
import { compile } from "../../compiler/compile";
import { dataFolder, folder, gancIn, gancWith, SPEC, TINY } from "./kit";

const wanted: Wanted = { source: { path: "a.gan", text: "spec a" }, set: ["size=64"], variants: [] };
const kept = {
  prepared: { program: { format: 1, rate: 0.1 + 0.2 }, source: wanted.source, imports: { "lib.gan": "norms" }, firstExport: "A2B", diagnostics: [], texts: {} },
  models: [["step.onnx", Uint8Array.of(1, 2, 255)], ["empty.onnx", new Uint8Array()]],
} as unknown as Kept;
const norms = (path: string): string | undefined => (path === "lib.gan" ? "norms" : undefined);
const compiler = (text: string): Uint8Array => Buffer.from(text);
const only = (at: string): string => join(at, readdirSync(at).find((name) => name.endsWith(".graphs"))!);

describe("the cache of graphs", () => {
  it("gives back what it was given, for the same spec, settings, imports and compiler", async () => {
    const at = join(folder(), "new", "deep");
    const cache = new GraphCache(at, compiler("ganc"));
    expect(cache.find(wanted, norms)).toBeUndefined();
    await cache.keep(wanted, kept);
    expect(new GraphCache(at, compiler("ganc")).find(wanted, norms)).toEqual(kept);
    expect(readdirSync(at)).toHaveLength(1);

    const others: readonly Wanted[] = [
      { ...wanted, source: { path: "a.gan", text: "spec a " } }, { ...wanted, source: { path: "b.gan", text: "spec a" } }, { ...wanted, set: ["size=128"] }, { ...wanted, set: [] },
      { ...wanted, variants: ["norm_in"] }, { ...wanted, memory: 1e9 }, { ...wanted, lowerings: { without: ["winograd"] } },
    ];
    for (const other of others) expect(cache.find(other, norms), JSON.stringify(other)).toBeUndefined();
    expect(cache.find(wanted, () => "other norms")).toBeUndefined();
    expect(cache.find(wanted, () => undefined)).toBeUndefined();
    expect(new GraphCache(at, compiler("ganc 2")).find(wanted, norms)).toBeUndefined();
  });

  it("passes over a file that is damaged anywhere, cut short, or empty", async () => {
    const at = folder();
    const cache = new GraphCache(at, compiler("ganc"));
    await cache.keep(wanted, kept);
    const whole = readFileSync(only(at));
    for (let i = 0; i < whole.length; i += 7) {
      const bad = Buffer.from(whole);
      bad[i]! ^= 16;
      writeFileSync(only(at), bad);
      expect(cache.find(wanted, norms), `byte ${i}`).toBeUndefined();
    }
    for (const length of [whole.length - 1, 40, 3, 0]) {
      writeFileSync(only(at), whole);
      truncateSync(only(at), length);
      expect(cache.find(wanted, norms), `${length} bytes`).toBeUndefined();
    }
    await cache.keep(wanted, kept);
    expect(cache.find(wanted, norms)).toEqual(kept);
  });

  it("keeps the last used, and clears what was left half-written", async () => {
    const at = folder();
    const cache = new GraphCache(at, compiler("ganc"));
    const long = new Date(Date.now() - 1e8);
    await cache.keep(wanted, kept);
    utimesSync(only(at), long, long);
    for (const name of [".x.graphs.0011.ganc-tmp", ".y.graphs.0022.ganc-tmp"]) writeFileSync(join(at, name), "half");
    utimesSync(join(at, ".x.graphs.0011.ganc-tmp"), long, long);
    const later = (i: number): Wanted => ({ ...wanted, set: [`size=${i}`] });
    for (let i = 0; i < 22; i++) await cache.keep(later(i), kept);
    cache.find(wanted, norms);
    for (let i = 22; i < 25; i++) await cache.keep(later(i), kept);
    expect(readdirSync(at).filter((name) => name.endsWith(".graphs"))).toHaveLength(24);
    expect(cache.find(wanted, norms)).toEqual(kept);
    expect(cache.find(later(24), norms)).toEqual(kept);
    expect(readdirSync(at).filter((name) => name.endsWith("tmp"))).toEqual([".y.graphs.0022.ganc-tmp"]);
  });

  it("says nothing where it cannot write", async () => {
    const file = join(folder(), "file");
    writeFileSync(file, "");
    await new GraphCache(join(file, "below"), compiler("ganc")).keep(wanted, kept);
    expect(readFileSync(file, "utf8")).toBe("");
  });

  it("lies where the environment says, or nowhere", async () => {
    const bundle = pathToFileURL(join(folder(), "ganc.cjs"));
    expect(GraphCache.ofUser(bundle, {})).toBeUndefined(); // no bundle: nobody knows what compiles
    writeFileSync(bundle, "ganc");
    expect(GraphCache.ofUser(bundle, { GANC_CACHE: "off" })).toBeUndefined();
    const [own, system] = [join(folder(), "own"), folder()];
    for (const env of [{ GANC_CACHE: own, XDG_CACHE_HOME: system }, { XDG_CACHE_HOME: system }]) await GraphCache.ofUser(bundle, env)!.keep(wanted, kept);
    expect([own, join(system, "ganc")].map((at) => readdirSync(at).length)).toEqual([1, 1]);
    expect(GraphCache.ofUser(bundle, { GANC_CACHE: own })!.find(wanted, norms)).toEqual(kept);
  });

  it.each(["cyclegan", "drit", "munit", "ugatit", "unit"])("loses nothing of the program of %s", async (name) => {
    const { program } = compile({ path: `${name}.gan`, text: readFileSync(`specs/${name}.gan`, "utf8") }, { set: name === "ugatit" ? ["rho=-0.0"] : [] });
    expect(program).toBeDefined();
    const cache = new GraphCache(folder(), compiler("ganc"));
    await cache.keep(wanted, { ...kept, prepared: { ...kept.prepared, program: program! } });
    expect(cache.find(wanted, norms)?.prepared.program).toStrictEqual(program);
  });

  it("does not take what was kept of another text for its own", async () => {
    const cache = new GraphCache(folder(), compiler("ganc"));
    await cache.keep(wanted, { ...kept, prepared: { ...kept.prepared, source: { path: "a.gan", text: "saved meanwhile" } } });
    expect(cache.find(wanted, norms)).toBeUndefined();
  });

  it("clears what is too much beside what it cannot look at", async () => {
    const at = folder();
    const cache = new GraphCache(at, compiler("ganc"));
    symlinkSync("/nowhere/at/all", join(at, "gone.graphs"));
    symlinkSync("/nowhere/at/all", join(at, "gone"));
    for (let i = 0; i < 26; i++) await cache.keep({ ...wanted, set: [`size=${i}`] }, kept);
    expect(readdirSync(at).filter((name) => name.endsWith(".graphs"))).toHaveLength(24);
  });
});

describe("a training from the cache", () => {
  it("ends with the same bits and says the same; from graphs that were kept, unless told not to", async () => {
    const [data, cache] = [await dataFolder(), join(folder(), "cache")];
    const run = (...more: string[]): { made: ReturnType<typeof gancWith>; checkpoint: Buffer } => {
      const out = join(folder(), "run");
      const made = gancWith({ GANC_CACHE: cache }, "train", SPEC, "--data", data, "--out", out, "--steps", "2", ...TINY, "--variant", "norm_in", ...more);
      expect(made.status).toBe(0);
      return { made, checkpoint: readFileSync(join(out, "checkpoints", "step-00000002.safetensors")) };
    };
    const without = run("--no-cache");
    expect(existsSync(cache)).toBe(false);
    const [cold, warm] = [run(), run()];
    expect(readdirSync(cache)).toHaveLength(1);
    expect(cold.checkpoint.equals(without.checkpoint)).toBe(true);
    expect(warm.checkpoint.equals(cold.checkpoint)).toBe(true);
    expect(cold.made.err).toContain("G0711");
    expect(warm.made.err).toBe(cold.made.err);

    // That they were taken: with another name of the first export in the file, the command says that name.
    const body = readFileSync(only(cache)).subarray(0, -32);
    const name = /(firstExport"\x03)A2B/;
    expect(body.toString("latin1")).toMatch(name);
    const other = Buffer.from(body.toString("latin1").replace(name, "$1X2Y"), "latin1");
    writeFileSync(only(cache), Buffer.concat([other, createHash("sha256").update(other).digest()]));
    expect(run().made.out).toContain("--export X2Y");
    expect(run("--no-cache").made.out).toContain("--export A2B");
  }, 120_000);

  it("goes on from the graphs that it began with, and not from those of another library in a folder std of one's own", async () => {
    const [data, cache, home] = [await dataFolder(), join(folder(), "cache"), folder()];
    mkdirSync(join(home, "std"));
    const library = readFileSync("dsl/std/norms.gan", "utf8");
    writeFileSync(join(home, "std", "norms.gan"), library);
    const text = readFileSync(SPEC, "utf8");
    expect(text).toContain("std/norms");
    writeFileSync(join(home, "own.gan"), text.replaceAll(/"?std\/norms"?/g, '"./std/norms.gan"'));
    const run = (out: string, steps: number, ...more: string[]): Buffer => {
      const made = gancIn(home, { GANC_CACHE: cache }, "train", "own.gan", "--data", data, "--out", out, "--steps", String(steps), ...TINY, ...more);
      expect(made.err).toBe("");
      expect(made.status).toBe(0);
      return readFileSync(join(out, "checkpoints", `step-0000000${steps}.safetensors`));
    };
    const first = join(folder(), "run");
    const before = run(first, 1);
    run(first, 2, "--resume");
    expect(readdirSync(cache)).toHaveLength(1);
    writeFileSync(join(home, "std", "norms.gan"), library.replaceAll(/eps\s*=\s*1e-5/g, "eps = 1e-1"));
    expect(readFileSync(join(home, "std", "norms.gan"), "utf8")).not.toBe(library);
    expect(run(join(folder(), "run"), 1).equals(before)).toBe(false);
  }, 120_000);
});
