// Kernels on each element. A kernel takes the arguments of its operation, in the order of `flowleague.program`'s table,
// and the types and shapes of its results; tensors are { dtype, shape, data }, numbers are numbers.

// A number meets 32-bit floats as one of them.
function operand(value, shape, others) {
  if (value.data) return value.data.length === 1 ? value.data[0] : stretched(value, shape).data;
  return others.some((other) => other?.dtype === "float64") ? Number(value) : Math.fround(Number(value));
}

const unary = (f) => ([x, ...rest], [out]) => {
  const made = empty(out);
  for (let k = 0; k < made.data.length; k++) made.data[k] = f(x.data[k], ...rest);
  return exact(made);
};

function combined(f, a, b, out) {
  const made = empty(out), shape = made.shape, data = made.data;
  const x = operand(a, shape, [b]), y = operand(b, shape, [a]);
  if (typeof x === "number" && typeof y === "number") data.fill(f(x, y));
  else if (typeof x === "number") for (let k = 0; k < data.length; k++) data[k] = f(x, y[k]);
  else if (typeof y === "number") for (let k = 0; k < data.length; k++) data[k] = f(x[k], y);
  else for (let k = 0; k < data.length; k++) data[k] = f(x[k], y[k]);
  return exact(made);
}
const binary = (f) => ([a, b], [out]) => combined(f, a, b, out);
const sum = (sign) => ([a, b, alpha], [out]) => combined(alpha === 1 ? (x, y) => x + sign * y : (x, y) => x + sign * alpha * y, a, b, out);

const even = (x) => {
  const near = Math.round(x);
  return near - x === 0.5 && near % 2 !== 0 ? near - 1 : near;
};
const sigmoid = (x) => 1 / (1 + Math.exp(-x));

// erf by its series with positive terms (Abramowitz & Stegun 7.1.6), and its inverse by Newton's steps from Winitzki's
// approximation.
function erf(x) {
  const size = Math.abs(x);
  if (!(size < 6)) return size >= 6 ? Math.sign(x) : NaN;
  let term = x, total = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(total); n++) total += term *= (2 * x * x) / (2 * n + 1);
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
}
function erfinv(y) {
  if (!(Math.abs(y) < 1)) return Math.abs(y) === 1 ? y * Infinity : NaN;
  const log = Math.log(1 - y * y), a = 0.147, b = 2 / (Math.PI * a) + log / 2;
  let x = Math.sign(y) * Math.sqrt(Math.sqrt(b * b - log / a) - b);
  for (let step = 0; step < 4; step++) x -= ((erf(x) - y) * Math.sqrt(Math.PI)) / (2 * Math.exp(-x * x));
  return x;
}

// Lanczos' approximation (g = 7) and its reflection; digamma by recurrence and the asymptotic series.
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];
function lgamma(x) {
  if (x <= 0 && Number.isInteger(x)) return Infinity;
  if (x < 0.5) return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * x))) - lgamma(1 - x);
  const total = LANCZOS.reduce((made, part, k) => (k ? made + part / (x - 1 + k) : part), 0), t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(total);
}
function digamma(x) {
  if (x <= 0) return Number.isInteger(x) ? NaN : digamma(1 - x) - Math.PI / Math.tan(Math.PI * x);
  let less = 0;
  for (; x < 8; x++) less += 1 / x;
  const r = 1 / (x * x);
  return Math.log(x) - 0.5 / x - r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r / 240))) - less;
}

const remainder = (x, y) => {
  const left = x % y;
  return left !== 0 && left < 0 !== y < 0 ? left + y : left;
};
const bits = (small, large) => (x, y) =>
  (x | 0) === x && (y | 0) === y ? small(x, y) : Number(BigInt.asIntN(64, large(BigInt(x), BigInt(y))));
const between = (x, least, most) => {
  const raised = least === null ? x : Math.max(x, least);
  return most === null ? raised : Math.min(raised, most);
};
function clamped([x, least, most], [out]) {
  const low = least?.data ? combined(Math.max, x, least, out) : x;
  if (most?.data) return combined(Math.min, low, most, out);
  if (least?.data) return low;
  const [a, b] = [least, most].map((bound) => bound && operand(bound, [], [x]));
  return unary((value) => between(value, a, b))([x], [out]);
}
const gelu = (x) => 0.5 * x * (1 + erf(x / Math.SQRT2));
const roughGelu = (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
// The number next to x on the way to y, in 32 or 64 bits.
function nextafter([a, b], [out]) {
  const wide = out[0] === "float64", number = new (wide ? Float64Array : Float32Array)(1);
  const bits = new (wide ? BigInt64Array : Int32Array)(number.buffer), one = wide ? 1n : 1;
  return combined((x, y) => {
    if (x !== x || y !== y || x === y) return x === y ? y : NaN;
    number[0] = x;
    if (x === 0) bits[0] = one;
    else if (x < y === x > 0) bits[0]++;
    else bits[0]--;
    return x === 0 && y < 0 ? -number[0] : number[0];
  }, a, b, out);
}
const truth = (f) => binary((x, y) => Number(f(x, y)));

const KERNELS = {
  add: sum(1), sub: sum(-1), mul: binary((x, y) => x * y),
  div([a, b, rounding], [out]) {
    const rounded = { floor: Math.floor, trunc: Math.trunc }[rounding];
    return combined(rounded ? (x, y) => rounded(x / y) : (x, y) => x / y, a, b, out);
  },
  fmod: binary((x, y) => x % y), remainder: binary(remainder), pow: binary(Math.pow), atan2: binary(Math.atan2), nextafter,
  maximum: binary(Math.max), minimum: binary(Math.min),
  eq: truth((x, y) => x === y), ne: truth((x, y) => x !== y), lt: truth((x, y) => x < y), le: truth((x, y) => x <= y),
  gt: truth((x, y) => x > y), ge: truth((x, y) => x >= y),
  logical_and: truth((x, y) => x !== 0 && y !== 0), logical_or: truth((x, y) => x !== 0 || y !== 0),
  logical_xor: truth((x, y) => (x !== 0) !== (y !== 0)), logical_not: unary((x) => Number(x === 0)),
  isnan: unary((x) => Number(x !== x)), isinf: unary((x) => Number(Math.abs(x) === Infinity)),
  bitwise_and: binary(bits((x, y) => x & y, (x, y) => x & y)), bitwise_or: binary(bits((x, y) => x | y, (x, y) => x | y)),
  bitwise_xor: binary(bits((x, y) => x ^ y, (x, y) => x ^ y)),
  bitwise_not: ([x], outs) => unary(x.dtype === "bool" ? (value) => 1 - value : (value) => -value - 1)([x], outs),
  where([condition, a, b], [out]) {
    const made = empty(out), [c, x, y] = [condition, a, b].map((t) => stretched(t, made.shape).data);
    for (let k = 0; k < made.data.length; k++) made.data[k] = c[k] ? x[k] : y[k];
    return made;
  },
  clamp: clamped,

  neg: unary((x) => -x), abs: unary(Math.abs), floor: unary(Math.floor), ceil: unary(Math.ceil), round: unary(even),
  trunc: unary(Math.trunc), sign: unary((x) => (x > 0 ? 1 : x < 0 ? -1 : 0)), reciprocal: unary((x) => 1 / x),
  sqrt: unary(Math.sqrt), rsqrt: unary((x) => 1 / Math.sqrt(x)), exp: unary(Math.exp), expm1: unary(Math.expm1),
  log: unary(Math.log), log1p: unary(Math.log1p), log2: unary(Math.log2), log10: unary(Math.log10),
  sin: unary(Math.sin), cos: unary(Math.cos), tan: unary(Math.tan), asin: unary(Math.asin), acos: unary(Math.acos),
  atan: unary(Math.atan), sinh: unary(Math.sinh), cosh: unary(Math.cosh), tanh: unary(Math.tanh),
  asinh: unary(Math.asinh), acosh: unary(Math.acosh), atanh: unary(Math.atanh), erf: unary(erf), erfinv: unary(erfinv),
  lgamma: unary(lgamma), digamma: unary(digamma), sigmoid: unary(sigmoid),
  relu: unary((x) => Math.max(x, 0)), silu: unary((x) => x * sigmoid(x)),
  gelu: ([x, way], outs) => unary(way === "tanh" ? roughGelu : gelu)([x], outs),
  elu: unary((x, alpha, scale, inner) => scale * (x > 0 ? x : alpha * Math.expm1(x * inner))),
  leaky_relu: unary((x, slope) => (x > 0 ? x : slope * x)),
  softplus: unary((x, beta, threshold) => (x * beta > threshold ? x : Math.log1p(Math.exp(x * beta)) / beta)),

  cast([x], [out]) {
    const whole = !out[0].startsWith("float"), f = out[0] === "bool" ? (v) => Number(v !== 0) : whole ? Math.trunc : (v) => v;
    return unary(f)([x], [out]);
  },
  copy: ([x]) => x,
};
