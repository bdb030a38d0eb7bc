// Kernels that read images between their pixels, and in other sizes.

// The cubic of convolution with its parameter A, at a distance (Keys 1981).
const cubic = (A) => (x) => {
  const d = Math.abs(x);
  return d <= 1 ? ((A + 2) * d - (A + 3)) * d * d + 1 : d < 2 ? (((d - 5) * d + 8) * d - 4) * A : 0;
};
const triangle = (x) => Math.max(0, 1 - Math.abs(x));

// A place brought into the image: left as it is, held at the border, or reflected at it.
function brought(x, size, padding, corners) {
  if (padding === 0) return x;
  if (padding === 2) {
    const least = corners ? 0 : -0.5, span = corners ? size - 1 : size;
    if (span === 0) return 0;
    const far = Math.abs(x - least), extra = far % span;
    x = (Math.floor(far / span) % 2 ? span - extra : extra) + least;
  }
  return Math.min(Math.max(x, 0), size - 1);
}

// The pixels along one side that a place reads, with their weights; rounded as torch rounds, or halves fall otherwise.
function taps(place, size, mode, padding, corners) {
  const f = Math.fround, at = corners ? f((f(place + 1) / 2) * (size - 1)) : f(f(f(place + 1) * size) - 1) / 2;
  if (mode === 2) {
    const first = Math.floor(at) - 1;
    return [0, 1, 2, 3].map((k) => [brought(first + k, size, padding, corners), cubic(-0.75)(at - first - k)]);
  }
  const inside = brought(at, size, padding, corners);
  if (mode === 1) return [[even(inside), 1]];
  return [0, 1].map((k) => [Math.floor(inside) + k, triangle(inside - Math.floor(inside) - k)]);
}

// A side of n pixels as one of m, each of which gathers what a filter of a width reaches.
function gathered(n, m, scale, width, filter) {
  const wide = Math.max(scale, 1), reach = width * wide;
  return Array.from({ length: m }, (_, k) => {
    const middle = scale * (k + 0.5), first = Math.max(Math.trunc(middle - reach + 0.5), 0);
    const last = Math.min(Math.trunc(middle + reach + 0.5), n), weights = [];
    for (let j = first; j < last; j++) weights.push([j, filter((j - middle + 0.5) / wide)]);
    const sum = total(weights.map(([, weight]) => weight));
    return weights.map(([j, weight]) => [j, weight / sum]);
  });
}

// For every pixel of every image: the sum over the rows and columns that it reads.
function read(x, out, sides) {
  const made = empty(out), [, C, H, W] = x.shape, [h, w] = made.shape.slice(-2), size = h * w;
  for (let k = 0; k < made.data.length; k++) {
    const image = Math.floor(k / size), [rows, columns] = sides(Math.floor(image / C), Math.floor((k % size) / w), k % w);
    for (const [y, a] of rows) for (const [z, b] of columns) {
      if (y >= 0 && y < H && z >= 0 && z < W) made.data[k] += a * b * x.data[(image * H + y) * W + z];
    }
  }
  return made;
}

const resized = (width, filter) => ([x, , corners, ...scales], [out]) => {
  const [rows, columns] = [2, 3].map((axis, k) => {
    const [n, m] = [x.shape[axis], out[1][axis]];
    return gathered(n, m, corners ? (m > 1 ? (n - 1) / (m - 1) : 0) : scales[k] ? 1 / scales[k] : n / m, width, filter);
  });
  return read(x, out, (_, i, j) => [rows[i], columns[j]]);
};

Object.assign(KERNELS, {
  grid_sample([x, grid, mode, padding, corners], [out]) {
    const [H, W] = x.shape.slice(-2), [h, w] = out[1].slice(-2);
    return read(x, out, (image, i, j) => {
      const at = 2 * ((image * h + i) * w + j);
      return [taps(grid.data[at + 1], H, mode, padding, corners), taps(grid.data[at], W, mode, padding, corners)];
    });
  },
  antialiased_linear: resized(1, triangle), antialiased_cubic: resized(2, cubic(-0.5)),
});
