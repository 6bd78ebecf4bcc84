/** Edit distance with swaps of neighbours (optimal string alignment). */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/** What the author may have meant: the nearest known name, if it is near enough to be a slip. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  // One letter is like any other: no guess from so little.
  const most = name.length === 1 ? 0 : Math.max(1, Math.floor(name.length / 3));
  let least = most + 1;
  const lower = name.toLowerCase();
  for (const k of new Set(known)) {
    // Of names as near as each other the one in the same case.
    const d = k.toLowerCase() === lower ? 0 : k.length === 1 ? Infinity : distance(lower, k.toLowerCase()) + distance(name, k) / 1000;
    if (d < least) {
      least = d;
      best = k;
    }
  }
  return best;
}
