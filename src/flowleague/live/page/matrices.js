// Kernels on square and other matrices: factors, inverses, solutions. They work in doubles, as the sums of products do.

// Each matrix of a stack as rows of doubles, written back by `write`.
const stack = (t) => {
  const [m, n] = t.shape.slice(-2);
  return Array.from({ length: t.data.length / (m * n) }, (_, k) =>
    Array.from({ length: m }, (_, i) => Float64Array.from(t.data.subarray((k * m + i) * n, (k * m + i + 1) * n))));
};
const write = (made, k, rows) => rows.forEach((row, i) => made.data.set(row, (k * rows.length + i) * row.length));
const unit = (n) => Array.from({ length: n }, (_, i) => Float64Array.from({ length: n }, (_, j) => Number(i === j)));
const flipped = (rows) => Array.from(rows[0] ?? [], (_, j) => Float64Array.from(rows, (row) => row[j]));

// The lower factor L of a positive matrix, A = L Lᵀ, read off its lower triangle.
function choleskyFactor(a) {
  const made = a.map((row) => new Float64Array(row.length));
  for (let j = 0; j < a.length; j++) for (let i = j; i < a.length; i++) {
    let rest = a[i][j];
    for (let k = 0; k < j; k++) rest -= made[i][k] * made[j][k];
    made[i][j] = i === j ? Math.sqrt(rest) : rest / made[j][j];
  }
  return made;
}

// X with A X = B by elimination, the largest of a column first.
function solved(a, b) {
  const rows = a.map((row) => row.slice()), made = b.map((row) => row.slice()), n = rows.length;
  for (let j = 0; j < n; j++) {
    let top = j;
    for (let i = j + 1; i < n; i++) if (Math.abs(rows[i][j]) > Math.abs(rows[top][j])) top = i;
    [rows[j], rows[top], made[j], made[top]] = [rows[top], rows[j], made[top], made[j]];
    for (let i = j + 1; i < n; i++) {
      const share = rows[i][j] / rows[j][j];
      for (let k = j; k < n; k++) rows[i][k] -= share * rows[j][k];
      made[i].forEach((_, k) => (made[i][k] -= share * made[j][k]));
    }
  }
  return backward(rows, made, true, false);
}

// X with A X = B where A is a triangle.
function backward(a, b, high, units) {
  const made = b.map((row) => row.slice()), n = a.length;
  for (let step = 0; step < n; step++) {
    const i = high ? n - 1 - step : step;
    for (let j = high ? i + 1 : 0; j < (high ? n : i); j++) made[i].forEach((_, k) => (made[i][k] -= a[i][j] * made[j][k]));
    if (!units) made[i].forEach((_, k) => (made[i][k] /= a[i][i]));
  }
  return made;
}

// Q and R by Householder's reflections, with the signs of LAPACK.
function reflected(a) {
  const r = a.map((row) => row.slice()), m = r.length, least = Math.min(m, r[0].length), q = unit(m);
  for (let j = 0; j < least; j++) {
    const v = Float64Array.from(r, (row, i) => (i < j ? 0 : row[j]));
    if (v.every((x, i) => i <= j || x === 0)) continue;
    v[j] += (v[j] < 0 ? -1 : 1) * Math.hypot(...v);
    const size = total(v.map((x) => x * x)), share = (line) => (2 * line.reduce((sum, x, i) => sum + x * v[i], 0)) / size;
    const shares = flipped(r).map(share);
    r.forEach((row, i) => row.forEach((_, k) => (row[k] -= shares[k] * v[i])));
    for (const row of q) {
      const part = share(row);
      row.forEach((_, i) => (row[i] -= part * v[i]));
    }
  }
  return [q.map((row) => row.slice(0, least)), r.slice(0, least).map((row, i) => row.map((x, j) => (j < i ? 0 : x)))];
}

// A kernel whose results are those of `f` for each matrix, or pair of matrices, of a stack.
const each = (f) => ([a, b, ...rest], outs) => {
  const made = outs.map(empty), right = b?.data ? stack(b) : [];
  stack(a).forEach((rows, k) => f(rows, right[k], b?.data ? rest : [b, ...rest]).forEach((one, n) => write(made[n], k, one)));
  return made;
};

Object.assign(KERNELS, {
  qr: each((a) => reflected(a)),
  cholesky: each((a, _b, [upper]) => [upper ? flipped(choleskyFactor(flipped(a))) : choleskyFactor(a)]),
  inverse: each((a) => [solved(a, unit(a.length))]),
  solve: each((a, b) => [solved(a, b)]),
  solve_triangular: each((a, b, [upper, left, units]) =>
    [left ? backward(a, b, upper, units) : flipped(backward(flipped(a), flipped(b), !upper, units))]),
});
