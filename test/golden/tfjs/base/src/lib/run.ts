// A training run: data in, steps, checkpoints, sample pictures, and a line that says how it goes.
import { join } from "node:path";
import { type Checkpoint, findCheckpoint, type Progress, saveCheckpoint } from "./checkpoint.js";
import type { Options } from "./command.js";
import { listPictures, type Position, prepared, Stream } from "./data.js";
import { Draws } from "./draws.js";
import { writeWhole } from "./files.js";
import { drawn as drawnFrom } from "./inits.js";
import { UserError } from "./mistake.js";
import { toMemoryOrder } from "./order.js";
import { type Picture, readPicture, toBytes, toPng } from "./pictures.js";
import { type RunLength, scheduleFactor } from "./schedule.js";
import { packageName, type Tensor, tf } from "./tf.js";
import type { Training, TrainingModel } from "./training.js";
import { Weights } from "./weights.js";

/** Trains to the end, or until Ctrl-C; either way a checkpoint is left. */
export async function run(model: TrainingModel, options: Options): Promise<void> {
  process.stdout.write(`${model.origin.name} on ${packageName} ${tf.version.tfjs}\n`);
  const checkpoint = options.resume === undefined ? undefined : await findCheckpoint(options.resume, model);
  await new Run(model, options, checkpoint, await openStreams(model, options, checkpoint)).go();
}

type Streams = ReadonlyMap<string, Stream>;

async function openStreams(
  model: TrainingModel,
  { data, seed }: Options,
  checkpoint: Checkpoint | undefined,
): Promise<Streams> {
  const streams = model.data
    .filter(({ of }) => of === undefined)
    .map(async (spec): Promise<[string, Stream]> => {
      const position: Position | undefined = checkpoint?.progress?.data[spec.name];
      if (checkpoint?.progress && !position)
        throw new UserError(`${checkpoint.path} has no position in data ${spec.name}`);
      return [
        spec.name,
        new Stream(spec, await listPictures(join(data, `train${spec.folder}`)), position?.seed ?? seed, position),
      ];
    });
  return new Map(await Promise.all(streams));
}

class Run {
  private readonly weights: Weights;
  private readonly training: Training;
  private readonly length: RunLength;
  private readonly seed: number;
  private step: number;
  private saved = -1;
  private stopping = false;
  /** Where the data stands after the last step: what is read ahead does not count. */
  private position: Progress["data"] = {};
  private readonly line = new Line();

  constructor(
    private readonly model: TrainingModel,
    private readonly options: Options,
    private checkpoint: Checkpoint | undefined,
    private readonly streams: Streams,
  ) {
    const longest = Math.max(1, ...[...streams].map(([name, stream]) => stream.length / this.draws(name).length));
    const epoch = Math.ceil(longest / model.batch);
    const planned = Math.max(1, Math.round(model.length.count * (model.length.unit === "epochs" ? epoch : 1)));
    const progress = checkpoint?.progress;
    this.length = { total: options.steps ?? progress?.total ?? planned, epoch };
    this.seed = progress?.seed ?? options.seed;
    this.step = progress?.step ?? 0;
    this.weights = new Weights({ seed: this.seed });
    this.training = model.create(this.weights);
    if (checkpoint) this.weights.load(checkpoint.tensors);
    if (!progress) return;
    this.saved = this.step;
    for (const [name, adams] of Object.entries(this.training.optimizers))
      for (const adam of adams) adam.updates = progress.updates[name] ?? this.step;
  }

  async go(): Promise<void> {
    const stop = (): void => {
      this.stopping = true;
    };
    process.once("SIGINT", stop);
    try {
      let next = this.nextBatch(this.step + 1);
      while (this.step < this.length.total && !this.stopping) {
        const batch = await next;
        this.step++;
        this.position = this.positions();
        // The next pictures are read while this step is computed.
        if (this.step < this.length.total) next = this.nextBatch(this.step + 1);
        await this.once(batch);
        if (this.step % this.options.saveEvery === 0) await this.save();
      }
      await this.save();
    } finally {
      process.removeListener("SIGINT", stop);
      this.line.end();
    }
  }

  private positions(): Progress["data"] {
    return Object.fromEntries([...this.streams].map(([name, stream]) => [name, stream.position()]));
  }

  /** The data that draw from this stream, itself first. */
  private draws(stream: string): string[] {
    return this.model.data.filter(({ name, of = name }) => of === stream).map(({ name }) => name);
  }

  private nextBatch(step: number): Promise<Map<string, Float32Array>> {
    const wanted = this.model.streamsAt?.(step);
    const made = new Map<string, Float32Array>();
    const read = async ([name, stream]: [string, Stream]): Promise<void> => {
      for (const draw of this.draws(name))
        if (wanted?.includes(draw) ?? true) made.set(draw, await stream.next(this.model.batch));
    };
    const batch = Promise.all([...this.streams].map(read)).then(() => made);
    batch.catch(() => undefined); // told by the step that wants it
    return batch;
  }

  private async once(pictures: ReadonlyMap<string, Float32Array>): Promise<void> {
    const { batch, data, samples, schedule, held } = this.model;
    const inputs: Record<string, Tensor> = {};
    const drawn: Record<string, Tensor> = {};
    for (const { name, height, width, channels } of data) {
      const values = pictures.get(name);
      if (values) inputs[name] = tf.tensor(values, [batch, height, width, channels]);
    }
    for (const { name, shape, distribution, order } of samples) {
      const count = shape.reduce((product, dim) => product * dim, 1);
      const values = drawnFrom(
        distribution,
        count,
        { in: 1, out: 1 },
        this.seed,
        `sample ${name} of step ${this.step}`,
      );
      drawn[name] = tf.tensor(toMemoryOrder(values, order), [...shape]);
    }
    this.weights.drawn = drawn;
    const losses = this.training.step(inputs, {
      step: this.step,
      factor: scheduleFactor(schedule, this.step, this.length, held),
    });
    const names = Object.keys(losses);
    const all = tf.stack(Object.values(losses));
    const values = await all.data<"float32">();
    tf.dispose([inputs, drawn, losses, all]);
    if (this.checkpoint) this.compare(this.checkpoint);
    this.checkpoint = undefined;
    this.line.say(
      this.step,
      this.length.total,
      names.map((name, i) => `${name} ${(values[i] ?? NaN).toPrecision(4)}`),
    );
  }

  /** After a first step everything is made: the checkpoint must have held all of it, and nothing else. */
  private compare({ path, tensors, progress }: Checkpoint): void {
    const expected = this.weights.names().filter((name) => !this.isUnused(name) && (progress || !/^[mv]\//.test(name)));
    const lacking = expected.filter((name) => !tensors.has(name));
    const [extra] = this.weights.unread();
    if (extra !== undefined) throw new UserError(`${path} is of another model: it holds ${extra}`);
    if (lacking.length > 0)
      throw new UserError(`${path} is of another model: it lacks ${lacking.slice(0, 4).join(", ")}`);
  }

  private isUnused(name: string): boolean {
    return this.model.unused?.some((unused) => name === `param/${unused}`) ?? false;
  }

  private async save(): Promise<void> {
    if (this.saved === this.step || this.step === 0) return;
    const updates = Object.fromEntries(
      Object.entries(this.training.optimizers).map(([name, [adam]]) => [name, adam?.updates ?? 0]),
    );
    const progress: Progress = {
      step: this.step,
      total: this.length.total,
      epoch: this.length.epoch,
      seed: this.seed,
      updates,
      data: this.position,
    };
    const tensors = new Map([...this.weights.save()].filter(([name]) => !this.isUnused(name)));
    const path = await saveCheckpoint(this.options.out, this.model, tensors, progress);
    this.saved = this.step;
    this.line.note(path);
    await this.draw();
  }

  /** What the exports make of the first test pictures: given left, made right. */
  private async draw(): Promise<void> {
    for (const [name, translate] of Object.entries(this.training.exports)) {
      if (translate.length > 1) continue; // it wants more than a picture
      const spec = this.model.data.find((stream) => stream.name === /^(.+)2/.exec(name)?.[1]) ?? this.model.data[0];
      if (!spec) continue;
      const files = await listPictures(join(this.options.data, `test${spec.folder}`)).catch(() => []);
      const rows: Picture[][] = [];
      for (const file of files.slice(0, 4)) rows.push(await this.row(file, spec, translate));
      if (rows.length === 0) continue;
      const path = join(this.options.out, "pictures", `step-${String(this.step).padStart(8, "0")}-${name}.png`);
      await writeWhole(path, [await toPng(rows)]);
      this.line.note(path);
    }
  }

  private async row(
    file: string,
    spec: TrainingModel["data"][number],
    translate: Training["exports"][string],
  ): Promise<Picture[]> {
    const values = prepared(await readPicture(file, spec.channels), spec, spec.test, file, Draws.seeded(0));
    const image = tf.tidy(() => {
      const made = this.weights.inference(() =>
        translate(tf.tensor(values, [1, spec.height, spec.width, spec.channels])),
      );
      return made instanceof tf.Tensor ? made : made["image"]!;
    });
    const [, height = 1, width = 1, channels = 1] = image.shape;
    const given = { width: spec.width, height: spec.height, channels: spec.channels, data: toBytes(values) };
    const data = toBytes(await image.data<"float32">());
    image.dispose();
    return [given, { width, height, channels, data }];
  }
}

/** The line of progress: rewritten in a terminal, now and then a new one elsewhere. */
class Line {
  private readonly began = performance.now();
  private steps = 0;
  private shown = -Infinity;

  say(step: number, total: number, losses: readonly string[]): void {
    this.steps++;
    const now = performance.now();
    if (now - this.shown < (process.stdout.isTTY ? 100 : 10_000) && step < total) return;
    this.shown = now;
    const rate = (1000 * this.steps) / (now - this.began);
    const minutes = (total - step) / rate / 60;
    const left =
      minutes < 1
        ? `${Math.ceil(60 * minutes)} s`
        : minutes < 100
          ? `${Math.ceil(minutes)} min`
          : `${Math.ceil(minutes / 60)} h`;
    this.write(`step ${step}/${total}, ${rate.toPrecision(3)} steps/s, ${left} left: ${losses.join(", ")}`);
  }

  note(text: string): void {
    this.end();
    process.stdout.write(`${text}\n`);
  }

  end(): void {
    if (process.stdout.isTTY && this.shown > -Infinity) process.stdout.write("\n");
    this.shown = -Infinity;
  }

  private write(text: string): void {
    process.stdout.write(process.stdout.isTTY ? `\r\x1b[K${text.slice(0, process.stdout.columns)}` : `${text}\n`);
  }
}
