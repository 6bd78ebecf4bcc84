// The picture grids of a training: a row a held-out picture, from left to right the source, where the network looked, its
// translation, where the way back looked, and the picture that comes back.
import type { DataStreamSpec, ExportSpec, Program } from "../../compiler/program.ts";
import { decode, PictureError } from "../data/decode.ts";
import { listData } from "../data/folder.ts";
import { prepareTesting } from "../data/pipeline.ts";
import type { DataSpec, FloatPicture, Picture } from "../data/types.ts";
import type { Engine, NamedTensor } from "../engine/types.ts";
import { UserError } from "../files/errors.ts";
import { drawGrid } from "../pictures/grid.ts";
import { heatmap } from "../pictures/heatmap.ts";
import type { AnyPicture } from "../pictures/png.ts";
import { directionOf, streamOf } from "../translate/direction.ts";
import type { DrawGrids, Grid } from "./types.ts";

const ROWS = 4;

interface Direction {
  readonly there: ExportSpec;
  readonly back?: ExportSpec;
  readonly stream: DataStreamSpec;
  readonly sources: readonly FloatPicture[];
}

/** What draws this program's grids; undefined where it has no export from one picture to another. */
export async function gridsOf(program: Program, folder: string): Promise<DrawGrids | undefined> {
  const directions: Direction[] = [];
  for (const there of program.exports.filter(translates)) {
    const stream = streamOf(program, there.name);
    if (stream && fits(there, stream)) directions.push({ there, back: inverseOf(program, there), stream, sources: await heldOut(folder, stream) });
  }
  if (directions.length === 0) return undefined;
  return async (engine) => {
    const grids: Grid[] = [];
    for (const direction of directions) grids.push({ name: direction.there.name, png: await drawDirection(engine, direction) });
    return grids;
  };
}

function translates({ inputs, outputs }: ExportSpec): boolean {
  return inputs.length === 1 && outputs.some(isImage);
}

/** Whether an export takes pictures of this size: one of a written size takes no other. */
function fits({ inputs }: ExportSpec, { channels, height, width }: Pick<FloatPicture, "channels" | "height" | "width">): boolean {
  const [, ...dims] = inputs[0]?.shape ?? [];
  const [, ...axes] = inputs[0]?.axes ?? [];
  return axes.join() === "c,h,w" && [channels, height, width].every((size, i) => typeof dims[i] !== "number" || dims[i] === size);
}

function isImage({ axes }: { readonly axes: readonly string[] }): boolean {
  return ["c", "h", "w"].every((axis) => axes.includes(axis));
}

function inverseOf({ exports }: Program, { name }: ExportSpec): ExportSpec | undefined {
  const way = directionOf(name);
  return way && exports.find((each) => each.name === `${way.to}2${way.from}` && translates(each));
}

/** The first pictures of the test folder, or of the training's where there is none. Damaged ones are passed over. */
async function heldOut(folder: string, stream: DataStreamSpec): Promise<FloatPicture[]> {
  const files = (await listed(folder, "test", stream.folder)) ?? (await listed(folder, "train", stream.folder)) ?? [];
  const { channels, height, width } = stream;
  const pictures: FloatPicture[] = [];
  for (const file of files) {
    if (pictures.length === ROWS) break;
    try {
      const data = prepareTesting(await decode(file, channels), stream as DataSpec, file);
      pictures.push({ channels, height, width, data });
    } catch (e) {
      if (!(e instanceof PictureError)) throw e;
    }
  }
  return pictures;
}

async function listed(folder: string, split: "train" | "test", side: string): Promise<readonly string[] | undefined> {
  try {
    return (await listData(folder, split, [side]))[side];
  } catch (e) {
    if (e instanceof UserError) return undefined;
    throw e;
  }
}

async function drawDirection(engine: Engine, { there, back, sources }: Direction): Promise<Uint8Array> {
  const { from, to } = directionOf(there.name) ?? { from: "source", to: "translation" };
  const rows: AnyPicture[][] = [];
  let columns: string[] = [];
  for (const source of sources) {
    const first = await translate(engine, there, source);
    const second = back && fits(back, first.image) ? await translate(engine, back, first.image) : undefined;
    const cells: [string, AnyPicture | undefined][] = [
      [from, source],
      ["looks at", first.heat],
      [to, first.image],
      ["looks at", second?.heat],
      [`back to ${from}`, second?.image],
    ];
    const shown = cells.filter((cell): cell is [string, AnyPicture] => cell[1] !== undefined);
    columns = shown.map(([name]) => name);
    rows.push(shown.map(([, picture]) => picture));
  }
  return drawGrid(rows, { columns });
}

async function translate(engine: Engine, spec: ExportSpec, picture: FloatPicture): Promise<{ image: FloatPicture; heat?: Picture }> {
  const { channels, height, width, data } = picture;
  const input = spec.inputs[0]?.name ?? "";
  const outputs = await engine.export(spec.name, { [input]: { data, shape: [1, channels, height, width] } });
  const name = (spec.outputs.find((each) => each.name === "image") ?? spec.outputs.find(isImage))?.name ?? "";
  const image = outputs[name];
  if (!image) throw new Error(`export ${spec.name} gave no picture`);
  const [c = 0, h = 0, w = 0] = image.shape.slice(-3);
  const map = outputs["heatmap"];
  return { image: { channels: c, height: h, width: w, data: image.data }, heat: map && heatOf(map, h, w) };
}

function heatOf({ data, shape }: NamedTensor, height: number, width: number): Picture {
  const [h = 1, w = 1] = shape.slice(-2);
  return heatmap(data.slice(0, h * w), h, w, height, width);
}
