// Imported weights make of a picture what PyTorch makes of it: each network's every output, both in double precision.
import { describe, expect, it } from "vitest";
import { parseLayout } from "../../../runtime/import/layout";
import { golden, goldenJson, type Listed, numbersOf } from "./kit";
import { compileTiny, forward, imported, layoutText, NETS, picture } from "./model";

interface Expected {
  readonly x: Listed;
  readonly out: Readonly<Record<string, Listed>>;
}

const OLD = ["decoder_norm=AdaLIN(nested_variance: true)", "upsample_norm=ILN(nested_variance: true)"];
/** PyTorch's name of an output, and ours. */
const OUTPUTS = { logits: "logits", heatmap: "heatmap" };

/** Norm of the difference over the norm of what is right. */
function distance(ours: ArrayLike<number>, right: readonly number[]): number {
  expect(ours.length).toBe(right.length);
  const sum = right.reduce((n, r, i) => n + (ours[i]! - r) ** 2, 0);
  return Math.sqrt(sum / right.reduce((n, r) => n + r * r, 0));
}

describe.each([["light-zip", []], ["full-zip", ["light=false"]], ["full-zip", ["light=false", "channels_last=true"]], ["nested-legacy", OLD]] as const)("%s", (name, set) => {
  it("gives PyTorch's pictures, patches, logits and heat maps", async () => {
    const c = compileTiny(set);
    const { weights } = await imported(golden(`${name}.pt`), c);
    const { x, out } = goldenJson<Expected>(`${name}.json`);
    let worst = 0;
    for (const [theirs, ours] of Object.entries(NETS)) {
      const made = forward(c, ours, picture(x.shape, numbersOf(x)), weights);
      for (const [key, output] of Object.entries({ main: theirs.startsWith("gen") ? "image" : "patches", ...OUTPUTS })) {
        const d = distance(made.get(output)!.data, numbersOf(out[`${theirs}.${key}`]!));
        // Rounding gives some 1e-14; the right weights in a wrong place, or a biased variance, give 1e-3 and more.
        expect(d, `${theirs}.${key}`).toBeLessThan(1e-11);
        worst = Math.max(worst, d);
      }
    }
    console.log(`${name}: worst relative difference ${worst.toExponential(1)}`);
  });
});

it("is another picture with the other variance", async () => {
  const { x, out } = goldenJson<Expected>("nested-legacy.json");
  const c = compileTiny();
  const { weights } = await imported(golden("nested-legacy.pt"), c);
  const made = forward(c, "A2B", picture(x.shape, numbersOf(x)), weights);
  expect(distance(made.get("image")!.data, numbersOf(out["genA2B.main"]!))).toBeGreaterThan(1e-2);
});

it("is another picture where the first linear layer is taken in the wrong order", async () => {
  const { x, out } = goldenJson<Expected>("full-zip.json");
  const c = compileTiny(["light=false", "channels_last=true"]);
  const blind = parseLayout("blind", layoutText().replace(/.*channels_last = true\n/, ""));
  const { weights } = await imported(golden("full-zip.pt"), c, blind);
  const made = forward(c, "A2B", picture(x.shape, numbersOf(x)), weights);
  expect(distance(made.get("image")!.data, numbersOf(out["genA2B.main"]!))).toBeGreaterThan(1e-3);
});
