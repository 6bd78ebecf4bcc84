import { rule } from "../../dsl/diagnostic";

const listed = (axes: readonly string[]): string => axes.map((a) => `\`${a}\``).join(", ");
const namesOfMisfit = (v: { lacks: readonly string[]; extra: readonly string[] }): string =>
  [
    ...(v.lacks.length > 0 ? [`it lacks ${listed(v.lacks)}`] : []),
    ...(v.extra.length > 0 ? [`there is no place for ${listed(v.extra)}`] : []),
  ].join(", and ");

export const dims = {
  dimClash: rule<{ op: string; axis: string; left: string; right: string; hint?: string | undefined }>(
    "G0501", "dim-clash", "error", (v) => `${v.op}: the axis \`${v.axis}\` differs: ${v.left} and ${v.right}`, (v) => v.hint),
  missingAxis: rule<{ op: string; axis: string; shape: string }>(
    "G0502", "missing-axis", "error", (v) => `${v.op} works along \`${v.axis}\`, which ${v.shape} does not have`,
    () => "name an axis that is there, or work along it before it is pooled away"),
  extraAxis: rule<{ op: string; axis: string; shape: string }>(
    "G0515", "extra-axis", "error", (v) => `${v.op} has no place for the axis \`${v.axis}\` of ${v.shape}`,
    () => "pool or flatten the axis away first"),
  axisName: rule<{ what: string; expected: string; got: string; lacks: readonly string[]; extra: readonly string[] }>(
    "G0503", "axis-name", "error", (v) => `${v.what} takes ${v.expected}, but got ${v.got}: ${namesOfMisfit(v)}`,
    () => "values fit by the names of their axes, whatever their sizes"),
  channels: rule<{ op: string; expected: string; got: string; left: string; right: string }>(
    "G0504", "channels", "error", (v) => `${v.op} was made for ${v.expected} channels, but got ${v.got}: ${v.left} against ${v.right}`,
    () => "every call of one net shares its weights, so its inputs must have the same channels"),
  padTooWide: rule<{ op: string; axis: string; pad: number; shape: string; mode: string; hint?: string | undefined }>(
    "G0505", "pad-too-wide", "error",
    (v) => `${v.op}: ${v.mode} padding of ${v.pad} needs more than ${v.pad} along \`${v.axis}\`, but its input is ${v.shape}`,
    (v) => v.hint ?? "a reflection copies pixels from inside: use fewer strided layers before, larger pictures, or zero padding"),
  windowTooLarge: rule<{ op: string; axis: string; kernel: number; shape: string; hint?: string | undefined }>(
    "G0506", "window-too-large", "error",
    (v) => `${v.op}: a window of ${v.kernel} does not fit along \`${v.axis}\` of ${v.shape}`,
    (v) => v.hint ?? "use fewer strided layers before, larger pictures, or a smaller kernel"),
  indivisible: rule<{ op: string; what: string; by: number }>(
    "G0507", "indivisible", "error", (v) => `${v.op}: ${v.what} is not a multiple of ${v.by}`,
    (v) => `choose sizes so that it is a multiple of ${v.by}`),
  dimNeedsNumber: rule<{ op: string; axis: string; shape: string }>(
    "G0508", "free-dim", "error", (v) => `${v.op} needs a number for \`${v.axis}\` of ${v.shape}, which is free here`,
    () => "give the export fixed sizes: (x: image[3, size, size])"),
  argumentShape: rule<{ what: string; expected: string; got: string }>(
    "G0509", "argument-shape", "error", (v) => `${v.what} takes ${v.expected}, but got ${v.got}`,
    (v) => (v.got.includes("batch:") ? "a state is shared by all samples: take a mean over the batch first" : undefined)),
  cropTooLarge: rule<{ crop: string; picture: string; name: string }>(
    "G0510", "crop-too-large", "error", (v) => `a crop of ${v.crop} does not fit into the pictures of ${v.name}, which are ${v.picture} by then`,
    (v) => `resize to at least ${v.crop.split("x")[0]} before the crop`),
  dataSize: rule<{ name: string; made: string; declared: string }>(
    "G0511", "data-size", "error", (v) => `the pictures of ${v.name} come out as ${v.made}, but are declared ${v.declared}`,
    (v) => `let the last resize or crop give the declared size${v.made.includes(" or ") ? ", with what stands in all_or_none and without it" : ""}`),
  chanceInTesting: rule<{ op: string; name: string }>(
    "G0516", "chance-in-testing", "error", (v) => `\`${v.op}\` leaves to chance how pictures of ${v.name} are prepared to be translated`,
    () => "resize and center_crop have no chance in them"),
  parameterShape: rule<{ path: string; was: string; now: string }>(
    "G0512", "parameter-shape", "error", (v) => `\`${v.path}\` was made as ${v.was}, and this call needs ${v.now}`,
    () => "every call of one net shares its weights: call it with one size, or pool before the layer"),
  takenAxis: rule<{ op: string; axis: string; shape: string }>(
    "G0513", "taken-axis", "error", (v) => `${v.op}: ${v.shape} has an axis \`${v.axis}\` already`, () => "choose another name"),
  outOfRange: rule<{ op: string; axis: string; start: number; size: number; shape: string }>(
    "G0514", "axis-range", "error", (v) => `${v.op}: ${v.start} to ${v.start + v.size} lies outside \`${v.axis}\` of ${v.shape}`),
} as const;

export const slots = {
  styleNotOffered: rule<{ norm: string; needs: string; slot: string; offers: string }>(
    "G0601", "style-not-offered", "error",
    (v) => `${v.norm} wants ${v.needs}, but the slot \`${v.slot}\` offers ${v.offers}`,
    (v) => `declare the slot as \`${v.slot}: Norm(${v.needs.replace(/`/g, "")})\` and give them where it is applied, or choose a norm without style inputs (IN, LN, GN, ILN)`),
  slotKind: rule<{ slot: string; expected: string; got: string }>(
    "G0602", "slot-kind", "error", (v) => `the slot \`${v.slot}\` takes ${v.expected}, not ${v.got}`),
  styleUnbound: rule<{ norm: string; needs: string }>(
    "G0603", "style-unbound", "error", (v) => `${v.norm} is applied without ${v.needs}`,
    (v) => `give it by name: ${v.norm}(${v.needs.replace(/`/g, "")}: ...)`),
  noHeatmap: rule<{ name: string; head: string }>(
    "G0604", "no-heatmap", "error", (v) => `the export \`${v.name}\` has no heatmap: its head is ${v.head}`,
    () => "leave --heatmap out, or train with generator_head=CAM"),
} as const;
