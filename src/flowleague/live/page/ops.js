// The operations of ONNX that the networks are made of, on tensors { shape, data } in row-major order.
// https://onnx.ai/onnx/operators says what each does; `OPERATIONS` in program.py names the same ones.

const zeros = (shape) => empty(["float32", shape]);

const each = (f) => (node, t) => {
  const out = zeros(t.shape);
  for (let k = 0; k < out.data.length; k++) out.data[k] = f(t.data[k]);
  return out;
};

const pair = (f) => (node, a, b) => {
  const rank = Math.max(a.shape.length, b.shape.length), size = (t, axis) => t.shape[t.shape.length - rank + axis] ?? 1;
  const shape = Array.from({ length: rank }, (_, axis) => Math.max(size(a, axis), size(b, axis)));
  const x = stretched(a, shape).data, y = stretched(b, shape).data, out = zeros(shape);
  for (let k = 0; k < out.data.length; k++) out.data[k] = f(x[k], y[k]);
  return out;
};

// Every run of `length` numbers to mean 0 and variance 1.
function standardised(t, length, epsilon) {
  const out = zeros(t.shape);
  for (let start = 0; start < t.data.length; start += length) {
    let mean = 0, variance = 0;
    for (let k = start; k < start + length; k++) mean += t.data[k] / length;
    for (let k = start; k < start + length; k++) variance += (t.data[k] - mean) ** 2 / length;
    const scale = 1 / Math.sqrt(variance + epsilon);
    for (let k = start; k < start + length; k++) out.data[k] = (t.data[k] - mean) * scale;
  }
  return out;
}

// What the kernel sees at every place of the output, (places, C kh kw), zero outside of the image.
/** @type {(image: Float32Array, shape: number[], ...rest: number[][]) => Float32Array} */
function patches(image, [C, H, W], [kh, kw], [sy, sx], [dy, dx], [top, left], [height, width]) {
  const out = new Float32Array(height * width * C * kh * kw);
  let k = 0;
  for (let row = 0; row < height; row++) for (let column = 0; column < width; column++) {
    for (let c = 0; c < C; c++) for (let ky = 0; ky < kh; ky++) {
      const y = row * sy + ky * dy - top, start = (c * H + y) * W;
      for (let kx = 0; kx < kw; kx++, k++) {
        const x = column * sx + kx * dx - left;
        if (y >= 0 && y < H && x >= 0 && x < W) out[k] = image[start + x];
      }
    }
  }
  return out;
}

function convolved(node, x, w, bias) {
  const [B, C, ...size] = x.shape, [M, perGroup, ...kernel] = w.shape, groups = node.group ?? 1;
  const strides = node.strides ?? [1, 1], gaps = node.dilations ?? [1, 1], pads = node.pads ?? [0, 0, 0, 0];
  const places = size.map((full, k) =>
    Math.floor((full + pads[k] + pads[k + 2] - gaps[k] * (kernel[k] - 1) - 1) / strides[k]) + 1);
  const out = zeros([B, M, ...places]), n = M / groups, inner = perGroup * count(kernel), area = count(places);
  for (let k = 0; k < B * groups; k++) {
    const seen = x.data.subarray(k * perGroup * count(size), (k + 1) * perGroup * count(size)), group = k % groups;
    const columns = patches(seen, [perGroup, ...size], kernel, strides, gaps, pads, places);
    out.data.set(product(w.data.subarray(group * n * inner, (group + 1) * n * inner), columns, n, inner, area, true), k * n * area);
  }
  return bias ? OPERATIONS.Add(node, out, reshaped(bias, [M, 1, 1])) : out;
}

const OPERATIONS = {
  Add: pair((x, y) => x + y),
  Sub: pair((x, y) => x - y),
  Mul: pair((x, y) => x * y),
  Div: pair((x, y) => x / y),
  Sin: each(Math.sin),
  Cos: each(Math.cos),
  Relu: each((x) => Math.max(0, x)),
  Sigmoid: each((x) => 1 / (1 + Math.exp(-x))),

  Gemm(node, a, b, c) {
    if (node.transA) a = transposed(a, [1, 0]);
    const [n, inner] = a.shape, m = b.shape[node.transB ? 0 : 1];
    const alpha = node.alpha ?? 1, beta = node.beta ?? 1;
    const data = product(a.data, b.data, n, inner, m, node.transB), plus = c && stretched(c, [n, m]).data;
    return { shape: [n, m], data: data.map((value, k) => alpha * value + (plus ? beta * plus[k] : 0)) };
  },
  Conv: convolved,

  LayerNormalization(node, x, scale, bias) {
    const length = count(x.shape.slice(place(node.axis ?? -1, x.shape.length)));
    const scaled = OPERATIONS.Mul(node, standardised(x, length, node.epsilon ?? 1e-5), scale);
    return bias ? OPERATIONS.Add(node, scaled, bias) : scaled;
  },

  Reshape(node, x, wanted) {
    const shape = [...wanted.data].map((size, axis) => (size === 0 && !node.allowzero ? x.shape[axis] : size));
    const open = shape.indexOf(-1);
    if (open >= 0) shape[open] = x.data.length / -count(shape);
    return reshaped(x, shape);
  },
  Flatten(node, x) {
    const rows = count(x.shape.slice(0, place(node.axis ?? 1, x.shape.length)));
    return reshaped(x, [rows, x.data.length / rows]);
  },
  Unsqueeze(node, x, axes) {
    const shape = [...x.shape], rank = shape.length + axes.data.length;
    for (const axis of axes.data.map((axis) => place(axis, rank)).sort((a, b) => a - b)) shape.splice(axis, 0, 1);
    return reshaped(x, shape);
  },
  Concat(node, ...parts) {
    const axis = place(node.axis, parts[0].shape.length), shape = [...parts[0].shape];
    shape[axis] = parts.reduce((sum, part) => sum + part.shape[axis], 0);
    const out = zeros(shape), row = count(shape.slice(axis));
    let start = 0;
    for (const part of parts) {
      const size = count(part.shape.slice(axis));
      for (let k = 0; k * size < part.data.length; k++) out.data.set(part.data.subarray(k * size, (k + 1) * size), k * row + start);
      start += size;
    }
    return out;
  },
  DepthToSpace(node, x) {
    const [B, C, H, W] = x.shape, s = node.blocksize, c = C / (s * s), crd = node.mode === "CRD";
    const parts = crd ? reshaped(x, [B, c, s, s, H, W]) : reshaped(x, [B, s, s, c, H, W]);
    return reshaped(transposed(parts, crd ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]), [B, c, H * s, W * s]);
  },
  SpaceToDepth(node, x) {
    const [B, C, H, W] = x.shape, s = node.blocksize;
    return reshaped(transposed(reshaped(x, [B, C, H / s, s, W / s, s]), [0, 3, 5, 1, 2, 4]), [B, C * s * s, H / s, W / s]);
  },
};
