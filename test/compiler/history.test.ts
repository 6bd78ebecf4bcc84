// `history` against the published pool, written here as a plain loop over pictures (facts of util/image_pool.py), fed with the same draws.
import { describe, expect, it } from "vitest";
import { compile } from "../../compiler/compile";
import { Random } from "../../compiler/random";
import { type Feeds, Reference } from "../parity/reference";

const [SIZE, PIXELS] = [3, 3 * 4 * 4];
const spec = (batch: number): string => `
network G(x: image[3, H, W]) { return x |> conv(3, 1) }
train {
  data A: image[3, 4, 4]
  net D: G
  phase p trains D {
    let seen = history(A, ${SIZE})
    sample probe: image[3, 4, 4] = normal
    loss seen += sum(probe * seen) + 0 * mean(D(A))
    loss trained += mean(D(A)^2)
  }
  optimizer p = adam(rate: 1e-4)
  batch ${batch}
}`;

/** While there is room, keep and pass; then by a coin pass an old one and keep the new one in its place. */
class Pool {
  readonly kept: Float64Array[] = [];
  query(x: Float64Array, coin: number, place: number): Float64Array {
    if (this.kept.length < SIZE) {
      this.kept.push(x);
      return x;
    }
    if (coin <= 0.5) return x;
    const old = this.kept[place]!;
    this.kept[place] = x;
    return old;
  }
}

describe.each([1, 2])("history, batch %i", (batch) => {
  it("passes what the published pool passes", () => {
    const compiled = compile({ path: "pool.gan", text: spec(batch) });
    expect(compiled.diagnostics).toEqual([]);
    const { samples } = compiled.program!;
    expect(samples.map((s) => s.name).filter((n) => !n.includes("probe"))).toHaveLength(2 * batch);
    const reference = new Reference(compiled, 100).initialize(1);
    const pool = new Pool();
    let swaps = 0;
    for (let step = 1; step <= 12; step++) {
      const random = Random.of(step, "history");
      const draw = (n: number): Float64Array => Float64Array.from({ length: n }, () => random.unit());
      const feeds: Feeds = { data: { A: draw(batch * PIXELS) }, samples: Object.fromEntries(samples.map((s) => [s.name, draw(s.shape.reduce((n, d) => n * d, 1))])) };
      const of = (what: string, k: number): Float64Array => feeds.samples![samples.find((s) => s.name.endsWith(`.${what}${k + 1}`))!.name]!;
      const probe = feeds.samples![samples.find((s) => s.name.includes("probe"))!.name]!;
      let wanted = 0;
      for (let k = 0; k < batch; k++) {
        const x = feeds.data["A"]!.slice(k * PIXELS, (k + 1) * PIXELS);
        const place = of("place", k);
        const passed = pool.query(x, of("coin", k)[0]!, place.indexOf(Math.max(...place)));
        swaps += passed === x ? 0 : 1;
        passed.forEach((v, i) => (wanted += (v * probe[k * PIXELS + i]!) / batch));
      }
      expect(reference.step(feeds).losses.get("p.seen")).toBeCloseTo(wanted, 12);
      const kept = reference.get("state:p.seen.history1.pool");
      pool.kept.forEach((v, place) => expect([...kept.slice(place * PIXELS, (place + 1) * PIXELS)]).toEqual([...v]));
    }
    expect(swaps).toBeGreaterThan(1);
  });
});

it("is the value itself in an export, and carries no gradient", () => {
  const made = compile({ path: "pool.gan", text: `${spec(1)}\nexport E(x: image[3, H, W]) = { image: history(x, 3) |> relu }` });
  expect(made.diagnostics.filter((d) => d.severity === "error")).toEqual([]);
  expect(made.exports[0]!.graph.nodes.some((n) => n.op === "input" && n.attrs.kind !== "data")).toBe(false);
});
