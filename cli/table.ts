/** Columns of text: numbers to the right, words to the left. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, i) => Math.max(...all.map((r) => (r[i] ?? "").length)));
  const right = header.map((_, i) => rows.length > 0 && rows.every((r) => /^[-\d.,\s%]*( ?[kMGT]?(B|iB|FLOP|s)?)?$/.test(r[i] ?? "")));
  const line = (r: readonly string[]): string => r.map((c, i) => (right[i] ? c.padStart(widths[i]!) : c.padEnd(widths[i]!))).join("  ").trimEnd();
  return [line(header), widths.map((w) => "-".repeat(w)).join("  "), ...rows.map(line)].join("\n");
}

export const thousands = (n: number): string => n.toLocaleString("en-US").replaceAll(",", " ");

/** 3.29 G, 51.2 M: three figures. */
export function short(n: number, unit = ""): string {
  const steps: [number, string][] = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]];
  const [size, letter] = steps.find(([s]) => Math.abs(n) >= s) ?? [1, ""];
  const scaled = n / size;
  return `${size === 1 && Number.isInteger(n) ? n : scaled.toPrecision(3)} ${letter}${unit}`.trim();
}

export const print = (text: string): void => void process.stdout.write(`${text}\n`);
