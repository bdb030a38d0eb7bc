// Programs replayed for any number of rows, as flowleague.program.interpreter does, but in few-row portions.

const rowsOf = (t) => {
  const size = t.data.length / t.shape[0];
  return Array.from({ length: t.shape[0] }, (_, k) => t.data.subarray(k * size, (k + 1) * size));
};
const whole = (steps) => {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
};
// The same in turns; null when newer work began.
async function inTurns(steps, rest) {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (!(await rest())) return null;
  }
}

// A function that yields between operations and returns the rows that a program makes of `n` rows of each input.
function replays({ batch, block, constants: places, programs }) {
  const constants = constantsOf(block, places), ready = new Map();
  function* portion(plan, inputs, seed, first, start) {
    if (!ready.has(plan)) ready.set(plan, interpreter(plan, constants));
    const given = plan.inputs.map((spec, at) => {
      const t = empty(spec), size = t.data.length / plan.rows, rows = inputs[at];
      for (let k = 0; k < plan.rows; k++) {
        const row = rows[first + k] ?? rows[0];
        if (size === 1) t.data[k] = row[0] ?? row;
        else t.data.set(row, k * size);
      }
      return t;
    });
    const draws = plan.draws.map((draw, k) => drawn(draw, k, seed, Math.floor(start / batch), first));
    return rowsOf(yield* ready.get(plan)([...given, ...draws]));
  }
  return function* (name, n, seed, ...inputs) {
    const plans = programs[name], rows = [];
    while (rows.length < n) {
      const start = rows.length, plan = plans.findLast((one) => one.rows <= n - start) ?? plans[0];
      const first = Math.max(0, Math.min(start, n - plan.rows));
      const made = yield* portion(plan, inputs, seed, first, start);
      rows.push(...made.slice(start - first, Math.min(n - first, plan.rows)));
    }
    return rows;
  };
}
