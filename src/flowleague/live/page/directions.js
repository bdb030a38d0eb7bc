// The directions in which the flow's samples vary most: with samples x_1 .. x_n about their mean, the eigenvectors of
// X^T X / (n - 1), whose eigenvalues are the variances along them (Pearson 1901).

const SAMPLES = 1000, MOST = 6;

// Eigenvalues and eigenvectors (rows) of a symmetric matrix by Jacobi's rotations (Golub & Van Loan, section 8.5).
function eigen(matrix) {
  const A = matrix.map((row) => [...row]), n = A.length;
  const V = A.map((_, i) => A.map((_, j) => Number(i === j)));
  const turn = (x, p, y, q, c, s) => ([x[p], y[q]] = [c * x[p] - s * y[q], s * x[p] + c * y[q]]);
  for (let sweep = 0; sweep < 15; sweep++) for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) {
    if (!A[p][q]) continue;
    const ratio = (A[q][q] - A[p][p]) / (2 * A[p][q]);
    const t = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.hypot(ratio, 1)), c = 1 / Math.hypot(t, 1), s = t * c;
    for (let k = 0; k < n; k++) turn(A[k], p, A[k], q, c, s);
    for (let k = 0; k < n; k++) turn(A[p], k, A[q], k, c, s);
    for (let k = 0; k < n; k++) turn(V[p], k, V[q], k, c, s);
  }
  return { values: A.map((row, k) => row[k]), vectors: V };
}

// The first few, the largest first: a unit vector, the standard deviation along it, and its share of the variance.
function principalDirections(rows) {
  const D = rows[0].length, mean = Array.from({ length: D }, (_, i) => rows.reduce((sum, row) => sum + row[i], 0) / rows.length);
  const covariance = mean.map((_, i) => mean.map((_, j) =>
    rows.reduce((sum, row) => sum + (row[i] - mean[i]) * (row[j] - mean[j]), 0) / (rows.length - 1)));
  const { values, vectors } = eigen(covariance), all = values.reduce((sum, value) => sum + value, 0);
  const order = values.map((_, k) => k).sort((a, b) => values[b] - values[a]).slice(0, MOST);
  return order.map((k) => ({ axis: vectors[k], deviation: Math.sqrt(Math.max(0, values[k])), share: values[k] / all }));
}
