import type { Picture } from "../data/types";
import { asRgb, encodePng, type AnyPicture } from "./png";
import { loadSharp } from "./sharp";

export interface GridOptions {
  /** Pixels between tiles and around them; 2 unless said. */
  readonly gap?: number;
  /** A text above each column. */
  readonly columns?: readonly string[];
  /** A text left of each row. */
  readonly rows?: readonly string[];
}

/** Width of a letter over its height, generously: labels should end before the next one begins. */
const letterWidth = 0.6;
const largestLetters = 13;
const smallestLetters = 6;

/** Rows of tiles on white. A cell is as large as the largest tile; smaller tiles sit at its centre; undefined leaves it empty. */
export function tile(rows: readonly (readonly (AnyPicture | undefined)[])[], gap = 2, left = 0, top = 0): Picture {
  const tiles = rows.map((row) => row.map((t) => (t ? asRgb(t) : undefined)));
  const cell = cellSize(rows);
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const width = left + gap + columns * (cell.width + gap);
  const height = top + gap + rows.length * (cell.height + gap);
  const data = new Uint8Array(width * height * 3).fill(255);
  tiles.forEach((row, r) =>
    row.forEach((t, c) => {
      if (!t) return;
      const x = left + gap + c * (cell.width + gap) + Math.floor((cell.width - t.width) / 2);
      const y = top + gap + r * (cell.height + gap) + Math.floor((cell.height - t.height) / 2);
      for (let line = 0; line < t.height; line++)
        data.set(t.data.subarray(line * t.width * 3, (line + 1) * t.width * 3), ((y + line) * width + x) * 3);
    }),
  );
  return { width, height, channels: 3, data };
}

function cellSize(rows: readonly (readonly (AnyPicture | undefined)[])[]): { width: number; height: number } {
  const all = rows.flat().filter((t) => t !== undefined);
  if (all.length === 0) throw new RangeError("a grid without a picture");
  return { width: Math.max(...all.map((t) => t.width)), height: Math.max(...all.map((t) => t.height)) };
}

/**
 * The grid as a png file's bytes, with its labels. Labels are drawn by the fonts of the machine (sans-serif): without labels the bytes
 * are the same everywhere; on a machine without any font the labels stay blank.
 */
export async function drawGrid(
  rows: readonly (readonly (AnyPicture | undefined)[])[],
  options: GridOptions = {},
): Promise<Uint8Array> {
  const { gap = 2, columns = [], rows: names = [] } = options;
  const cell = cellSize(rows);
  const letters = fitting(columns, cell.width);
  const top = columns.length > 0 ? letters + 6 : 0;
  const left =
    names.length > 0 ? Math.ceil(Math.max(...names.map((n) => n.length)) * largestLetters * letterWidth) + 6 : 0;
  const grid = tile(rows, gap, left, top);
  if (top === 0 && left === 0) return encodePng(grid);
  const texts = [
    ...columns.map((text, c) =>
      label(text, left + gap + c * (cell.width + gap) + cell.width / 2, letters + 2, letters, "middle"),
    ),
    ...names.map((text, r) =>
      label(
        text,
        left - 2,
        top + gap + r * (cell.height + gap) + cell.height / 2 + largestLetters / 3,
        largestLetters,
        "end",
      ),
    ),
  ];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${grid.width}" height="${grid.height}">${texts.join("")}</svg>`;
  const sharp = await loadSharp();
  return sharp(grid.data, { raw: { width: grid.width, height: grid.height, channels: 3 } })
    .composite([{ input: Buffer.from(svg) }])
    .removeAlpha()
    .png({ compressionLevel: 9, adaptiveFiltering: false, palette: false })
    .toBuffer();
}

/** The size of letters at which the longest of these texts is no wider than `width`. */
function fitting(texts: readonly string[], width: number): number {
  const longest = Math.max(1, ...texts.map((t) => t.length));
  return Math.max(smallestLetters, Math.min(largestLetters, Math.floor(width / (longest * letterWidth))));
}

function label(text: string, x: number, y: number, size: number, anchor: "middle" | "end"): string {
  const escaped = text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  return `<text x="${x}" y="${y}" font-family="sans-serif" font-size="${size}" text-anchor="${anchor}" fill="#333">${escaped}</text>`;
}
