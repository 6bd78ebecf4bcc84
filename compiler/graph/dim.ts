// Dims are numbers where a spec fixes them, and linear forms of free symbols (`H`, `W` of an export) where it does not.

/** sum of coefficient × symbol, plus a constant. Coefficients are exact fractions; the constant is an integer. */
export interface SymDim {
  readonly terms: readonly { readonly symbol: string; readonly num: number; readonly den: number }[];
  readonly constant: number;
}
export type Dim = number | SymDim;

export const symbol = (name: string): Dim => ({ terms: [{ symbol: name, num: 1, den: 1 }], constant: 0 });

const gcd = (a: number, b: number): number => (b === 0 ? Math.abs(a) : gcd(b, a % b));

function normal(terms: SymDim["terms"], constant: number): Dim {
  const sums = new Map<string, { num: number; den: number }>();
  for (const t of terms) {
    const old = sums.get(t.symbol) ?? { num: 0, den: 1 };
    const num = old.num * t.den + t.num * old.den;
    const den = old.den * t.den;
    const g = gcd(num, den) || 1;
    sums.set(t.symbol, { num: num / g, den: den / g });
  }
  const kept = [...sums].filter(([, f]) => f.num !== 0).map(([s, f]) => ({ symbol: s, ...f }));
  kept.sort((a, b) => (a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0));
  return kept.length === 0 ? constant : { terms: kept, constant };
}

const asSym = (d: Dim): SymDim => (typeof d === "number" ? { terms: [], constant: d } : d);

export function addDim(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a + b;
  const x = asSym(a);
  const y = asSym(b);
  return normal([...x.terms, ...y.terms], x.constant + y.constant);
}

export function scaleDim(d: Dim, factor: number): Dim {
  if (typeof d === "number") return d * factor;
  return normal(d.terms.map((t) => ({ ...t, num: t.num * factor })), d.constant * factor);
}

/**
 * floor(d / s). Of a symbolic dim the symbol's part must divide evenly: that is what `guards` reports for the symbol,
 * and what an exported graph demands of its input.
 */
export function floorDivDim(d: Dim, s: number): Dim {
  if (typeof d === "number") return Math.floor(d / s);
  return normal(d.terms.map((t) => ({ ...t, den: t.den * s })), Math.floor(d.constant / s));
}

export function sameDim(a: Dim, b: Dim): boolean {
  if (typeof a === "number" || typeof b === "number") return a === b;
  return showDim(a) === showDim(b);
}

export function showDim(d: Dim): string {
  if (typeof d === "number") return String(d);
  const parts = d.terms.map((t) => {
    const top = t.num === 1 ? t.symbol : `${t.num}*${t.symbol}`;
    return t.den === 1 ? top : `${top}/${t.den}`;
  });
  if (d.constant !== 0) parts.push(String(d.constant));
  return parts.join(" + ").replaceAll("+ -", "- ");
}

export function dimValue(d: Dim, symbols: Readonly<Record<string, number>>): number {
  if (typeof d === "number") return d;
  let sum = d.constant;
  for (const t of d.terms) {
    const v = symbols[t.symbol];
    if (v === undefined) throw new Error(`defect: no value for the dim ${t.symbol}`);
    sum += (v * t.num) / t.den;
  }
  return sum;
}

const lcm = (a: number, b: number): number => (a / gcd(a, b)) * b;

/** What each symbol must be a multiple of, over all the dims given. */
export function divisors(dims: Iterable<Dim>): Record<string, number> {
  const needed: Record<string, number> = {};
  for (const d of dims) {
    if (typeof d === "number") continue;
    for (const t of d.terms) needed[t.symbol] = lcm(needed[t.symbol] ?? 1, t.den);
  }
  return needed;
}
