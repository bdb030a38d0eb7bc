// A program as entry.py writes it: a straight line of operations on numbered values (inputs, draws, constants, results).

// Bytes in base64, each constant at its place; little-endian, as all browsers' machines are.
function constantsOf(base64, places) {
  const { buffer } = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return places.map(([dtype, shape, first, bytes]) => {
    const raw = buffer.slice(first, first + bytes);
    const data = dtype === "int64" ? Float64Array.from(new BigInt64Array(raw), Number) : new ARRAYS[dtype](raw);
    return exact({ dtype, shape, data });
  });
}

class Value {
  constructor(at) {
    this.at = at;
  }
}
const argument = (given) =>
  Array.isArray(given) ? given.map(argument) : typeof given === "string" && given[0] === "#" ? new Value(Number(given.slice(1))) : given;
const referred = (given) => (given instanceof Value ? [given.at] : Array.isArray(given) ? given.flatMap(referred) : []);
const resolved = (given, values) =>
  given instanceof Value ? values[given.at] : Array.isArray(given) ? given.map((one) => resolved(one, values)) : given;

// The bytes that a program's values hold at a moment, which a stranger's program must not raise without end.
const MOST_BYTES = 2 ** 30;
function meter() {
  let held = 0;
  return (made, sign = 1) => {
    held += sign * made.data.byteLength;
    if (held > MOST_BYTES) throw new Error("The entry’s program needs more memory than a page has.");
  };
}

// What depends on neither input nor draw is computed once, equal operations once; a value goes after its last use.
function interpreter(plan, constants) {
  const odd = { inf: Infinity, "-inf": -Infinity, nan: NaN }, free = plan.inputs.length + plan.draws.length;
  const varies = [...new Array(free).fill(true), ...plan.constants.map(() => false)];
  const kept = [...new Array(free), ...plan.constants.map((at) => constants[at])], known = new Map(), steps = [], same = new Map();
  const last = new Map(), keep = meter();
  for (const [kernel, given, ...specs] of plan.operations) {
    const first = varies.length, used = argument(given).flatMap(referred), outs = specs.map((at) => plan.specs[at]);
    const args = argument(given.map((one) => (typeof one === "string" && one in odd ? odd[one] : one)));
    const moves = used.some((at) => varies[at]);
    specs.forEach(() => varies.push(moves));
    if (moves) {
      used.forEach((at) => last.set(at, steps.length));
      specs.forEach((_, k) => last.set(first + k, steps.length));
      steps.push({ kernel: KERNELS[kernel], args, outs, first });
      continue;
    }
    const rename = (one) => (one instanceof Value ? `#${same.get(one.at) ?? one.at}` : Array.isArray(one) ? one.map(rename) : `${typeof one} ${one}`);
    const key = JSON.stringify([kernel, args.map(rename), specs]);
    if (!known.has(key)) {
      known.set(key, first);
      [KERNELS[kernel](resolved(args, kept), outs)].flat().slice(0, specs.length).forEach((made, k) => (keep(made), (kept[first + k] = made)));
    }
    specs.forEach((_, k) => {
      same.set(first + k, known.get(key) + k);
      kept[first + k] = kept[known.get(key) + k];
    });
  }
  const gone = steps.map(() => []);
  last.forEach((step, at) => varies[at] && at !== plan.output && gone[step].push(at));
  // Yields between operations, so that a page can breathe, and returns the output.
  return function* (inputs) {
    const values = [...kept], hold = meter();
    inputs.forEach((value, k) => (values[k] = value));
    for (const [n, { kernel, args, outs, first }] of steps.entries()) {
      [kernel(resolved(args, values), outs)].flat().slice(0, outs.length).forEach((made, k) => (hold(made), (values[first + k] = made)));
      for (const at of gone[n]) {
        if (at >= free) hold(values[at], -1);
        values[at] = undefined;
      }
      yield;
    }
    return values[plan.output];
  };
}
