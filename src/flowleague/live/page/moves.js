// Kernels that move numbers: shapes, parts, joins, and indices that are numbers themselves.

const bound = (at, size) => Math.min(size, Math.max(0, at < 0 ? at + size : at));

// Where a part of a tensor lies: the steps along its axes and its first place.
function part(t, dim, start, step) {
  const steps = strides(t.shape), axis = place(dim, t.shape.length), offset = bound(start ?? 0, t.shape[axis]) * steps[axis];
  return { axis, offset, steps: steps.map((own, k) => (k === axis ? own * step : own)) };
}
const without = (list, axis) => list.filter((_, k) => k !== axis);

// A copy of a tensor with the numbers of another in some places.
function filled(t, to, from) {
  const made = copied(t);
  for (let k = 0; k < to.length; k++) made.data[to[k]] = from[k];
  return made;
}

function index(at, size) {
  const found = at < 0 ? at + size : at;
  if (!(found >= 0 && found < size)) throw new Error("An index of the entry's program lies outside of its tensor.");
  return found;
}

// The places that a list of index tensors, null for a whole dimension, picks: in the order of the result.
function indexed(t, indices) {
  const steps = strides(t.shape), used = [...t.shape.keys()].filter((k) => indices[k]);
  const rank = Math.max(...used.map((k) => indices[k].shape.length));
  const shape = Array.from({ length: rank }, (_, axis) =>
    Math.max(...used.map((k) => indices[k].shape[axis - rank + indices[k].shape.length] ?? 1)));
  const inner = new Int32Array(count(shape));
  for (const k of used) stretched(indices[k], shape).data.forEach((at, n) => (inner[n] += index(at, t.shape[k]) * steps[k]));
  const adjacent = used.at(-1) - used[0] === used.length - 1, first = adjacent ? used[0] : 0;
  const rest = [...t.shape.keys()].filter((k) => !indices[k]), side = (axes) => places(axes.map((k) => t.shape[k]), axes.map((k) => steps[k]));
  const before = side(rest.slice(0, first)), after = side(rest.slice(first));
  const found = new Int32Array(before.length * inner.length * after.length);
  let n = 0;
  for (const a of before) for (const b of inner) for (const c of after) found[n++] = a + b + c;
  return found;
}

// The places in a tensor that an index along one dimension names.
function along(t, dim, at) {
  const steps = strides(t.shape), axis = place(dim, t.shape.length), own = steps[axis] ?? 1, size = t.shape[axis] ?? 1;
  const found = places(at.shape, steps.map((step, k) => (k === axis ? 0 : step)));
  return found.map((start, k) => start + index(at.data[k], size) * own);
}
const numbers = (value, at) => value.data ? picked(value, at.shape, strides(value.shape)).data : new Float64Array(at.data.length).fill(value);
const taken = (t, from, [, shape]) => ({ dtype: t.dtype, shape, data: t.data.constructor.from(from, (k) => t.data[k]) });

Object.assign(KERNELS, {
  reshape: ([x], [[, shape]]) => reshaped(x, shape),
  permute: ([x, dims]) => {
    const order = dims.map((dim) => place(dim, x.shape.length)), made = transposed(x, order), last = order.length - 1;
    const turns = last > 0 && order.every((axis, k) => axis === (k < last - 1 ? k : 2 * last - 1 - k));
    return turns ? { ...made, across: x.data } : made; // matrices that were turned, for products
  },
  expand: ([x], [[, shape]]) => stretched(x, shape),
  slice([x, dim, start, , step], [[, shape]]) {
    const { offset, steps } = part(x, dim, start, step);
    return picked(x, shape, steps, offset);
  },
  slice_scatter([x, src, dim, start, , step]) {
    const { offset, steps } = part(x, dim, start, step);
    return filled(x, places(src.shape, steps, offset), src.data);
  },
  select([x, dim, at], [[, shape]]) {
    const { axis, offset, steps } = part(x, dim, at, 1);
    return picked(x, shape, without(steps, axis), offset);
  },
  select_scatter([x, src, dim, at]) {
    const { axis, offset, steps } = part(x, dim, at, 1);
    return filled(x, places(src.shape, without(steps, axis), offset), src.data);
  },
  cat([parts, dim], [out]) {
    const made = empty(out), axis = place(dim, made.shape.length), row = count(made.shape.slice(axis));
    let start = 0;
    for (const { shape, data } of parts) {
      const size = count(shape.slice(axis));
      for (let k = 0; k * size < data.length; k++) made.data.set(data.subarray(k * size, (k + 1) * size), k * row + start);
      start += size;
    }
    return made;
  },
  repeat([x, times], [[, shape]]) {
    const padded = [...new Array(times.length - x.shape.length).fill(1), ...x.shape], steps = strides(padded);
    return reshaped(picked(x, times.flatMap((n, k) => [n, padded[k]]), steps.flatMap((step) => [0, step])), shape);
  },
  diagonal([x, offset, one, two], [[, shape]]) {
    const steps = strides(x.shape), [a, b] = [one, two].map((dim) => place(dim, x.shape.length));
    const kept = steps.filter((_, k) => k !== a && k !== b), start = offset < 0 ? -offset * steps[a] : offset * steps[b];
    return picked(x, shape, [...kept, steps[a] + steps[b]], start);
  },
  flip([x, dims]) {
    const steps = strides(x.shape), turned = new Set(dims.map((dim) => place(dim, x.shape.length)));
    const offset = steps.reduce((sum, step, k) => sum + (turned.has(k) ? step * (x.shape[k] - 1) : 0), 0);
    return picked(x, x.shape, steps.map((step, k) => (turned.has(k) ? -step : step)), offset);
  },
  pad([x, widths, value], [out]) {
    const made = empty(out), to = strides(made.shape), from = strides(x.shape), rank = x.shape.length;
    const before = x.shape.map((_, k) => widths[2 * (rank - 1 - k)] ?? 0), after = x.shape.map((_, k) => widths[2 * (rank - 1 - k) + 1] ?? 0);
    const kept = x.shape.map((size, k) => size + Math.min(before[k], 0) + Math.min(after[k], 0));
    const offset = (steps, sign) => steps.reduce((sum, step, k) => sum + step * Math.max(0, sign * before[k]), 0);
    made.data.fill(value);
    return filled(made, places(kept, to, offset(to, 1)), picked(x, kept, from, offset(from, -1)).data);
  },
  full(values, [out]) {
    const made = empty(out), value = values.find((one) => typeof one === "number" || typeof one === "boolean");
    made.data.fill(out[0] === "bool" ? Number(Number(value) !== 0) : Number(value));
    return made;
  },
  arange([start, , step], [out]) {
    const made = empty(out);
    for (let k = 0; k < made.data.length; k++) made.data[k] = start + k * step;
    return made;
  },

  index: ([x, indices], [out]) => taken(x, indexed(x, indices), out),
  index_put([x, indices, values, accumulate]) {
    const to = indexed(x, indices), rest = x.shape.filter((_, k) => !indices[k]), used = indices.filter(Boolean);
    const rank = Math.max(...used.map((t) => t.shape.length)), first = Math.max(0, indices.findIndex(Boolean));
    const shape = Array.from({ length: rank }, (_, axis) => Math.max(...used.map((t) => t.shape[axis - rank + t.shape.length] ?? 1)));
    const adjacent = indices.findLastIndex(Boolean) - first === used.length - 1, at = adjacent ? first : 0;
    const from = stretched(values, [...rest.slice(0, at), ...shape, ...rest.slice(at)]).data;
    if (!accumulate) return filled(x, to, from);
    const made = copied(x);
    to.forEach((k, n) => (made.data[k] += from[n]));
    return made;
  },
  gather: ([x, dim, at], [out]) => taken(x, along(x, dim, at), out),
  scatter: ([x, dim, at, src]) => filled(x, along(x, dim, at), numbers(src, at)),
  scatter_add([x, dim, at, src]) {
    const made = copied(x), from = numbers(src, at);
    along(x, dim, at).forEach((k, n) => (made.data[k] += from[n]));
    return made;
  },
  index_select: ([x, dim, at], [out]) => taken(x, indexed(x, x.shape.map((_, k) => (k === place(dim, x.shape.length) ? reshaped(at, [at.data.length]) : null))), out),
  embedding: ([table, at], [out]) => taken(table, indexed(table, [at, null]), out),
  searchsorted([edges, x, , right, side], [out]) {
    const made = empty(out), n = edges.shape.at(-1), line = x.shape.at(-1) ?? 1, many = edges.shape.length > 1;
    const less = right || side === "right" ? (edge, value) => edge <= value : (edge, value) => edge < value;
    x.data.forEach((value, k) => {
      let [low, high] = [0, n];
      const start = many ? Math.floor(k / line) * n : 0;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (less(edges.data[start + middle], value)) low = middle + 1;
        else high = middle;
      }
      made.data[k] = low;
    });
    return made;
  },
});
