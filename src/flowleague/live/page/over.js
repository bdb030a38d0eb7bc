// Kernels over dimensions: sums, extremes, orders, normalisation, pooling.

// A tensor as lines of the numbers along some dimensions, all of them where none are named.
function lines(t, dims) {
  const rank = t.shape.length, given = Array.isArray(dims) ? dims : typeof dims === "number" ? [dims] : [];
  const gone = given.length ? given.map((dim) => place(dim, rank)) : [...t.shape.keys()];
  const order = [...[...t.shape.keys()].filter((k) => !gone.includes(k)), ...[...gone].sort((a, b) => a - b)];
  const length = count(gone.map((k) => t.shape[k] ?? 1));
  const last = order.every((axis, k) => axis === k) ? t : transposed(t, order);
  return { length, order, moved: last.shape, line: (k) => last.data.subarray(k * length, (k + 1) * length) };
}

// One number for each line.
const reduced = (f) => ([x, dims, ...rest], [out]) => {
  const made = empty(out), { line } = lines(x, dims);
  for (let k = 0; k < made.data.length; k++) made.data[k] = f(line(k), ...rest);
  return exact(made);
};

// A line for each line, `f(line, to)` writes it; with several results, to each of them.
function mapped(x, dim, outs, f) {
  const { length, order, moved, line } = lines(x, [dim]), wide = (made) => count(made.shape) / (x.data.length / length);
  const made = outs.map(([dtype, shape]) => empty([dtype, shape.length ? order.map((k) => shape[k]) : []]));
  for (let k = 0; k * length < x.data.length; k++) f(line(k), ...made.map((t) => t.data.subarray(k * wide(t), (k + 1) * wide(t))));
  return made.map((t) => exact(moved.length > 1 ? transposed(t, order.map((_, k) => order.indexOf(k))) : t));
}

const total = (line) => {
  let sum = 0;
  for (let k = 0; k < line.length; k++) sum += line[k];
  return sum;
};
const mean = (line) => total(line) / line.length;
const spread = (line, middle) => {
  let sum = 0;
  for (let k = 0; k < line.length; k++) sum += (line[k] - middle) ** 2;
  return sum;
};
// The first place that no other is better than; NaN is better than all.
function best(line, better) {
  let at = 0;
  for (let k = 0; k < line.length; k++) {
    if (line[k] !== line[k]) return k;
    if (better(line[k], line[at])) at = k;
  }
  return at;
}
const more = (x, y) => x > y, less = (x, y) => x < y;
const extreme = (better) => ([x, dim], [out, places]) => {
  const values = empty(out), found = empty(places), { line } = lines(x, dim);
  for (let k = 0; k < values.data.length; k++) values.data[k] = line(k)[(found.data[k] = best(line(k), better))];
  return [values, found];
};
const running = (f) => ([x, dim], outs) => mapped(x, dim, outs.slice(0, 1), (line, to) => line.forEach((value, k) => (to[k] = k ? f(to[k - 1], value) : value)))[0];
// NaN counts as the largest.
const order = (line, falling) => {
  const way = (a, b) => (a === b || (a !== a && b !== b) ? 0 : a !== a ? 1 : b !== b ? -1 : a - b);
  return Array.from(line, (_, k) => k).sort((i, j) => (falling ? way(line[j], line[i]) : way(line[i], line[j])) || i - j);
};
const ordered = (falling) => (line, values, found) => order(line, falling).slice(0, values.length).forEach((at, k) => ([values[k], found[k]] = [line[at], at]));
function soft(line, to, logarithm) {
  const top = line.reduce((a, b) => Math.max(a, b)), parts = Float64Array.from(line, (value) => Math.exp(value - top)), sum = total(parts);
  for (let k = 0; k < line.length; k++) to[k] = logarithm ? line[k] - top - Math.log(sum) : parts[k] / sum;
}

// Lines of `length` numbers to mean 0 and variance 1, then `weight` and `bias` by the place in the whole.
function normalised(x, length, epsilon, weight, bias, outs) {
  const [made, means, scales] = outs.map(empty);
  for (let k = 0; k < means.data.length; k++) {
    const line = x.data.subarray(k * length, (k + 1) * length), middle = mean(line);
    const scale = 1 / Math.sqrt(spread(line, middle) / length + epsilon);
    for (let n = 0; n < length; n++) made.data[k * length + n] = (line[n] - middle) * scale * weight(k * length + n) + bias(k * length + n);
    [means.data[k], scales.data[k]] = [middle, scale];
  }
  return [made, means, scales];
}
const by = (t, place, otherwise) => (t ? (k) => t.data[place(k)] : () => otherwise);

// For every place of the pooled image `f(start, rows, columns, window)`: the part of the window inside the image.
function pooled(x, [kh, kw], [sy, sx], [top, left], [dy, dx], out, f) {
  const made = empty(out), [H, W] = x.shape.slice(-2), [h, w] = made.shape.slice(-2);
  for (let k = 0; k < made.data.length; k++) {
    const [y, x0] = [Math.floor((k % (h * w)) / w) * sy - top, (k % w) * sx - left], at = Math.floor(k / (h * w)) * H * W;
    const inside = (start, size, step, full) => Array.from({ length: size }, (_, n) => start + n * step).filter((p) => p >= 0 && p < full);
    const window = (Math.min(y + kh, H + top) - y) * (Math.min(x0 + kw, W + left) - x0);
    made.data[k] = f(at, inside(y, kh, dy, H), inside(x0, kw, dx, W), window, k);
  }
  return made;
}

Object.assign(KERNELS, {
  sum: reduced(total), mean: reduced(mean), amax: reduced((line) => line[best(line, more)]), amin: reduced((line) => line[best(line, less)]),
  prod: reduced((line) => line.reduce((product, value) => product * value, 1)),
  any: reduced((line) => Number(line.some((value) => value !== 0))),
  var: reduced((line, correction) => spread(line, mean(line)) / Math.max(0, line.length - (correction ?? 1))),
  argmax: reduced((line) => best(line, more)), argmin: reduced((line) => best(line, less)),
  max_dim: extreme(more), min_dim: extreme(less),
  cumsum: ([x, dim], outs) => {
    let sum = 0; // in doubles, as the sums of lines
    return mapped(x, dim, outs, (line, to) => line.forEach((value, k) => (to[k] = sum = k ? sum + value : value)))[0];
  },
  cumprod: running((x, y) => x * y),
  sort: ([x, , dim, falling], outs) => mapped(x, dim, outs, ordered(falling)),
  topk: ([x, , dim, largest], outs) => mapped(x, dim, outs, ordered(largest)),
  softmax: ([x, dim], outs) => mapped(x, dim, outs, (line, to) => soft(line, to, false))[0],
  log_softmax: ([x, dim], outs) => mapped(x, dim, outs, (line, to) => soft(line, to, true))[0],

  layer_norm([x, shape, weight, bias, epsilon], outs) {
    const length = count(shape), at = (k) => k % length;
    return normalised(x, length, epsilon, by(weight, at, 1), by(bias, at, 0), outs);
  },
  group_norm([x, weight, bias, , channels, area, groups, epsilon], outs) {
    const at = (k) => Math.floor(k / area) % channels;
    return normalised(x, (channels / groups) * area, epsilon, by(weight, at, 1), by(bias, at, 0), outs);
  },
  batch_norm([x, weight, bias, means, variances, , epsilon], [out]) {
    const made = empty(out), channels = x.shape[1], area = count(x.shape.slice(2));
    const scale = Array.from(variances.data, (v, c) => (weight ? weight.data[c] : 1) / Math.sqrt(v + epsilon));
    for (let k = 0; k < made.data.length; k++) {
      const c = Math.floor(k / area) % channels;
      made.data[k] = (x.data[k] - means.data[c]) * scale[c] + (bias ? bias.data[c] : 0);
    }
    return made;
  },
  avg_pool2d([x, kernel, stride, padding, , whole, divisor], [out]) {
    const width = x.shape.at(-1);
    return pooled(x, kernel, stride, padding, [1, 1], out, (at, rows, columns, window) => {
      let sum = 0;
      for (const y of rows) for (const z of columns) sum += x.data[at + y * width + z];
      return sum / (divisor ?? (whole ? window : rows.length * columns.length));
    });
  },
  adaptive_avg_pool2d([x], [out]) {
    const made = empty(out), [H, W] = x.shape.slice(-2), [h, w] = out[1].slice(-2);
    for (let k = 0; k < made.data.length; k++) {
      const [i, j] = [Math.floor((k % (h * w)) / w), k % w], at = Math.floor(k / (h * w)) * H * W;
      const ends = [Math.floor((i * H) / h), Math.ceil(((i + 1) * H) / h), Math.floor((j * W) / w), Math.ceil(((j + 1) * W) / w)];
      for (let y = ends[0]; y < ends[1]; y++) for (let z = ends[2]; z < ends[3]; z++) {
        made.data[k] += x.data[at + y * W + z] / ((ends[1] - ends[0]) * (ends[3] - ends[2]));
      }
    }
    return made;
  },
  max_pool2d([x, kernel, stride, padding, dilation], [out, places]) {
    const width = x.shape.at(-1), found = empty(places);
    const made = pooled(x, kernel, stride, padding, dilation, out, (at, rows, columns, _, k) => {
      const inside = rows.flatMap((y) => columns.map((z) => y * width + z));
      found.data[k] = inside[best(inside.map((n) => x.data[at + n]), more)];
      return x.data[at + found.data[k]];
    });
    return [made, found];
  },
});
