// `data` lines: what is read, how it is prepared, and the input it becomes. Sizes are checked before anything runs.
import type { TrainItem } from "../../dsl/tree";
import { rules } from "../diagnostics/table";
import { BATCH } from "../graph/shape";
import type { DataStepSpec, DataStreamSpec } from "../program";
import type { Env } from "../trace/env";
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

/** The size after the last step that decides one; undefined while pictures keep their own. */
function sizeAfter(t: Tracer, item: DataItem, steps: readonly DataStepSpec[]): Size | undefined {
  let size: Size | undefined;
  let least: number | undefined;
  for (const s of steps) {
    if (s.op === "resize") size = { height: s.height, width: s.width };
    else if (s.op === "resize_short") [size, least] = [undefined, s.size];
    else if (s.op === "random_crop" || s.op === "center_crop") {
      const room = size ?? (least === undefined ? undefined : { height: least, width: least });
      if (room && (s.height > room.height || s.width > room.width))
        t.report(rules.cropTooLarge, { crop: `${s.height}x${s.width}`, picture: `${room.height}x${room.width}`, name: item.names.map((n) => n.text).join(", ") }, item.pipeline?.span ?? item.span);
      size = { height: s.height, width: s.width };
    }
  }
  return size;
}

/** Without chance: straight to the model's size, the way the pipeline's last resize would. */
function testSteps(steps: readonly DataStepSpec[], size: Size): DataStepSpec[] {
  const last = steps.filter((s) => s.op === "resize" || s.op === "resize_short").at(-1);
  const filter = last && "filter" in last ? last.filter : "bilinear";
  if (last?.op === "resize_short") return [last, { op: "center_crop", ...size }];
  return [{ op: "resize", ...size, filter }];
}

export function elaborateData(t: Tracer, item: DataItem, env: Env, known: readonly DataStreamSpec[]): DataStreamSpec[] {
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
    const full: DataStepSpec[] = steps.length > 0 ? steps : [{ op: "resize", height: h, width: w, filter: "bilinear" }];
    const size = sizeAfter(t, item, full);
    if (!size || size.height !== h || size.width !== w) {
      const came = size ? `${size.height}x${size.width}` : "pictures of any size";
      t.report(rules.dataSize, { name: name.text, made: came, declared: `${h}x${w}` }, item.pipeline?.span ?? item.span);
    }
    made.push({ name: name.text, folder: name.text, channels: c, height: h, width: w, steps: full, test: testSteps(full, { height: h, width: w }) });
    env.set(name.text, input(t, made.at(-1)!));
  }
  return made;
}

function pipelineOf(t: Tracer, item: DataItem, env: Env): DataStepSpec[] | undefined {
  if (!item.pipeline) return [];
  const written = evaluate(t, item.pipeline, env);
  const value = isKind(written, "builtin") && !written.spec.stage ? t.call(written) : written;
  if (isKind(value, "data-steps")) return [...value.steps];
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
