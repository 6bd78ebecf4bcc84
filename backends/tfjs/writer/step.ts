// The step: its phases in order. Where gradients of a phase run through what was computed before it, for phases before it or for all of
// them, that is computed on the tape of that phase, and is a constant for the others.
import type { TrainModel } from "../../../compiler/train/model";
import type { StepExpr } from "../../../compiler/program";
import type { WrittenAdam } from "./optimizers";
import { textOfNet } from "./names";
import { partsOf } from "./nets";
import type { PhaseItem } from "./phases";
import { type Crossing, type Project, SHARED } from "./project";

export interface StepParts {
  readonly model: TrainModel;
  readonly phases: readonly PhaseItem[];
  readonly adams: readonly WrittenAdam[];
  readonly crossing: readonly Crossing[];
  /** The condition of a phase that rests at some steps, written out. */
  readonly conditions: ReadonlyMap<string, string>;
}

/** The phase whose gradients run through what was computed before it. */
export function hostOf(project: Project, { model, crossing, phases }: StepParts): number | undefined {
  const trained = (k: number): Set<string> => new Set(model.phases[k]!.nets.map((n) => n.name));
  const whole = (net: string): string[] => [net, ...(model.nets.has(net) ? partsOf(model.nets.get(net)!) : [])];
  const hosts = [...new Set(crossing.filter((x) => [...x.nets].flatMap(whole).some((n) => trained(x.phase).has(n))).map((x) => x.phase))];
  if (hosts.length > 1) project.cannot("phases that share values", "gradients of two phases run through them", phases[hosts[1]!]!.span);
  return hosts[0];
}

export function stepText(project: Project, parts: StepParts): string {
  const { model, phases, adams, crossing, conditions } = parts;
  const host = hostOf(project, parts);
  const onTape = crossing.filter((x) => x.phase === host);
  const sharedOnTape = onTape.some((x) => x.first === SHARED);
  const trained = new Set(host === undefined ? [] : model.phases[host]!.nets.map((n) => n.name));
  const calls = onTape.filter((x) => x.first !== SHARED && [...x.nets].some((n) => trained.has(n)));
  if (calls.some((x) => x.text === undefined)) project.cannot("a call that two phases share", "what it is called with has no name outside of them", phases[host!]!.span);
  const texts = [...new Set(calls.flatMap((x) => x.text ?? []))];
  // A call that is an argument of another one is made with it.
  const hoisted = texts.filter((t) => !texts.some((other) => other !== t && other.includes(t)));

  const phaseText = (k: number, loss = `${phases[k]!.name.text}(shared, losses)`): string => {
    const own = adams.filter((a) => a.phases.includes(phases[k]!.name.text)).map((a) => a.name);
    return `minimize([${own.join(", ")}], factor, () => ${loss});`;
  };
  const conditionOf = (k: number): string | undefined => conditions.get(phases[k]!.name.text);
  const plain = (k: number): string => {
    const condition = conditionOf(k);
    return condition === undefined ? phaseText(k) : `if (${condition}) {\n${phaseText(k)}\n}`;
  };
  const open = destructured(hoisted);

  const lines: string[] = [];
  const hostCondition = host === undefined ? undefined : conditionOf(host);
  const earlier = phases.flatMap((_, k) => (host !== undefined && k < host ? [k] : []));
  // Where the host runs its own condition holds, elsewhere it does not.
  const before = earlier.map((k) => (conditionOf(k) === hostCondition ? phaseText(k) : plain(k)));
  const alone = earlier.filter((k) => hostCondition === undefined || conditionOf(k) !== hostCondition).map(plain);
  const name = host === undefined ? "" : phases[host]!.name.text;
  const hosted = host === undefined ? "" : phaseText(host, [
    "{",
    ...(sharedOnTape ? ["shared = kept.keep(values(batch));"] : []),
    ...(sharedOnTape ? [open] : []),
    ...hoisted.map((t) => `${t};`),
    ...(before.length > 0 ? ["offTape(() => {", ...before, "});"] : []),
    `return ${name}(shared, losses);`,
    "}",
  ].filter((l) => l !== "").join("\n"));
  if (sharedOnTape) lines.push("let shared!: Values;");
  else lines.push("const shared = values(batch);", open);
  if (host !== undefined) {
    const why = before.length > 0
      ? `// What ${list([...phases.slice(0, host).map((p) => p.name.text), name])} share is computed once, on the tape of ${name}:\n// for the phases before it, it is constant.`
      : `// What the phases share is computed on the tape of ${name}, which learns from it.`;
    if (hostCondition === undefined) lines.push(why, hosted);
    else lines.push(`if (${hostCondition}) {`, why, hosted, "} else {", ...(sharedOnTape ? ["shared = values(batch);"] : []), ...alone, "}");
  }
  phases.forEach((_, k) => {
    if (host === undefined || k > host) lines.push(plain(k));
  });
  const every = [...model.nets.keys()].map((n) => textOfNet(n, model.nets)).join(", ");
  const text = lines.filter((l) => l !== "").join("\n");
  const readsStep = /\bstep\b/.test([...conditions.values()].join(" "));
  return `step(batch, { factor${readsStep ? ", step" : ""} }) {\nconst losses = new Losses();\n${sharedOnTape ? "const kept = new Kept(batch);\n" : ""}tf.tidy(() => {\n${text}\n});\nfor (const net of [${every}]) net.release();\n${sharedOnTape ? "kept.release();\n" : ""}return losses.values();\n},`;
}

const list = (names: readonly string[]): string => `${names.slice(0, -1).join(", ")} and ${names.at(-1)!}`;

/** Names of the shared values that hoisted calls read. */
function destructured(hoisted: readonly string[]): string {
  const names = [...new Set(hoisted.flatMap((t) => [...t.matchAll(/[(,]\s*([A-Za-z_]\w*)(?![\w[]|\.call)/g)].map((m) => m[1]!)))];
  return names.length === 0 ? "" : `const { ${names.join(", ")} } = shared;`;
}

/** A condition on the step's number as TypeScript has it. */
export function conditionText(e: StepExpr): string {
  if (typeof e !== "object") return String(e);
  const parts = e.args.map((a) => (typeof a === "object" && a.args.length > 1 ? `(${conditionText(a)})` : conditionText(a)));
  const op = { or: "||", and: "&&", "==": "===", "!=": "!==", "^": "**", not: "!", neg: "-" }[e.op as string] ?? e.op;
  return parts.length > 1 ? parts.join(` ${op} `) : `${op}${parts[0]}`;
}
