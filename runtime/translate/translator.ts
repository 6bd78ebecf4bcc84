// One export of a trained run, ready to translate pictures.
import type { InferenceSession } from "onnxruntime-node";
import type { DataStreamSpec, ExportSpec } from "../../compiler/program";
import { prepareTesting, toFloat } from "../data/pipeline";
import type { DataSpec, FloatPicture, Picture } from "../data/types";
import { loadOrt, openSession, type Ort } from "../engine/session";
import { UserError } from "../files/errors";
import { heatmap } from "../pictures/heatmap";

export interface Translation {
  readonly image: FloatPicture;
  /** Coloured and of the image's size; undefined where the export has none. */
  readonly heat?: Picture;
}

export type SizeMode = "test" | "native";

export class Translator {
  private constructor(
    private readonly spec: ExportSpec,
    private readonly stream: DataStreamSpec | undefined,
    private readonly session: InferenceSession,
    private readonly ort: Ort,
  ) {}

  /** @param model an inference model whose weights are inside */
  static async open(spec: ExportSpec, stream: DataStreamSpec | undefined, model: Uint8Array): Promise<Translator> {
    return new Translator(spec, stream, await openSession(model, { arena: true }), await loadOrt());
  }

  get channels(): number {
    const c = this.spec.inputs[0]?.shape[1];
    return typeof c === "number" ? c : 3;
  }

  /** Throws a UserError where the model cannot take a picture of this size. */
  async translate(picture: Picture, mode: SizeMode, name: string): Promise<Translation> {
    if (mode === "native") return this.native(picture, name);
    const stream = this.stream;
    if (!stream) return this.native(picture, name);
    const { channels, height, width } = stream;
    this.fitting(2, height, name);
    this.fitting(3, width, name);
    return this.run({ channels, height, width, data: prepareTesting(picture, stream as DataSpec, name) });
  }

  /** The picture's own size: reflected outwards to what the model takes, the translation cropped back. */
  private async native(picture: Picture, name: string): Promise<Translation> {
    const fixed = this.spec.fixed;
    if (fixed) {
      if (picture.height === fixed.height && picture.width === fixed.width) return this.run(toFloat(picture));
      throw new UserError(`${name}: this model takes ${fixed.width}×${fixed.height} only`, "leave --size native out, or train the light model");
    }
    const grown = { height: this.fitting(2, picture.height, name), width: this.fitting(3, picture.width, name) };
    const made = await this.run(reflected(toFloat(picture), grown.height, grown.width));
    const image = cropped(made.image, picture.height, picture.width);
    return made.heat ? { image, heat: croppedBytes(made.heat, picture.height, picture.width) } : { image };
  }

  /** @param axis of the input's shape, which names the dim as the spec does: `H`, or a number where it is not free */
  private fitting(axis: 2 | 3, size: number, name: string): number {
    const dim = this.spec.inputs[0]?.shape[axis];
    if (typeof dim === "number" && dim !== size)
      throw new UserError(`${name}: this model takes a ${axis === 2 ? "height" : "width"} of ${dim} only, not ${size}`, "choose another export, or compile this one and feed it yourself: ganc compile --target onnx");
    const guard = this.spec.guards.find((g) => g.symbol === dim);
    if (!guard) return size;
    return Math.max(guard.least, Math.ceil(size / guard.divisor) * guard.divisor);
  }

  private async run(x: FloatPicture): Promise<Translation> {
    const input = this.spec.inputs[0]!;
    const feeds = { [input.name]: new this.ort.Tensor("float32", x.data, [1, x.channels, x.height, x.width]) };
    const made = await this.session.run(feeds);
    const named = this.spec.outputs.find((o) => o.name === "image") ?? this.spec.outputs[0]!;
    const y = made[named.name]!;
    const [, channels = 3, height = x.height, width = x.width] = y.dims;
    const image = { channels, height, width, data: y.data as Float32Array };
    const map = made["heatmap"];
    if (!map) return { image };
    const [mh = 1, mw = 1] = map.dims.slice(-2);
    return { image, heat: heatmap(map.data as Float32Array, mh, mw, height, width) };
  }

  async close(): Promise<void> {
    await this.session.release();
  }
}

/** Mirrors at the lower and right border, without repeating it; a small picture back and forth, until it fills the size. */
function reflected(x: FloatPicture, height: number, width: number): FloatPicture {
  if (x.height === height && x.width === width) return x;
  const mirror = (i: number, n: number): number => {
    const at = n === 1 ? 0 : i % (2 * n - 2);
    return at < n ? at : 2 * n - 2 - at;
  };
  const data = new Float32Array(x.channels * height * width);
  for (let c = 0; c < x.channels; c++)
    for (let i = 0; i < height; i++)
      for (let j = 0; j < width; j++) data[(c * height + i) * width + j] = x.data[(c * x.height + mirror(i, x.height)) * x.width + mirror(j, x.width)]!;
  return { channels: x.channels, height, width, data };
}

function cropped(x: FloatPicture, height: number, width: number): FloatPicture {
  const data = new Float32Array(x.channels * height * width);
  for (let c = 0; c < x.channels; c++)
    for (let i = 0; i < height; i++) data.set(x.data.subarray((c * x.height + i) * x.width, (c * x.height + i) * x.width + width), (c * height + i) * width);
  return { channels: x.channels, height, width, data };
}

function croppedBytes(x: Picture, height: number, width: number): Picture {
  const data = new Uint8Array(height * width * x.channels);
  for (let i = 0; i < height; i++) data.set(x.data.subarray(i * x.width * x.channels, (i * x.width + width) * x.channels), i * width * x.channels);
  return { ...x, width, height, data };
}
