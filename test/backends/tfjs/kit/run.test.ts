// A whole run by the kit beside the same run by ganc: the same pictures, first weights, draws, schedule and updates, and each goes on from
// the other's checkpoint. The model is written by hand as the writer would write it.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { emitModel } from "../../../../backends/onnx/model";
import type * as command from "../../../../backends/tfjs/kit/command";
import type * as checkpoint from "../../../../backends/tfjs/kit/checkpoint";
import type * as data from "../../../../backends/tfjs/kit/data";
import type * as run from "../../../../backends/tfjs/kit/run";
import type * as schedule from "../../../../backends/tfjs/kit/schedule";
import type { Scope } from "../../../../backends/tfjs/kit/scope";
import type { Tensor } from "../../../../backends/tfjs/kit/tf";
import type { TrainingModel } from "../../../../backends/tfjs/kit/training";
import { compile } from "../../../../compiler/compile";
import { TensorFile } from "../../../../runtime/checkpoint/file";
import { listData } from "../../../../runtime/data/folder";
import { Loader } from "../../../../runtime/data/loader";
import { runTraining } from "../../../../runtime/train/run";
import { scheduleFactor } from "../../../../runtime/train/schedule";
import { random } from "../../../compiler/kit";
import { engines } from "../../../tfjs/engines";
import { scratch } from "../../../runtime/data/scratch";
import { type Kit, loadKit } from "./load";

const SPEC = `
import { mse } from "std/losses"
import { spectral } from "std/reparams"
import { BN } from "std/norms"

network G(x: image[3, H, W], z: vector[2]) {
  let body = x |> conv(4, 3, pad: reflect(1), weight: spectral) |> BN |> relu
  let code = z |> linear(4)
  return { image: concat(body, spread(code, like: body), along: c) |> conv(3, 1) |> tanh }
}

train {
  data A, B: image[3, 8, 8] = random_flip |> resize(10) |> random_crop(8)
  net AB: G
  sample z: vector[2] = normal
  phase only trains AB {
    loss all += mse(AB(A, z).image, B)
  }
  optimizer only = adam(rate: 1e-2, betas: (0.5, 0.999), eps: 1e-3, decay: 1e-2, decay_on: weights)
  schedule rate = constant for 50%, then linear to 0
  batch 2
  length 6 steps
}
`;

type Whole = Kit & typeof command & typeof run & typeof checkpoint & typeof data & typeof schedule;
let kit: Whole;
const compiled = compile({ path: "tiny.gan", text: SPEC }, {});
const program = compiled.program!;

/** What the writer would emit. */
function model(): TrainingModel {
  const { tf } = kit;
  const spectral = (at: Scope, m: Tensor): Tensor => {
    const here = at.place("spectral");
    let u = here.state("u", [m.shape[1]!], kit.unitNormal);
    let v = here.state("v", [m.shape[0]!], kit.unitNormal, { order: at.rest });
    v = here.next("v", () => kit.unit(kit.timesVector(m, u, 1)));
    u = here.next("u", () => kit.unit(kit.timesVector(m, v, 0)));
    return m.div(u.mul(kit.timesVector(m, v, 0)).sum());
  };
  const BN = (w: Scope, x: Tensor): Tensor => {
    const here = w.place("BN");
    const c = x.shape[3]!;
    const running = [here.state("running_mean", [c], 0), here.state("running_var", [c], 1)] as const;
    const mean = x.mean([0, 1, 2]);
    const spread = kit.variance(x, [0, 1, 2]);
    const mu = here.next("running_mean", () => kit.mix(running[0], mean, 0.1));
    const variance = here.next("running_var", () => kit.mix(running[1], kit.variance(x, [0, 1, 2], { unbiased: true }), 0.1));
    const y = here.training ? x.sub(mean).div(spread.add(1e-5).sqrt()) : x.sub(mu).div(variance.add(1e-5).sqrt());
    const affine = here.place("Affine");
    return affine.learn("gamma", [c], 1).mul(y).add(affine.learn("beta", [c], 0));
  };
  const G = (scope: Scope, x: Tensor, z: Tensor): { image: Tensor } => {
    const w = scope.enter();
    const inBody = w.at("body");
    const body = kit.relu(BN(inBody, kit.conv(inBody, x, 4, 3, { pad: kit.reflect(1), weight: spectral })));
    const code = kit.linear(w.at("code"), z, 4);
    const both = tf.concat([body, code.expandDims(1).expandDims(1).broadcastTo(body.shape)], 3);
    return { image: kit.tanh(kit.conv(w, both, 3, 1)) };
  };
  return {
    origin: { name: program.spec, hash: program.hash, source: SPEC, settings: program.settings, notes: null },
    batch: program.batch, data: program.data, length: program.length, schedule: program.schedule,
    samples: program.samples.map((s) => ({ name: s.name, shape: s.shape, distribution: kit.normal(0, 1) })),
    create: (weights) => {
      const net = weights.net("AB");
      const adam = new kit.Adam(weights, ["AB"], { betas: [0.5, 0.999], eps: 1e-3, decay: 1e-2, decayOn: "weights" });
      return {
        optimizers: { only: [adam] },
        step: (batch, { factor }) => tf.tidy(() => {
          const { value, grads } = kit.gradients(() => adam.learned(), () => G(net, batch["A"]!, weights.sample("z")).image.sub(batch["B"]!).square().mean());
          adam.apply(grads, 1e-2 * factor);
          return { "only.all": value };
        }),
        exports: { A2B: (x) => G(net, x, tf.zeros([1, 2])) },
      };
    },
  };
}

const folder = scratch("tfjs-kit");
const pictures = join(folder, "data");

beforeAll(async () => {
  expect(compiled.diagnostics).toEqual([]);
  kit = (await loadKit((await engines()[0]!.load()).tf)) as Whole;
  const next = random(5);
  for (const [side, count] of [["trainA", 5], ["trainB", 3], ["testA", 2]] as const) {
    mkdirSync(join(pictures, side), { recursive: true });
    for (let i = 0; i < count; i++) {
      const [width, height] = [9 + i, 12 - i];
      const bytes = Uint8Array.from({ length: width * height * 3 }, () => Math.floor(256 * next()));
      await sharp(bytes, { raw: { width, height, channels: 3 } }).png().toFile(join(pictures, side, `${i}.png`));
    }
  }
});

const byGanc = async (out: string, resume = false, steps?: number): Promise<void> => {
  const models = new Map(compiled.graphs.map((g) => [g.file, emitModel({ name: g.file, graph: g.graph, inputs: g.inputs, outputs: g.outputs }).bytes]));
  await runTraining(program, models, { run: out, source: SPEC, data: pictures, resume, checkpointEvery: 3, picturesEvery: 0, keep: 9, ...(steps && { steps }) }, { emit: () => undefined, stopping: () => false, drawGrids: () => Promise.resolve(undefined) });
};

async function byKit(out: string, more: Partial<Parameters<typeof run.run>[1]> = {}): Promise<string> {
  let said = "";
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = ((text: string) => { said += text; return true; }) as typeof write;
  try {
    await kit.run(model(), { data: pictures, out, steps: undefined, seed: 1, resume: undefined, saveEvery: 3, ...more });
  } finally {
    process.stdout.write = write;
  }
  return said;
}

const file = (out: string, step: number): string => join(out, "checkpoints", `step-${String(step).padStart(8, "0")}.safetensors`);

/** The largest difference of any tensor, and which metadata differ. */
function compareFiles(one: string, other: string): { worst: number; differing: string[] } {
  const [a, b] = [TensorFile.open(one), TensorFile.open(other)];
  expect([...a.header.tensors.keys()].sort()).toEqual([...b.header.tensors.keys()].sort());
  let worst = 0;
  for (const name of a.header.tensors.keys()) {
    expect(a.place(name).shape, name).toEqual(b.place(name).shape);
    const [x, y] = [a.read(name), b.read(name)];
    x.forEach((v, i) => (worst = Math.max(worst, Math.abs(v - y[i]!))));
  }
  const differing = Object.keys(b.header.metadata).filter((key) => a.header.metadata[key] !== b.header.metadata[key]);
  a.close();
  b.close();
  return { worst, differing };
}

describe("a run by the kit and the same run by ganc", () => {
  it("end in the same weights, moments, states and positions", async () => {
    await byGanc(join(folder, "ganc"));
    const said = await byKit(join(folder, "kit"));
    for (const step of [3, 6]) {
      const { worst, differing } = compareFiles(file(join(folder, "ganc"), step), file(join(folder, "kit"), step));
      // Rates of 1e-2: six updates that were not the same would differ by hundredths.
      expect(worst).toBeLessThan(2e-5);
      expect(differing).toEqual(["data_sha256"]);
    }
    expect(said).toMatch(/^tiny on tfjs 4\.\d+\.\d+\n/);
    expect(said).toMatch(/step 6\/6, .* steps\/s, .* left: only\.all 0\.\d+/);
    expect(readdirSync(join(folder, "kit", "pictures")).filter((name) => name.includes("A2B"))).toEqual(["step-00000003-A2B.png", "step-00000006-A2B.png"]);
    expect((await sharp(join(folder, "kit", "pictures", "step-00000006-A2B.png")).metadata())).toMatchObject({ width: 16, height: 16 });
  });

  it("each go on from the other's checkpoint", async () => {
    const [ours, theirs] = [join(folder, "kit-then-ganc"), join(folder, "ganc-then-kit")];
    for (const out of [ours, theirs]) mkdirSync(join(out, "checkpoints"), { recursive: true });
    copyFileSync(file(join(folder, "kit"), 3), file(ours, 3));
    copyFileSync(file(join(folder, "ganc"), 3), file(theirs, 3));
    await byGanc(ours, true);
    await byKit(theirs, { resume: theirs });
    for (const out of [ours, theirs]) expect(compareFiles(file(join(folder, "ganc"), 6), file(out, 6)).worst).toBeLessThan(2e-5);
  });

  it("a run that is stopped and gone on with ends as one that is not", async () => {
    const out = join(folder, "again");
    await byKit(out, { resume: file(join(folder, "kit"), 3) });
    expect(readFileSync(file(out, 6))).toEqual(readFileSync(file(join(folder, "kit"), 6)));
    // What is finished is left as it is.
    const before = readFileSync(file(out, 6));
    await byKit(out, { resume: out });
    expect(readFileSync(file(out, 6))).toEqual(before);
  });
});

describe("a checkpoint that cannot be gone on from", () => {
  const broken = (name: string, change: (bytes: Buffer) => Buffer, step = 6): string => {
    const out = join(folder, name);
    mkdirSync(join(out, "checkpoints"), { recursive: true });
    writeFileSync(file(out, step), change(readFileSync(file(join(folder, "kit"), step))));
    return out;
  };
  const say = (out: string): Promise<string> => byKit(out, { resume: out }).then(() => "nothing", (e: Error) => `${e.constructor.name}: ${e.message.replaceAll(folder, "")}`);

  it("is refused in one line that says why", async () => {
    expect(await say(join(folder, "none"))).toContain("UserError: /none has no checkpoint to go on from");
    expect(await say(broken("short", (b) => b.subarray(0, b.length - 10)))).toMatch(/UserError: no checkpoint can be read: .*short.* is damaged: it is cut off/);
    expect(await say(broken("flipped", (b) => { b[b.length - 5]! ^= 1; return b; }))).toContain("is damaged: its numbers are not those that were saved");
    expect(await say(broken("text", () => Buffer.from("hello, this is no checkpoint")))).toContain("is damaged: it does not begin with a safetensors header");
    expect(await say(broken("tiny", () => Buffer.from("hi")))).toContain("is damaged");
    expect(await say(broken("other", (b) => Buffer.from(b.toString("latin1").replace("param/AB.conv1.weight", "param/AB.conv9.weight"), "latin1"), 3))).toContain("is of another model: it holds param/AB.conv9.weight");
    expect(existsSync(file(join(folder, "none"), 6))).toBe(false);
  });

  it("is passed over for an older one that can be read", async () => {
    const out = broken("fallback", (b) => b.subarray(0, 100));
    copyFileSync(file(join(folder, "kit"), 3), file(out, 3));
    await byKit(out, { resume: out });
    expect(readFileSync(file(out, 6))).toEqual(readFileSync(file(join(folder, "kit"), 6)));
  });
});

describe("data", () => {
  it("draws the very pictures that ganc draws, damaged ones passed over", async () => {
    mkdirSync(join(folder, "holes", "trainA", "more"), { recursive: true });
    for (const name of readdirSync(join(pictures, "trainA"))) copyFileSync(join(pictures, "trainA", name), join(folder, "holes", "trainA", "more", name));
    writeFileSync(join(folder, "holes", "trainA", "bad.png"), "no picture");
    await sharp({ create: { width: 11, height: 11, channels: 4, background: "#12345680" } }).png().toFile(join(folder, "holes", "trainA", "clear.png"));
    const files = (await listData(join(folder, "holes"), "train", ["A"]))["A"]!;
    const own = await kit.listPictures(join(folder, "holes", "trainA"));
    expect(own).toEqual(files);
    for (const channels of [3, 1]) {
      for (const steps of [
        program.data[0]!.steps,
        [{ op: "resize_short", size: 9, filter: "bicubic" }, { op: "center_crop", height: 8, width: 8 }],
        [{ op: "resize", height: 8, width: 8, filter: "bilinear_corner" }],
        [{ op: "resize", height: 8, width: 8, filter: "bilinear_cv2" }, { op: "all_or_none", p: 1, steps: [{ op: "random_flip", p: 0.5 }] }],
        [{ op: "random_flip", p: 0.3 }, { op: "resize", height: 8, width: 8, filter: "bilinear" }],
      ] as const) {
        const spec = { ...program.data[0]!, channels, steps: [...steps], test: [] };
        const loader = new Loader(spec as never, files, { seed: 4, batch: 3 });
        const stream = new kit.Stream(spec, own, 4);
        for (let i = 0; i < 6; i++) {
          const [theirs, ours] = [await loader.next(), await stream.next(3)];
          const area = 64;
          const laid = Float32Array.from(ours, (_, at) => theirs[Math.floor(at / (area * channels)) * area * channels + (at % channels) * area + Math.floor((at % (area * channels)) / channels)]!);
          expect(ours).toEqual(laid);
        }
        expect(stream.position()).toEqual(loader.position());
        loader.close();
      }
    }
  });

  it("says in one line what is wrong with a folder", async () => {
    await expect(kit.listPictures(join(folder, "nowhere"))).rejects.toThrow(/nowhere: no such file or folder/);
    mkdirSync(join(folder, "empty"), { recursive: true });
    await expect(kit.listPictures(join(folder, "empty"))).rejects.toThrow(/no picture in it/);
    const files = await kit.listPictures(join(pictures, "trainA"));
    expect(() => new kit.Stream(program.data[0]!, files.slice(1), 1, new kit.Stream(program.data[0]!, files, 1).position())).toThrow(/not the folder this run began with/);
    const small = { ...program.data[0]!, steps: [{ op: "random_crop", height: 80, width: 80 } as const] };
    await expect(new kit.Stream(small, files, 1).next(1)).rejects.toThrow(/random_crop of 80×80 is larger than the picture/);
  });
});

describe("the schedule", () => {
  it("is the runtime's", () => {
    const pieces = [
      [], [{ kind: "constant", count: 50, unit: "percent" }, { kind: "linear", to: 0 }], [{ kind: "linear", to: 0.5, count: 2, unit: "epochs" }, { kind: "constant", count: 3, unit: "steps" }, { kind: "linear", to: 0.1 }],
      [{ kind: "times", factor: 0.5, every: 2, unit: "epochs" }], [{ kind: "constant", count: 5, unit: "steps" }, { kind: "times", factor: 0.9, every: 3, unit: "steps" }], [{ kind: "constant" }],
    ] as const;
    for (const list of pieces)
      for (const length of [{ total: 30, epoch: 4 }, { total: 7, epoch: 10 }])
        for (const held of [undefined, { count: 3, unit: "steps" }, { count: 1, unit: "epochs" }] as const)
          for (let step = 1; step <= 40; step++) expect(kit.scheduleFactor(list, step, length, held)).toBe(scheduleFactor(list, step, length, held));
  });
});

describe("the command line", () => {
  const told = async (...args: string[]): Promise<string> => {
    const [argv, write, error, code] = [process.argv, process.stdout.write, process.stderr.write, process.exitCode];
    let said = "";
    process.argv = ["node", "main.js", ...args];
    process.stdout.write = process.stderr.write = ((text: string) => { said += text; return true; }) as typeof write;
    try {
      await kit.command((options) => { said += JSON.stringify(options); return Promise.resolve(); });
      return `${said}${process.exitCode === 1 ? " (1)" : ""}`;
    } finally {
      [process.argv, process.stdout.write, process.stderr.write, process.exitCode] = [argv, write, error, code];
    }
  };

  it("reads its options", async () => {
    expect(JSON.parse(await told("--data", "d", "--out", "r"))).toEqual({ data: "d", out: "r", seed: 1, saveEvery: 1000 });
    expect(JSON.parse(await told("--data=d", "--out=r", "--steps", "7", "--seed", "0", "--save-every", "2", "--resume"))).toEqual({ data: "d", out: "r", steps: 7, seed: 0, saveEvery: 2, resume: "r" });
    expect(JSON.parse(await told("--data", "d", "--out", "r", "--resume", "x.safetensors"))).toMatchObject({ resume: "x.safetensors" });
    expect(await told("--help")).toContain("--save-every N");
  });

  it("tells mistakes in one line", async () => {
    expect(await told()).toBe("error: --data and --out are needed; --help says more\n (1)");
    expect(await told("--data", "d", "--out", "r", "--steps", "0")).toBe("error: --steps 0: a whole number, 1 or more, is needed\n (1)");
    expect(await told("--data", "d", "--out", "r", "stray")).toBe("error: stray: what is this for? --help says more\n (1)");
    expect(await told("--date", "d")).toMatch(/^error: Unknown option '--date'.*--help says more\n \(1\)$/);
  });
});
