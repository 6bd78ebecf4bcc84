// Matrix products for the reference evaluation: double precision, row-major, added to what the result holds.

/** c[m, n] += a[m, k] · b[k, n]. Four rows of b at a time: c is read and written a quarter as often. */
export function addProduct(c: Float64Array, a: Float64Array, b: Float64Array, m: number, k: number, n: number): void {
  for (let i = 0; i < m; i++) {
    const row = c.subarray(i * n, (i + 1) * n);
    let q = 0;
    for (; q + 3 < k; q += 4) {
      const at = i * k + q;
      const [a0, a1, a2, a3] = [a[at]!, a[at + 1]!, a[at + 2]!, a[at + 3]!];
      const [b0, b1, b2, b3] = [q * n, (q + 1) * n, (q + 2) * n, (q + 3) * n];
      for (let j = 0; j < n; j++) row[j]! += a0 * b[b0 + j]! + a1 * b[b1 + j]! + a2 * b[b2 + j]! + a3 * b[b3 + j]!;
    }
    for (; q < k; q++) {
      const a0 = a[i * k + q]!;
      for (let j = 0; j < n; j++) row[j]! += a0 * b[q * n + j]!;
    }
  }
}

/** aᵀ[n, m] of a[m, n]. */
export function transposed(a: Float64Array, m: number, n: number): Float64Array {
  const result = new Float64Array(m * n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) result[j * m + i] = a[i * n + j]!;
  return result;
}
