// Translations of a run against true pairs, both directions.
import { decode } from "../runtime/data/decode";
import type { FloatPicture, Picture } from "../runtime/data/types";
import { type Baselines, baselines, score, type Scores } from "../runtime/evaluate/baselines";
import { listPairs, readTest } from "../runtime/evaluate/pairs";
import type { DataSpec } from "../runtime/data/types";
import { directionOf, streamOf } from "../runtime/translate/direction";
import { openTranslator } from "./commands/translate";
import type { OpenedRun } from "./weights";
import { UserError } from "../runtime/files/errors";

export interface Direction {
  readonly name: string;
  readonly scores: Scores;
  readonly baselines: Baselines;
}

export interface Evaluated {
  readonly pairs: number;
  readonly step: number;
  readonly directions: readonly Direction[];
}

export interface Sample {
  readonly direction: string;
  readonly name: string;
  readonly source: FloatPicture;
  readonly heatmap?: Picture;
  readonly translation: FloatPicture;
  readonly truth: FloatPicture;
}

/** @param keep how many pairs of each direction to hand to `onSample` */
export async function evaluatePairs(run: OpenedRun, data: string, onSample?: (s: Sample) => void): Promise<Evaluated> {
  const pairs = await listPairs(data);
  const names = run.program.exports.filter((e) => /^A2B$|^B2A$/.test(e.name)).map((e) => e.name);
  if (names.length === 0) throw new UserError("the spec of this run has no exports A2B and B2A", "evaluate --pairs measures these two");
  const directions: Direction[] = [];
  for (const name of names) {
    const stream = streamOf(run.program, name) as DataSpec | undefined;
    const far = run.program.data.find((d) => d.name === directionOf(name)?.to) as DataSpec | undefined;
    if (!stream || !far) throw new UserError(`the run has no data for ${name}`);
    const translator = await openTranslator(run, name);
    const [sources, truths, made]: [FloatPicture[], FloatPicture[], FloatPicture[]] = [[], [], []];
    for (const pair of pairs) {
      const [from, to] = name === "A2B" ? [pair.a, pair.b] : [pair.b, pair.a];
      const source = await readTest(from, stream);
      const truth = await readTest(to, far);
      const t = await translator.translate(await decode(from, stream.channels), "test", from);
      sources.push(source);
      truths.push(truth);
      made.push(t.image);
      onSample?.({ direction: name, name: pair.name, source, translation: t.image, truth, ...(t.heat ? { heatmap: t.heat } : {}) });
    }
    await translator.close();
    directions.push({ name, scores: score(made, truths), baselines: baselines(sources, truths) });
  }
  return { pairs: pairs.length, step: run.step, directions };
}

/** Rows of a table: the model beside what needs no training. */
export function evaluationRows(e: Evaluated): string[][] {
  const figures = (s: Scores): string[] => [s.l1.toFixed(3), s.ssim.toFixed(3), s.chroma.toFixed(3)];
  return e.directions.flatMap((d) => [
    [d.name, `translated, step ${e.step}`, ...figures(d.scores)],
    [d.name, "untranslated source", ...figures(d.baselines.untranslated)],
    [d.name, "ink to mid-grey", ...figures(d.baselines.inkToMidGrey)],
    [d.name, `best luminance threshold (${d.baselines.bestThreshold.level})`, ...figures(d.baselines.bestThreshold)],
  ]);
}
