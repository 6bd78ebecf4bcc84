// `src/model.ts`: what a run of the project is told beside its step: data, schedule, length, and where it came from.
import type { Compiled } from "../../../compiler/compile";
import type { InitSpec, Program } from "../../../compiler/program";
import { ordered, permutation } from "../writer/axes";
import { conditionText } from "../writer/step";

export interface Notes {
  readonly path: string;
  readonly set: readonly string[];
  readonly variants: readonly string[];
  readonly imports: Readonly<Record<string, string>>;
}

export function modelText(c: Compiled, program: Program, notes: Notes): string {
  const dead = [...(c.step?.dead ?? [])].map((p) => p.name);
  const at = streamsAt(program);
  return [
    `// What a run of ${c.source.path} is told beside its step.`,
    "",
    "/** Every param of the spec, and its value. */",
    `const settings = ${json(program.settings)};`,
    "",
    "/** How the spec was compiled. */",
    `const notes = ${json(notes)};`,
    "",
    "/** The spec: checkpoints carry it, so that ganc can compile it again from them. */",
    `const source = ${templateText(c.source.text)};`,
    "",
    "export const model: TrainingModel = {",
    `origin: { name: ${json(program.spec)}, hash: ${json(program.hash)}, settings, notes, source },`,
    `batch: ${program.batch},`,
    `length: ${json(program.length)},`,
    `schedule: ${json(program.schedule)},`,
    ...(program.held ? [`held: ${json(program.held)},`] : []),
    `data: ${json(program.data)},`,
    `samples: [${program.samples.map(sampleText).join(", ")}],`,
    ...(at ? [at] : []),
    ...(dead.length > 0 ? [`/** Made by the networks, used by nothing: files leave them out. */\nunused: ${json(dead)},`] : []),
    "create: training,",
    "};",
  ].join("\n");
}

const json = (value: unknown): string => JSON.stringify(value);
const templateText = (text: string): string => `\`${text.replace(/[\\`]|\$\{/g, (m) => `\\${m}`)}\``;

function sampleText({ name, axes, shape, distribution }: Program["samples"][number]): string {
  const memory = ordered(axes);
  const dims = memory.map((a) => shape[axes.indexOf(a)]!);
  const order = permutation(memory, axes);
  const laid = order ? `, order: { shape: ${json(dims)}, axes: ${json(order)} }` : "";
  return `{ name: ${json(name)}, shape: ${json(dims)}, distribution: ${initText(distribution)}${laid} }`;
}

function initText(init: InitSpec): string {
  switch (init.kind) {
    case "constant": return String(init.value);
    case "normal": return `normal(${init.mean}, ${init.std})`;
    case "uniform": return `uniform(${init.low}, ${init.high})`;
    case "unit_normal": return "unitNormal";
  }
}

/** Only where a phase that rests leaves data unread. */
function streamsAt({ plans, conditions = [], data }: Program): string | undefined {
  if (!plans || plans.every((p) => p.data.length === data.length)) return undefined;
  const whole = plans.reduce((a, b) => (b.data.length > a.data.length ? b : a));
  const [first] = conditions.filter(({ phase }) => whole.phases.includes(phase));
  const least = plans.reduce((a, b) => (b.data.length < a.data.length ? b : a));
  return first && `streamsAt: (step) => (${conditionText(first.when)} ? ${json(whole.data)} : ${json(least.data)}),`;
}
