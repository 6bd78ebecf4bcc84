import { rule } from "../../dsl/diagnostic";

export const training = {
  netNotTrained: rule<{ net: string }>(
    "G0701", "net-not-trained", "warning", (v) => `no phase trains the net \`${v.net}\`: it stays as it was initialized`,
    (v) => `add it to a phase: \`trains ${v.net}\`, or drop it`),
  coveredTwice: rule<{ net: string; first: string; second: string }>(
    "G0702", "covered-twice", "error", (v) => `\`${v.net}\` is covered by two optimizers: ${v.first} and ${v.second}`,
    () => "let each trained parameter have one optimizer"),
  notCovered: rule<{ net: string }>(
    "G0703", "not-covered", "error", (v) => `no optimizer covers \`${v.net}\`, which is trained`,
    (v) => `add \`optimizer ${v.net} = adam(rate: 1e-4)\`, or name its phase`),
  unreached: rule<{ what: string; phase: string }>(
    "G0704", "unreached-parameter", "error", (v) => `no loss of phase ${v.phase} reaches ${v.what}, which it trains`,
    () => "add a loss that depends on it, or leave its net out of `trains` (`except` leaves out a part)"),
  stale: rule<{ net: string; phase: string; changed: string }>(
    "G0705", "stale-gradient", "error",
    (v) => `phase ${v.phase} takes a gradient through a value that was computed with weights of \`${v.net}\` from before phase ${v.changed} changed them`,
    () => "compute the value inside this phase"),
  termNotScalar: rule<{ term: string; shape: string }>(
    "G0706", "term-not-scalar", "error", (v) => `the loss term \`${v.term}\` is ${v.shape}, not one number a sample`,
    () => "take a mean or a sum over its axes"),
  notNet: rule<{ got: string }>(
    "G0707", "not-a-net", "error", (v) => `only nets can be trained, not ${v.got}`,
    () => "a network is a plan: `net AB: Generator` makes one that has weights"),
  noLoss: rule<{ phase: string }>(
    "G0708", "no-loss", "error", (v) => `phase ${v.phase} has no loss`, () => "add `loss name += ...`"),
  badAmount: rule<{ what: string; got: string; expected: string }>(
    "G0709", "bad-amount", "error", (v) => `${v.what} must be ${v.expected}, not ${v.got}`),
  noTrain: rule<{ spec: string }>(
    "G0710", "no-train-block", "error", (v) => `${v.spec} has no train block, so there is nothing to train`,
    () => "add `train { data ... net ... phase ... optimizer ... }`"),
  dead: rule<{ names: string; count: string }>(
    "G0711", "dead-parameters", "note", (v) => `dropped, because nothing uses it: ${v.names} (${v.count} parameters)`),
  vanished: rule<{ term: string; why: string }>(
    "G0712", "term-vanished", "note", (v) => `the loss term \`${v.term}\` vanishes: ${v.why}`),
  dropped: rule<{ names: string }>(
    "G0713", "output-none", "note", (v) => `the outputs ${v.names} are none and leave the export`),
  noOutput: rule<{ name: string }>(
    "G0715", "no-output", "error", (v) => `the export \`${v.name}\` gives nothing: no tensor comes out of it`,
    () => "an export gives a tensor, or a record of tensors: export A2B(x: image[3, H, W]) = AB(x)"),
  noPhase: rule<Record<string, never>>(
    "G0716", "no-phase", "error", () => "the train block has no phase, so it trains nothing",
    () => "add `phase generators trains AB { loss ... }`"),
  unusedNet: rule<{ net: string }>(
    "G0714", "net-unused", "warning", (v) => `the net \`${v.net}\` is never called`, () => "drop it, or use it in a loss or an export"),
  // G0801, not-compiled-yet, is gone: all of the language compiles. Its code is not used again.
  cannotLower: rule<{ target: string; op: string; reason: string }>(
    "G0802", "cannot-lower", "error", (v) => `the ${v.target} backend cannot express ${v.op} here: ${v.reason}`),
} as const;
