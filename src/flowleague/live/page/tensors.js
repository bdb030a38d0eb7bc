// Tensors { dtype, shape, data } in row-major order, and how their elements are found.

const count = (shape) => shape.reduce((product, size) => product * size, 1);
const place = (axis, rank) => (axis < 0 ? axis + Math.max(rank, 1) : axis);

// Whole numbers of 64 bits are held as doubles, which are exact up to 2^53; `exact` looks that they are.
const ARRAYS = {
  bool: Uint8Array, uint8: Uint8Array, int8: Int8Array, int16: Int16Array, int32: Int32Array, int64: Float64Array,
  float32: Float32Array, float64: Float64Array,
};
const empty = ([dtype, shape]) => ({ dtype, shape, data: new ARRAYS[dtype](count(shape)) });
const reshaped = ({ dtype, data }, shape) => ({ dtype, shape, data });
const copied = ({ dtype, shape, data }) => ({ dtype, shape, data: data.slice() });

function exact(t) {
  if (t.dtype === "int64" && !t.data.every(Number.isSafeInteger)) {
    throw new Error("It computes with whole numbers beyond 2^53, which a page cannot.");
  }
  return t;
}

function strides(shape) {
  const steps = new Array(shape.length);
  for (let axis = shape.length - 1, step = 1; axis >= 0; axis--) {
    steps[axis] = step;
    step *= shape[axis];
  }
  return steps;
}

// The places offset + i * steps[0] + j * steps[1] + ... of all (i, j, ...) within a shape, in order.
function places(shape, steps, offset = 0) {
  const found = new Int32Array(count(shape)), at = new Array(shape.length).fill(0);
  for (let k = 0, from = offset; k < found.length; k++) {
    found[k] = from;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += steps[axis];
      if (++at[axis] < shape[axis]) break;
      from -= steps[axis] * shape[axis];
      at[axis] = 0;
    }
  }
  return found;
}

// A new tensor of the elements at such places of an old one.
function picked(t, shape, steps, offset = 0) {
  const from = places(shape, steps, offset), data = new t.data.constructor(from.length);
  for (let k = 0; k < data.length; k++) data[k] = t.data[from[k]];
  return { dtype: t.dtype, shape, data };
}

function transposed(t, order) {
  const steps = strides(t.shape);
  return picked(t, order.map((axis) => t.shape[axis]), order.map((axis) => steps[axis]));
}

function stretched(t, shape) {
  if (count(shape) === t.data.length) return reshaped(t, shape);
  const padded = [...new Array(shape.length - t.shape.length).fill(1), ...t.shape];
  return picked(t, shape, strides(padded).map((step, axis) => (padded[axis] === 1 ? 0 : step)));
}

// A matrix (n, m) as (m, n).
function turned(from, n, m) {
  const data = new from.constructor(from.length);
  for (let i = 0; i < n; i++) for (let j = 0; j < m; j++) data[j * n + i] = from[i * m + j];
  return data;
}

// (n, inner) times (inner, m); `across` says that b lies as (m, inner). Four sums at a time keep the processor busy.
function product(a, b, n, inner, m, across, out = new Float32Array(n * m)) {
  if (!across) b = turned(b, inner, m);
  const even = inner - (inner % 4);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      let p = i * inner, q = j * inner, s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      for (const end = p + even; p < end; p += 4, q += 4) {
        s0 += a[p] * b[q];
        s1 += a[p + 1] * b[q + 1];
        s2 += a[p + 2] * b[q + 2];
        s3 += a[p + 3] * b[q + 3];
      }
      for (let k = even; k < inner; k++, p++, q++) s0 += a[p] * b[q];
      out[i * m + j] = s0 + s1 + s2 + s3;
    }
  }
  return out;
}
