// Kernels that multiply: matrices, convolutions of any number of dimensions, distances.

// For each place of a small image and each place of the kernel, which place of the large one it sees; -1 for none.
const seen = new Map();
function sights(large, small, kernel, stride, padding, dilation) {
  const key = JSON.stringify([large, small, kernel, stride, padding, dilation]);
  if (seen.has(key)) return seen.get(key);
  const at = (n, shape) => strides(shape).map((step, k) => Math.floor(n / step) % shape[k]), steps = strides(large);
  const area = count(kernel), taps = Array.from({ length: area }, (_, n) => at(n, kernel));
  const found = new Int32Array(count(small) * area);
  for (let p = 0; p < count(small); p++) {
    const corner = at(p, small).map((n, k) => n * stride[k] - padding[k]);
    taps.forEach((tap, n) => {
      const where = corner.map((start, k) => start + tap[k] * dilation[k]);
      found[p * area + n] = where.every((x, k) => x >= 0 && x < large[k]) ? where.reduce((sum, x, k) => sum + x * steps[k], 0) : -1;
    });
  }
  seen.set(key, found);
  return found;
}

function convolve([x, w, bias, stride, padding, dilation, , , groups], [out]) {
  const made = empty(out), [B, , ...large] = x.shape, [M, inner, ...kernel] = w.shape, small = made.shape.slice(2);
  const from = sights(large, small, kernel, stride, padding, dilation), area = count(kernel), size = count(large);
  const n = M / groups, spots = count(small), wide = inner * area, columns = new x.data.constructor(spots * wide);
  for (let k = 0; k < B * groups; k++) {
    const image = x.data.subarray(k * inner * size, (k + 1) * inner * size), group = k % groups;
    for (let p = 0; p < spots; p++) for (let c = 0; c < inner; c++) for (let t = 0; t < area; t++) {
      const at = from[p * area + t];
      columns[p * wide + c * area + t] = at < 0 ? 0 : image[c * size + at];
    }
    product(w.data.subarray(group * n * wide, (group + 1) * n * wide), columns, n, wide, spots, true, made.data.subarray(k * n * spots, (k + 1) * n * spots));
  }
  return raised(made, bias);
}

// The transpose of a convolution: every place of the small image is spread over the large one.
function spreadOut([x, w, bias, stride, padding, dilation, , , groups], [out]) {
  const made = empty(out), [B, C, ...small] = x.shape, [, M, ...kernel] = w.shape, large = made.shape.slice(2);
  const to = sights(large, small, kernel, stride, padding, dilation), area = count(kernel), size = count(large);
  const n = C / groups, spots = count(small), wide = M * area;
  const kernels = Array.from({ length: groups }, (_, g) => turned(w.data.subarray(g * n * wide, (g + 1) * n * wide), n, wide));
  for (let k = 0; k < B * groups; k++) {
    const columns = product(kernels[k % groups], x.data.subarray(k * n * spots, (k + 1) * n * spots), wide, n, spots, false), start = k * M * size;
    for (let m = 0; m < M; m++) for (let t = 0; t < area; t++) for (let p = 0; p < spots; p++) {
      const at = to[p * area + t];
      if (at >= 0) made.data[start + m * size + at] += columns[(m * area + t) * spots + p];
    }
  }
  return raised(made, bias);
}
function raised(made, bias) {
  const [, channels, ...rest] = made.shape, area = count(rest);
  if (bias) for (let k = 0; k < made.data.length; k++) made.data[k] += bias.data[Math.floor(k / area) % channels];
  return made;
}

Object.assign(KERNELS, {
  mm([a, b], [out]) {
    const made = empty(out), [inner, m] = b.shape;
    b.across ??= turned(b.data, inner, m); // kept: most often it is a weight
    product(a.data, b.across, a.shape[0], inner, m, true, made.data);
    return made;
  },
  bmm([a, b], [out]) {
    const made = empty(out), [many, n, inner] = a.shape, m = b.shape[2];
    const parts = (data, size, k) => data.subarray(k * size, (k + 1) * size);
    for (let k = 0; k < many; k++) {
      const right = parts(b.across ?? b.data, inner * m, k);
      product(parts(a.data, n * inner, k), right, n, inner, m, Boolean(b.across), parts(made.data, n * m, k));
    }
    return made;
  },
  addmm([added, a, b, beta, alpha], [out]) {
    const made = KERNELS.mm([a, b], [out]), plus = stretched(added, made.shape).data;
    for (let k = 0; k < made.data.length; k++) made.data[k] = alpha * made.data[k] + beta * plus[k];
    return made;
  },
  convolution: (given, outs) => (given[6] ? spreadOut : convolve)(given, outs),
  cdist([a, b, p], [out]) {
    const made = empty(out), [n, width] = a.shape.slice(-2), m = b.shape.at(-2);
    for (let k = 0; k < made.data.length; k++) {
      const i = Math.floor(k / m), j = Math.floor(k / (n * m)) * m + (k % m), parts = new Float64Array(width);
      for (let c = 0; c < width; c++) parts[c] = Math.abs(a.data[i * width + c] - b.data[j * width + c]);
      made.data[k] = p === Infinity ? Math.max(...parts) : p === 0 ? parts.filter(Boolean).length : total(parts.map((d) => d ** p)) ** (1 / p);
    }
    return made;
  },
});
