// Our names against the keys and shapes of the published checkpoints (gans.md 1.12, read off runs of the published code): 44 a
// generator, 35 a global critic, 27 a local one.
import { describe, expect, it } from "vitest";
import { compile } from "../../compiler/compile";
import { countOf, numbersOf } from "../../compiler/graph/shape";
import { UGATIT } from "./spec";
import { theirName } from "./names";

type Keys = Record<string, readonly number[]>;

function generator(light: boolean): Keys {
  const keys: Keys = {
    "gap_fc.weight": [1, 256], "gmp_fc.weight": [1, 256], "conv1x1.weight": [256, 512, 1, 1], "conv1x1.bias": [256],
    "gamma.weight": [256, 256], "beta.weight": [256, 256],
    "DownBlock.1.weight": [64, 3, 7, 7], "DownBlock.5.weight": [128, 64, 3, 3], "DownBlock.9.weight": [256, 128, 3, 3],
    "FC.0.weight": light ? [256, 256] : [256, 1048576], "FC.2.weight": [256, 256],
    "UpBlock2.2.weight": [128, 256, 3, 3], "UpBlock2.7.weight": [64, 128, 3, 3], "UpBlock2.11.weight": [3, 64, 7, 7],
  };
  for (const i of [1, 2, 3, 4]) for (const j of [1, 2]) {
    keys[`UpBlock1_${i}.conv${j}.weight`] = [256, 256, 3, 3];
    keys[`UpBlock1_${i}.norm${j}.rho`] = [1, 256, 1, 1];
  }
  for (const i of [12, 13, 14, 15]) for (const j of [1, 5]) keys[`DownBlock.${i}.conv_block.${j}.weight`] = [256, 256, 3, 3];
  for (const what of ["rho", "gamma", "beta"]) [keys[`UpBlock2.3.${what}`], keys[`UpBlock2.8.${what}`]] = [[1, 128, 1, 1], [1, 64, 1, 1]];
  return keys;
}

function critic(depth: number): Keys {
  const wide = 64 * 2 ** (depth - 2);
  const keys: Keys = { "conv1x1.weight": [wide, 2 * wide, 1, 1], "conv1x1.bias": [wide] };
  const spectral = (layer: string, weight: readonly number[]): void => {
    keys[`${layer}.weight_orig`] = weight;
    keys[`${layer}.weight_u`] = [weight[0]!];
    keys[`${layer}.weight_v`] = [weight.slice(1).reduce((n, d) => n * d, 1)];
  };
  spectral("gap_fc", [1, wide]);
  spectral("gmp_fc", [1, wide]);
  spectral("conv", [1, wide, 4, 4]);
  for (let i = 0; i < depth - 1; i++) {
    spectral(`model.${1 + 3 * i}`, [64 * 2 ** i, i === 0 ? 3 : 32 * 2 ** i, 4, 4]);
    keys[`model.${1 + 3 * i}.bias`] = [64 * 2 ** i];
  }
  return keys;
}

describe.each([["light", []], ["full", ["light=false"]]] as const)("%s, 256 px, 64 channels", (name, set) => {
  const { model } = compile({ path: "specs/ugatit.gan", text: UGATIT }, { set, until: "check" });
  const ours = [...model!.params.values(), ...model!.states.values()];

  it.each([
    ["AB", "genA2B", generator(name === "light"), 44], ["BA", "genB2A", generator(name === "light"), 44],
    ["DA.0", "disGA", critic(7), 35], ["DB.0", "disGB", critic(7), 35], ["DA.1", "disLA", critic(5), 27], ["DB.1", "disLB", critic(5), 27],
  ] as const)("%s has every key of %s once, with its shape", (net, theirs, keys, count) => {
    expect(Object.keys(keys)).toHaveLength(count);
    const mapped = ours.filter((x) => x.net === net).map((x) => ({ ...theirName(net, x.name), ours: numbersOf(x.shape), size: countOf(x.shape) }));
    expect(mapped.map((m) => m.key).sort()).toEqual(Object.keys(keys).sort());
    for (const m of mapped) {
      expect(m.net).toBe(theirs);
      const wanted = keys[m.key]!;
      if (m.shape === "same") expect(m.ours, m.key).toEqual(wanted);
      else expect([m.ours.length, m.size], m.key).toEqual([1, wanted.reduce((n, d) => n * d, 1)]);
    }
  });
});

it("names what it does not know", () => {
  expect(() => theirName("AB", "AB.content.conv1.twist")).toThrow("no key of PyTorch's genA2B is AB.content.conv1.twist");
  expect(() => theirName("E", "E.conv1.weight")).toThrow("no network of PyTorch's is E");
});
