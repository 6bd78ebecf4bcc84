// The kit: TypeScript that emitted projects contain as it stands, as far as they use it. Here it is text; nothing of it runs in ganc.
import adam from "./kit/adam.ts?raw";
import adjoint from "./kit/adjoint.ts?raw";
import checkpoint from "./kit/checkpoint.ts?raw";
import command from "./kit/command.ts?raw";
import data from "./kit/data.ts?raw";
import draws from "./kit/draws.ts?raw";
import files from "./kit/files.ts?raw";
import history from "./kit/history.ts?raw";
import inits from "./kit/inits.ts?raw";
import layers from "./kit/layers.ts?raw";
import math from "./kit/math.ts?raw";
import mistake from "./kit/mistake.ts?raw";
import native from "./kit/native.ts?raw";
import net from "./kit/net.ts?raw";
import opencv from "./kit/opencv.ts?raw";
import order from "./kit/order.ts?raw";
import pads from "./kit/pads.ts?raw";
import pictures from "./kit/pictures.ts?raw";
import random from "./kit/random.ts?raw";
import resample from "./kit/resample.ts?raw";
import resize from "./kit/resize.ts?raw";
import rules from "./kit/rules.ts?raw";
import run from "./kit/run.ts?raw";
import schedule from "./kit/schedule.ts?raw";
import samples from "./kit/samples.ts?raw";
import scope from "./kit/scope.ts?raw";
import statistics from "./kit/statistics.ts?raw";
import tape from "./kit/tape.ts?raw";
import tf from "./kit/tf.ts?raw";
import training from "./kit/training.ts?raw";
import weights from "./kit/weights.ts?raw";

/** Text by module name. */
export const kit: Readonly<Record<string, string>> = {
  adam, adjoint, checkpoint, command, data, draws, files, history, inits, layers, math, mistake, native, net, opencv, order, pads,
  pictures, random, resample, resize, rules, run, samples, schedule, scope, statistics, tape, tf, training, weights,
};
