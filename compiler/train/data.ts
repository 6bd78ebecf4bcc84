// `data` lines: what is read, how it is prepared, and the input it becomes. Sizes are checked before anything runs.
import type { TrainItem } from "../../dsl/tree";
import { rules } from "../diagnostics/table";
import { BATCH } from "../graph/shape";
import type { DataStepSpec, DataStreamSpec, PictureStepSpec } from "../program";
import { namesIn } from "../resolve/mentioned";
import { Env } from "../trace/env";
import { evaluate } from "../trace/expressions";
import { shapeOf } from "../trace/bodies";
import { writeType } from "../trace/parameters";
import type { Tracer } from "../trace/tracer";
import { isKind, isPoison, kindName, POISON } from "../trace/values";

type DataItem = Extract<TrainItem, { kind: "data" }>;
interface Size {
  readonly height: number;
  readonly width: number;
}

/** What is known of a picture's size at a place of its steps: both sides, the shorter one at least, or nothing. */
interface Known {
  readonly size?: Size;
  readonly least?: number;
}

/** What the sizes may be after these steps, which all_or_none leaves open; each once. */
function sizesAfter(t: Tracer, item: DataItem, steps: readonly DataStepSpec[], before: readonly Known[]): readonly Known[] {
  let sizes = before;
  for (const s of steps) {
    if (s.op === "resize") sizes = [{ size: { height: s.height, width: s.width } }];
    else if (s.op === "resize_short") sizes = [{ least: s.size }];
    else if (s.op === "all_or_none") sizes = once([...sizes, ...sizesAfter(t, item, s.steps, sizes)]);
    else if (s.op !== "random_flip") {
      checkRoom(t, item, s, sizes);
      sizes = [{ size: { height: s.height, width: s.width } }];
    }
  }
  return sizes;
}

const once = (sizes: readonly Known[]): Known[] => [...new Map(sizes.map((known) => [JSON.stringify([known.size?.height, known.size?.width, known.least]), known])).values()];

function checkRoom(t: Tracer, item: DataItem, crop: Size, sizes: readonly Known[]): void {
  const rooms = sizes.map(({ size, least }) => size ?? (least === undefined ? undefined : { height: least, width: least }));
  const tight = rooms.find((room) => room && (crop.height > room.height || crop.width > room.width));
  if (tight) t.report(rules.cropTooLarge, { crop: sizeText(crop), picture: sizeText(tight), name: item.names.map((n) => n.text).join(", ") }, item.pipeline?.span ?? item.span);
}

const sizeText = ({ height, width }: Size): string => `${height}x${width}`;

function checkSize(t: Tracer, item: DataItem, name: string, steps: readonly DataStepSpec[], wanted: Size): void {
  const made = sizesAfter(t, item, steps, [{}]);
  if (made.every(({ size }) => size?.height === wanted.height && size.width === wanted.width)) return;
  const came = made.map(({ size }) => (size ? sizeText(size) : "pictures of any size")).join(" or ");
  t.report(rules.dataSize, { name, made: came, declared: sizeText(wanted) }, item.pipeline?.span ?? item.span);
}

/** Steps that were looked at, and for which size: what a param holds is judged once, however many lines take it. */
export type Judged = Map<readonly DataStepSpec[], Set<string>>;

function isFirst(judged: Judged, steps: readonly DataStepSpec[], size: string): boolean {
  const sizes = judged.get(steps) ?? new Set();
  if (sizes.has(size)) return false;
  judged.set(steps, sizes.add(size));
  return true;
}

/** What is done to a picture to be translated, where the line says it: it is the other side of `if training`. */
function writtenTest(t: Tracer, item: DataItem, name: string, env: Env, size: Size, judged: Judged): PictureStepSpec[] | undefined {
  if (!item.pipeline || !namesIn(item.pipeline).includes("training")) return undefined;
  const testing = new Env(env, true);
  testing.set("training", false);
  const steps = pipelineOf(t, item, testing);
  if (!steps) return undefined;
  const chance = steps.find(({ op }) => op === "random_flip" || op === "random_crop" || op === "all_or_none");
  const first = isFirst(judged, steps, `${sizeText(size)} in testing`);
  if (first && chance) t.report(rules.chanceInTesting, { op: chance.op, name }, item.pipeline.span);
  else if (first) checkSize(t, item, name, steps, size);
  return whole(steps);
}

/** Without chance: straight to the model's size, the way the pipeline's last resize would. */
function testSteps(steps: readonly DataStepSpec[], size: Size): PictureStepSpec[] {
  const last = whole(steps).filter((s) => s.op === "resize" || s.op === "resize_short").at(-1);
  const filter = last && "filter" in last ? last.filter : "bilinear";
  if (last?.op === "resize_short") return [last, { op: "center_crop", ...size }];
  return [{ op: "resize", ...size, filter }];
}

/** With what stands in all_or_none. */
const whole = (steps: readonly DataStepSpec[]): PictureStepSpec[] => steps.flatMap((s) => (s.op === "all_or_none" ? whole(s.steps) : [s]));

export function elaborateData(t: Tracer, item: DataItem, env: Env, known: readonly DataStreamSpec[], judged: Judged): DataStreamSpec[] {
  const other = item.type.kind === "named" && !item.type.dims ? known.find((d) => item.type.kind === "named" && d.name === item.type.name.text) : undefined;
  const made: DataStreamSpec[] = [];
  for (const name of item.names) {
    if (other) {
      if (item.pipeline) t.report(rules.wrongKind, { what: `\`data ${name.text}: ${other.name}\``, expected: `no steps of its own, for its pictures are those of \`${other.name}\``, got: "steps" }, item.pipeline.span);
      // Rule 12: the next item of the other's own stream. A stream of its own would hand out the same picture twice a step.
      made.push({ ...other, name: name.text, of: other.of ?? other.name });
      env.set(name.text, input(t, made.at(-1)!));
      continue;
    }
    const shape = shapeOf(t, item.type, env);
    const [c, h, w] = ["c", "h", "w"].map((a) => shape?.find((s) => s.axis === a)?.dim);
    const isPicture = shape?.length === 3 && [c, h, w].every((d) => typeof d === "number");
    if (shape && !isPicture) t.report(rules.wrongKind, { what: "`data`", expected: "pictures, as image[3, size, size]", got: writeType(item.type) }, item.type.span);
    if (!shape || !isPicture || typeof c !== "number" || typeof h !== "number" || typeof w !== "number") {
      env.set(name.text, POISON);
      continue;
    }
    const steps = pipelineOf(t, item, env);
    if (!steps) {
      env.set(name.text, POISON);
      continue;
    }
    const full: readonly DataStepSpec[] = steps.length > 0 ? steps : [{ op: "resize", height: h, width: w, filter: "bilinear" }];
    const size = { height: h, width: w };
    if (isFirst(judged, full, sizeText(size))) checkSize(t, item, name.text, full, size);
    const test = writtenTest(t, item, name.text, env, size, judged) ?? testSteps(full, size);
    made.push({ name: name.text, folder: name.text, channels: c, height: h, width: w, steps: full, test });
    env.set(name.text, input(t, made.at(-1)!));
  }
  return made;
}

function pipelineOf(t: Tracer, item: DataItem, env: Env): readonly DataStepSpec[] | undefined {
  if (!item.pipeline) return [];
  const written = evaluate(t, item.pipeline, env);
  const value = isKind(written, "builtin") && !written.spec.stage ? t.call(written, item.pipeline.span) : written;
  if (isKind(value, "data-steps")) return value.steps;
  if (!isPoison(value)) t.report(rules.wrongKind, { what: "`data`", expected: "preprocessing steps such as resize(286) |> random_crop(256)", got: kindName(value) }, item.pipeline.span);
  return undefined;
}

function input(t: Tracer, d: DataStreamSpec): { kind: "tensor"; id: number } {
  const shape = [
    { axis: BATCH, dim: t.batch },
    { axis: "c", dim: d.channels },
    { axis: "h", dim: d.height },
    { axis: "w", dim: d.width },
  ];
  return { kind: "tensor", id: t.must("input", { kind: "data", name: d.name, shape }, []) };
}
