import { expect, it } from "vitest";
import { Random } from "../../compiler/random";

it("fills with the very numbers that unit() gives one by one, and goes on behind them", () => {
  const [all, single] = [Random.of(7, "weights"), Random.of(7, "weights")];
  const values = new Float32Array(10_007);
  all.fillUniform(values, -0.5, 2);
  expect(values).toEqual(Float32Array.from(values, () => -0.5 + 2.5 * single.unit()));
  expect(all.state()).toEqual(single.state());
});
