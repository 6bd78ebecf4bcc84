// Diagnostics as people read them: place, message, the line with the culprit underlined, where things came from, a hint.
import type { Diagnostic } from "../dsl/diagnostic";
import { lineOf, positionAt, type Span } from "../dsl/source";

export type ReadText = (path: string) => string | undefined;

interface Paint {
  readonly bold: (s: string) => string;
  readonly tone: (severity: Diagnostic["severity"], s: string) => string;
  readonly faint: (s: string) => string;
}
const plain: Paint = { bold: (s) => s, tone: (_, s) => s, faint: (s) => s };
const TONES = { error: 31, warning: 33, note: 36 };
const colour: Paint = {
  bold: (s) => `\u001b[1m${s}\u001b[0m`,
  tone: (severity, s) => `\u001b[${TONES[severity]}m${s}\u001b[0m`,
  faint: (s) => `\u001b[2m${s}\u001b[0m`,
};

function excerpt(span: Span, text: string, paint: Paint, severity: Diagnostic["severity"]): string[] {
  const at = positionAt(text, span.start);
  const line = lineOf(text, at.line).replaceAll("\t", " ");
  const gutter = String(at.line);
  const length = Math.max(1, Math.min(span.end - span.start, line.length - at.column + 1));
  const blank = " ".repeat(gutter.length);
  return [paint.faint(`${gutter} | `) + line, paint.faint(`${blank} | `) + " ".repeat(at.column - 1) + paint.tone(severity, "~".repeat(length))];
}

function place(span: Span, read: ReadText): string {
  const text = read(span.file);
  if (text === undefined) return span.file;
  const at = positionAt(text, span.start);
  return `${span.file}:${at.line}:${at.column}`;
}

export function renderDiagnostic(d: Diagnostic, read: ReadText, paint: Paint): string {
  const lines: string[] = [];
  const where = d.span ? `${place(d.span, read)}: ` : "";
  lines.push(`${paint.bold(where)}${paint.tone(d.severity, `${d.severity} ${d.code}`)}: ${paint.bold(d.message)}`);
  const text = d.span ? read(d.span.file) : undefined;
  if (d.span && text !== undefined) lines.push(...excerpt(d.span, text, paint, d.severity).map((l) => `  ${l}`));
  for (const r of d.related) lines.push(`  ${paint.faint("·")} ${r.message}${r.span ? paint.faint(` (${place(r.span, read)})`) : ""}`);
  if (d.hint) lines.push(`  ${paint.tone("note", "hint")}: ${d.hint}`);
  if (d.severity !== "note") lines.push(paint.faint(`  see docs/diagnostics/${d.code}-${d.name}.md`));
  return lines.join("\n");
}

export function renderDiagnostics(list: readonly Diagnostic[], read: ReadText, coloured = false): string {
  return list.map((d) => renderDiagnostic(d, read, coloured ? colour : plain)).join("\n\n");
}

/** One object a diagnostic, as --json prints them: 1-based lines and columns. */
export function diagnosticJson(d: Diagnostic, read: ReadText): object {
  const at = (span: Span | undefined): object | undefined => {
    if (!span) return undefined;
    const text = read(span.file);
    return { file: span.file, start: span.start, end: span.end, ...(text === undefined ? {} : positionAt(text, span.start)) };
  };
  return { code: d.code, name: d.name, severity: d.severity, message: d.message, hint: d.hint, span: at(d.span), related: d.related.map((r) => ({ message: r.message, span: at(r.span) })) };
}
