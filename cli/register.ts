// One line a command: name, arguments, help; the work stands in cli/commands/.
import type { Command } from "commander";
import { bytesOf, collect, example, TRAIN_DEFAULTS, wholeNumber, withChoices, withJson, withLowerings } from "./options";

export function registerCommands(program: Command): void {
  example(
    withJson(withChoices(program.command("check").argument("<spec>", "a .gan file").description("report everything that is wrong with a spec"))),
    "ganc check specs/ugatit.gan", "ganc check specs/ugatit.gan --set size=64 --variant norm_in", "ganc check specs/ugatit.gan --json",
  )
    .option("--print-after <phase>", "also print what a phase made: parse, resolve, bind, trace, differentiate, cut, program")
    .action(async (spec: string, options) => (await import("./commands/check")).check(spec, options));

  example(
    program.command("fmt").argument("<specs...>", ".gan files").description("print a spec in its canonical form"),
    "ganc fmt specs/ugatit.gan", "ganc fmt --write specs/*.gan", "ganc fmt --check specs/*.gan",
  )
    .option("--write", "rewrite the files in place")
    .option("--check", "only say which files are not in canonical form (exit status 1)")
    .action(async (specs: string[], options) => (await import("./commands/fmt")).fmt(specs, options));

  example(
    withJson(withChoices(program.command("explain").argument("<spec>").description("the flattened spec: every value with where it came from, every loss written out"))),
    "ganc explain specs/ugatit.gan", "ganc explain specs/ugatit.gan --variant without_cam",
  ).action(async (spec: string, options) => (await import("./commands/explain")).explainCommand(spec, options));

  example(
    withJson(withChoices(program.command("describe").argument("<spec>").description("the architecture table: layer, output, parameters, FLOPs"))),
    "ganc describe specs/ugatit.gan", "ganc describe specs/ugatit.gan --net AB",
  )
    .option("--net <name>", "only this net")
    .action(async (spec: string, options) => (await import("./commands/describe")).describeCommand(spec, options));

  example(
    withJson(withChoices(program.command("plan").argument("<spec>").description("parameters, FLOPs and memory of a training step and of inference, before anything runs"))),
    "ganc plan specs/ugatit.gan", "ganc plan specs/ugatit.gan --set size=128 --set ch=32",
  )
    .option("--memory <bytes>", "of a step that is to fit, by computing values again: 3GiB, 800MB", bytesOf)
    .action(async (spec: string, options) => (await import("./commands/plan")).planCommand(spec, options));

  example(
    withJson(withLowerings(withChoices(program.command("compile").argument("<spec>").description("write ONNX graphs, one file an export and the whole training step; or a TypeScript project that trains on TensorFlow.js")))),
    "ganc compile specs/ugatit.gan --target onnx --out build", "ganc compile specs/ugatit.gan --target onnx --out build --weights runs/emoji", "ganc compile specs/ugatit.gan --target tfjs --out ugatit-tfjs",
  )
    .requiredOption("--target <name>", "onnx or tfjs")
    .requiredOption("--out <dir>", "where the files go")
    .option("--weights <run>", "a run's folder or a checkpoint; without it the weights are the initial ones")
    .option("--seed <n>", "of the initial weights", wholeNumber("seed", 0), 1)
    .option("--no-training", "only the exports")
    .option("--force", "tfjs: overwrite files that were changed")
    .action(async (spec: string, options) => (await import("./commands/compile")).compileCommand(spec, options));

  example(
    withJson(withLowerings(withChoices(program.command("train").argument("<spec>").description("train a spec on folders trainA, trainB (and testA, testB for pictures)")))),
    "ganc train specs/ugatit.gan --data data/selfie2anime --out runs/anime", "ganc train specs/ugatit.gan --data data/emoji --out runs/emoji --steps 800 --set size=64", "ganc train specs/ugatit.gan --data data/emoji --out runs/emoji --resume", "ganc train specs/ugatit.gan --data data/emoji --out runs/tfjs --engine tfjs",
  )
    .requiredOption("--data <dir>", "a folder with trainA, trainB, testA, testB")
    .requiredOption("--out <run>", "the run's folder: checkpoints, pictures, log.jsonl, events, report.html")
    .option("--steps <n>", "steps of the whole run, instead of the spec's length", wholeNumber("steps", 1))
    .option("--seed <n>", "of weights, order and chance", wholeNumber("seed", 0))
    .option("--resume", "go on from the newest checkpoint")
    .option("--strict", "refuse damaged pictures instead of skipping them")
    .option("--checkpoint-every <n>", "steps between checkpoints; 0: only at the end", wholeNumber("checkpoint-every", 0), TRAIN_DEFAULTS.checkpointEvery)
    .option("--pictures-every <n>", "steps between picture grids; 0: only at the end", wholeNumber("pictures-every", 0), TRAIN_DEFAULTS.picturesEvery)
    .option("--keep <n>", "checkpoints kept", wholeNumber("keep", 1), TRAIN_DEFAULTS.keep)
    .option("--threads <n>", "threads of one operation", wholeNumber("threads", 1))
    .option("--engine <name>", "onnx; tfjs: TensorFlow.js by the first of its packages that loads from here; or the package's name, tfjs-node-gpu, tfjs-node, tfjs-cpu", "onnx")
    .option("--memory <bytes>", "a step that fits, by computing values again: 3GiB, 800MB", bytesOf)
    .option("--no-cache", "compile, though the same spec was compiled with the same settings before (GANC_CACHE names the folder where its graphs are kept, or says off)")
    .option("--profile <file>", "trace the first 3 steps: a JSON file that chrome://tracing and ui.perfetto.dev open")
    .action(async (spec: string, options) => void (await (await import("./commands/train")).trainCommand(spec, options)));

  example(
    withJson(withChoices(program.command("tune").argument("<spec>").description("measure every form of a spec's convolutions on this machine, and write the quickest and their costs for train and compile"))),
    "ganc tune specs/ugatit.gan --out here.json && ganc train specs/ugatit.gan --lowerings here.json --data data/emoji --out runs/emoji", "ganc tune specs/ugatit.gan --set size=128 --set ch=32 --out here.json --json",
  )
    .requiredOption("--out <file>", "where the table goes")
    .option("--rounds <n>", "runs of each form, of which the quickest counts; fewer where a form takes long", wholeNumber("rounds", 2), 12)
    .option("--threads <n>", "threads of one operation", wholeNumber("threads", 1))
    .action(async (spec: string, options) => (await import("./commands/tune")).tuneCommand(spec, options));

  example(
    withJson(program.command("translate").argument("<run>", "a run's folder or a checkpoint").description("translate pictures with a trained run")),
    "ganc translate runs/emoji --export A2B --in data/emoji/testA --out out --heatmap", "ganc translate runs/emoji --export A2B --in photo.jpg --out out --size native",
  )
    .requiredOption("--export <name>", "which export of the spec, e.g. A2B")
    .requiredOption("--in <path>", "a picture, or a folder of pictures")
    .requiredOption("--out <dir>", "where the translations go; names are kept")
    .option("--heatmap", "also write where the network looked")
    .option("--size <size>", "test: resized as in testing; native: the picture's own size, padded by reflection and cropped back", "test")
    .option("--strict", "refuse damaged pictures instead of skipping them")
    .action(async (run: string, options) => (await import("./commands/translate")).translateCommand(run, options));

  example(
    withJson(program.command("evaluate").argument("<run>", "a run's folder or a checkpoint").description("measure translations against true pairs: L1, SSIM, chroma")),
    "ganc evaluate runs/emoji --pairs", "ganc evaluate runs/emoji --pairs --data data/emoji --json",
  )
    .option("--pairs", "testA and testB hold true pairs under the same names")
    .option("--data <dir>", "another data folder than the run's own")
    .action(async (run: string, options) => (await import("./commands/evaluate")).evaluateCommand(run, options));

  example(
    withJson(withChoices(program.command("import").argument("<spec>", "a .gan file").description("make a run of another program's weights: PyTorch checkpoints, safetensors; nothing in the file is executed"))),
    "ganc import specs/ugatit.gan --from selfie2anime_params_latest.pt --layout ugatit-pytorch --out runs/anime", "ganc import specs/ugatit.gan --from old.pt --layout ugatit-pytorch --out runs/old --old-variance --variant full",
  )
    .requiredOption("--from <file>", "the file; NET=FILE where each network has its own (repeatable)", collect)
    .requiredOption("--layout <layout>", "which tensor is which: a name in layouts/, or a .layout file of your own (docs/layouts.md)")
    .requiredOption("--out <run>", "the run's folder")
    .option("--old-variance", "the file is older than the layout's present formula: set what its option old-variance says")
    .option("--partial", "what the file lacks begins as in a fresh run; what it has beyond is passed over")
    .option("--step <n>", "steps the file was trained for: the schedule goes on from there", wholeNumber("step", 0), 0)
    .option("--seed <n>", "of what the file lacks", wholeNumber("seed", 0), 1)
    .action(async (spec: string, options) => (await import("./commands/import")).importCommand(spec, options));

  example(
    withJson(program.command("export").argument("<run>", "a run's folder or a checkpoint").description("write a run's weights by another program's names and shapes, as safetensors")),
    "ganc export runs/anime --layout ugatit-pytorch --out anime.safetensors",
  )
    .requiredOption("--layout <layout>", "which tensor is which: a name in layouts/, or a .layout file of your own (docs/layouts.md)")
    .requiredOption("--out <file>", "a .safetensors file")
    .action(async (run: string, options) => (await import("./commands/export")).exportCommand(run, options));

  const data = program.command("data").description("data that needs no download");
  example(
    withJson(data.command("emoji").description("render two npm icon sets into trainA, trainB, testA, testB; the held-out names are true pairs")),
    "ganc data emoji --size 64 --out data/emoji", "ganc data emoji --from fluent-emoji-flat --to fluent-emoji-high-contrast --size 128 --out data/fluent",
  )
    .option("--from <set>", "icon set of A", "emojione")
    .option("--to <set>", "icon set of B", "emojione-monotone")
    .option("--size <pixels>", "side of the pictures", wholeNumber("size", 8), 64)
    .requiredOption("--out <dir>", "where the four folders go")
    .option("--held-out <n>", "names held out for testing", wholeNumber("held-out", 1))
    .option("--count <n>", "at most so many pictures a training folder", wholeNumber("count", 1))
    .action(async (options) => (await import("./commands/data")).emojiCommand(options));

  const tfjsNode = program.command("tfjs-node").description("TensorFlow.js's native packages");
  example(
    withJson(tfjsNode.command("link").description("build the addon of the installed tfjs-node or tfjs-node-gpu against the TensorFlow that Python has, and verify it with a convolution")),
    "ganc tfjs-node link", "ganc tfjs-node link --tensorflow venv/lib/python3.11/site-packages/tensorflow", "ganc tfjs-node link --tensorflow venv --package node_modules/@tensorflow/tfjs-node-gpu",
  )
    .option("--tensorflow <dir>", "site-packages/tensorflow of a tensorflow-cpu or tensorflow[and-cuda] wheel, or the environment that has it; looked for in VIRTUAL_ENV, CONDA_PREFIX and python3 unless given")
    .option("--package <dir>", "the package's folder, or a project that has it installed; both packages are linked where both are")
    .action(async (options) => (await import("./commands/tfjs-node")).linkCommand(options));

  example(
    program.command("demo").description("the whole way in a few minutes: render emoji, train a small U-GAT-IT, translate held-out emoji, measure"),
    "ganc demo", "ganc demo --seed 2 --steps 800 --out runs/demo2",
  )
    .option("--out <run>", "the run's folder", "runs/demo")
    .option("--steps <n>", "training steps", wholeNumber("steps", 1))
    .option("--seed <n>", "of weights, order and chance", wholeNumber("seed", 0), 1)
    .action(async (options) => (await import("./commands/demo")).demoCommand(options));
}
