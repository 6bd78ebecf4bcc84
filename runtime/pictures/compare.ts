import { drawGrid } from "./grid";
import type { AnyPicture } from "./png";

/** One held-out picture and what became of it. Columns that no entry has are left out of the sheet. */
export interface Comparison {
  readonly name?: string;
  readonly source: AnyPicture;
  /** Where the generator looked, coloured. */
  readonly heatmap?: AnyPicture;
  readonly translation: AnyPicture;
  /** The source's true counterpart. */
  readonly truth?: AnyPicture;
}

/** What the columns are called, in their order. */
export interface ColumnNames {
  readonly source: string;
  readonly heatmap: string;
  readonly translation: string;
  readonly truth: string;
}

const plainNames: ColumnNames = {
  source: "source",
  heatmap: "attention",
  translation: "translation",
  truth: "true pair",
};

/** A png sheet: one comparison a row (or several beside one another: `across`), with the columns' names above. */
export async function compareSheet(
  entries: readonly Comparison[],
  names: Partial<ColumnNames> = {},
  across = 1,
): Promise<Uint8Array> {
  const title = { ...plainNames, ...names };
  const shown = (["source", "heatmap", "translation", "truth"] as const).filter((column) =>
    entries.some((e) => e[column] !== undefined),
  );
  const rows: (AnyPicture | undefined)[][] = [];
  for (let at = 0; at < entries.length; at += across)
    rows.push(entries.slice(at, at + across).flatMap((e) => shown.map((column) => e[column])));
  const columns = Array.from({ length: across }, () => shown.map((column) => title[column])).flat();
  const rowNames =
    across === 1 && entries.some((e) => e.name !== undefined) ? { rows: entries.map((e) => e.name ?? "") } : {};
  return drawGrid(rows, { columns, ...rowNames });
}
