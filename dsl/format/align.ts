// Columns: the same cell in neighbouring lines begins at the same column, as in a paper's table.
import type { Cell, CellName, Line } from "./doc";

/** The gap before each kind of cell; the order is from left to right, since padding one moves the next. */
const GAPS: Readonly<Record<CellName, number>> = { "+=": 1, "{": 1, init: 1, doc: 2, comment: 2 };
const ORDER: readonly CellName[] = ["+=", "{", "init", "doc", "comment"];
/** Lines whose cells would be moved further than this stand for themselves. */
const FURTHEST = 32;

export function aligned(lines: readonly Line[]): string {
  for (const name of ORDER) {
    for (const run of runs(lines, name)) {
      const column = Math.max(...run.map((line) => widthBefore(line, name))) + GAPS[name];
      for (const line of run) {
        const at = cellAt(line, name);
        const before = line.cells[at - 1];
        if (before) before.text += " ".repeat(column - widthBefore(line, name));
      }
    }
  }
  return lines.map(textOf).join("\n");
}

function runs(lines: readonly Line[], name: CellName): Line[][] {
  const found: Line[][] = [];
  let run: Line[] = [];
  const close = (): void => {
    if (run.length > 0) found.push(run);
    run = [];
  };
  for (const line of lines) {
    if (cellAt(line, name) < 0) close();
    else {
      const widths = [...run, line].map((each) => widthBefore(each, name));
      const far = Math.max(...widths) - Math.min(...widths) > FURTHEST;
      if (far || (run[0] && run[0].indent !== line.indent)) close();
      run.push(line);
    }
  }
  close();
  return found;
}

/** A comment alone on its line is no cell. */
function cellAt(line: Line, name: CellName): number {
  const at = line.cells.findIndex((cell) => cell.name === name);
  return at > 0 && widthOf(line.cells.slice(0, at)) > 0 ? at : -1;
}

function widthBefore(line: Line, name: CellName): number {
  return line.indent + widthOf(line.cells.slice(0, cellAt(line, name)));
}

function widthOf(cells: readonly Cell[]): number {
  return cells.reduce((sum, { text }) => sum + text.length, 0);
}

function textOf({ indent, cells }: Line): string {
  const text = cells.map((cell) => cell.text).join("");
  return text.trim() === "" ? "" : (" ".repeat(indent) + text).trimEnd();
}
