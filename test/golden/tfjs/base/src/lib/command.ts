// The command line. TensorFlow.js is loaded after it has been read.
import { parseArgs } from "node:util";
import { UserError } from "./mistake.js";

export interface Options {
  readonly data: string;
  readonly out: string;
  /** Steps of the whole run; what the spec says unless given. */
  readonly steps: number | undefined;
  readonly seed: number;
  /** Go on from the newest checkpoint of `out`, or from this file. */
  readonly resume: string | undefined;
  readonly saveEvery: number;
}

const HELP = `node dist/main.js --data DIR --out RUN [options]

  --data DIR            holds the folders of pictures, trainA, testA, ...
  --out RUN             where checkpoints and pictures go
  --steps N             length of the run (as the spec says)
  --seed N              another seed is another run (1)
  --resume [FILE]       go on from RUN's newest checkpoint, or from this one
  --save-every N        steps from one checkpoint and picture to the next (1000)
  --tfjs PACKAGE        @tensorflow/tfjs-node-gpu, @tensorflow/tfjs-node or @tensorflow/tfjs (the first that loads)
  --help                this
`;

/** Reads the arguments and calls `run`; mistakes are told in one line. */
export async function command(run: (options: Options) => Promise<void>): Promise<void> {
  try {
    const options = readOptions(process.argv.slice(2));
    if (options) await run(options);
    else process.stdout.write(HELP);
  } catch (e) {
    if (!(e instanceof UserError)) throw e;
    process.stderr.write(`error: ${e.message}\n`);
    process.exitCode = 1;
  }
}

/** Undefined where help is asked for. */
function readOptions(args: string[]): Options | undefined {
  const { values, positionals } = parsed(args);
  if (values.help) return undefined;
  const { data, out } = values;
  if (data === undefined || out === undefined) throw new UserError("--data and --out are needed; --help says more");
  if (positionals.length > (values.resume ? 1 : 0))
    throw new UserError(`${positionals.at(-1)}: what is this for? --help says more`);
  if (values.tfjs !== undefined) process.env["TFJS_PACKAGE"] = values.tfjs;
  const resume = values.resume ? (positionals[0] ?? out) : undefined;
  const steps = values.steps === undefined ? undefined : whole("--steps", values.steps, 1);
  return {
    data,
    out,
    steps,
    seed: whole("--seed", values.seed, 0),
    resume,
    saveEvery: whole("--save-every", values["save-every"], 1),
  };
}

function parsed(args: string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = {
    data: text,
    out: text,
    steps: text,
    seed: { ...text, default: "1" },
    resume: flag,
    "save-every": { ...text, default: "1000" },
    tfjs: text,
    help: flag,
  };
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (e) {
    throw new UserError(`${e instanceof Error ? e.message : String(e)}; --help says more`);
  }
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least)
    throw new UserError(`${name} ${text}: a whole number, ${least} or more, is needed`);
  return value;
}
