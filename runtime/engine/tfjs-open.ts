// Opens the engine on TensorFlow.js: the package that was asked for, or the first that loads, and the bundled training step.
import type { Program } from "../../compiler/program.ts";
import { loadTfjs } from "../tfjs/load.ts";
import { fullName, type TfjsPackage } from "../tfjs/packages.ts";
import type { Models } from "./onnx.ts";
import { importTraining, TfjsEngine } from "./tfjs.ts";

export interface TfjsChoice {
  /** The first that loads unless given. */
  readonly package?: TfjsPackage;
  /** The folder from which it is looked for. */
  readonly from: string;
}

/** The name under which the bundle comes among the models. */
export const TRAINING_MODULE = "training.mjs";

/** @param say told which package it is, and why others were passed over */
export async function openTfjs(program: Program, models: Models, choice: TfjsChoice, say: (text: string) => void): Promise<TfjsEngine> {
  const { tf, name, version, passedOver } = await loadTfjs(choice.package, { from: choice.from });
  say(`TensorFlow.js: ${fullName(name)} ${version}${passedOver.length > 0 ? ` (${passedOver.map((p) => `${p.name}: ${p.reason}`).join("; ")})` : ""}`);
  if (name === "tfjs") say("this is plain JavaScript, hundreds of times slower than tfjs-node: only to try things out");
  const bytes = await models.get(TRAINING_MODULE);
  if (!bytes) throw new Error("the training step was not handed over");
  return new TfjsEngine(program, tf, await importTraining(new TextDecoder().decode(bytes), tf));
}
