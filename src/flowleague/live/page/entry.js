// A captured entry as one generator: its three programs, replayed as flowleague.program.interpreter does, for few rows.

function entry({ latent, batch, block, constants: places, programs }) {
  const constants = constantsOf(block, places), ready = {};
  let sheet = { images: [] };

  // The rows that a program makes of some inputs, in portions; yields between operations.
  function* replayed(name, n, seed, inputs = []) {
    const plan = programs[name], rows = [];
    ready[name] ??= interpreter(plan, constants);
    for (let start = 0; start < n; start += plan.rows) {
      const first = Math.max(0, Math.min(start, n - plan.rows));
      const given = plan.inputs.map((spec) => {
        const t = empty(spec), size = t.data.length / plan.rows;
        for (let k = 0; k < plan.rows; k++) t.data.set(inputs[first + k] ?? inputs[0], k * size);
        return t;
      });
      const draws = plan.draws.map((draw, k) => drawn(draw, k, seed, Math.floor(start / batch), first));
      const made = yield* ready[name]([...given, ...draws]);
      rows.push(...rowsOf(made).slice(start - first, Math.min(n - first, plan.rows)));
    }
    return rows;
  }
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

  return {
    encode: (images) => whole(replayed("encode", images.length, 0, images)),
    decode: (rows) => whole(replayed("decode", rows.length, 0, rows)),
    generate: (n, seed) => whole(replayed("generate", n, seed)),
    async draw(seed, settings, rest) {
      const images = await inTurns(replayed("generate", DIGITS, seed), rest), codes = [];
      if (!images) return null;
      const code = (k) => (codes[k] ??= this.encode([images[k]])[0]);
      return (sheet = { states: [], images, corner: code, end: code });
    },
    // Between latents, by shares that add up to 1.
    between: (corners, shares) => corners[0].map((_, k) => shares.reduce((sum, share, c) => sum + share * corners[c][k], 0)),
    // Single numbers of a latent, by their standard deviation among the digits of the sheet.
    async axes(rest) {
      const codes = [];
      for (const image of sheet.images) {
        codes.push(...this.encode([image]));
        if (!(await rest())) return [];
      }
      const unit = (k, size) => Float32Array.from({ length: latent }, (_, at) => (at === k ? size : 0));
      const deviation = (line) => Math.sqrt(spread(line, mean(line)) / line.length);
      return Array.from({ length: latent }, (_, k) => [`Latent number ${k + 1}`, unit(k, deviation(codes.map((code) => code[k])))]);
    },
  };
}
