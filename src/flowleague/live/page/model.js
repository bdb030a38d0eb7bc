// Encoder, velocity and decoder as one generator; x are latents in the flow's space.

// One along each number of a latent, by its name.
/** @type {(latent: number) => [string, Float32Array][]} */
const units = (latent) => Array.from({ length: latent }, (_, k) =>
  [`Latent number ${k + 1}`, Float32Array.from({ length: latent }, (_, at) => Number(at === k))]);

// `solvers` are Butcher tableaux by name: rows of stages, then the weights of their slopes.
function generator(data) {
  const { solvers, source: { clusters, gap }, latent, solver: own, steps: usual } = data, replayed = replays(data);
  const rate = (rows, t) => whole(replayed("velocity", rows.length, 0, rows, [t]));
  const moved = (rows, h, parts, slopes) => rows.map((row, r) => {
    const made = Float64Array.from(row);
    parts.forEach((part, s) => part && slopes[s][r].forEach((slope, k) => (made[k] += h * part * slope)));
    return Float32Array.from(made);
  });
  // The law the flow starts from, as flowleague.model.source says: the largest of the first coordinates moves off.
  const clustered = (row) => {
    if (!clusters) return row;
    const moved = Float32Array.from(row), first = moved.subarray(0, clusters);
    moved[first.indexOf(Math.max(...first))] += gap;
    return moved;
  };
  const step = ({ stages, weights }, x, t, h) => {
    const slopes = [];
    for (const stage of stages) {
      slopes.push(rate(moved(x, h, stage, slopes), t + h * stage.reduce((sum, part) => sum + part, 0)));
    }
    return moved(x, h, weights, slopes);
  };
  return {
    // Rows of 784 pixels in [0, 1] to rows x, and back.
    encode: (images) => whole(replayed("encoder", images.length, 0, images)),
    decode: (rows) => whole(replayed("decoder", rows.length, 0, rows)),
    // The rows at steps + 1 times on the way from standard normal noise to data.
    *path(rows, solver, steps) {
      let x = rows.map(clustered);
      yield x;
      for (let k = 0; k < steps; k++) yield (x = step(solvers[solver], x, k / steps, 1 / steps));
    },
    // The velocity dx/dt of rows at a time.
    velocity: (rows, t) => rate(rows, t),
    // The same as encode, in turns; null when newer work began.
    encoded: (images, rest) => inTurns(replayed("encoder", images.length, 0, images), rest),
    last(rows, solver, steps) {
      for (const state of this.path(rows, solver, steps)) rows = state;
      return rows;
    },
    // Rows of noise with all states on their way; null when newer work began.
    async states(rows, { solver, steps }, rest) {
      const found = [];
      for (const state of this.path(rows, solver, steps)) {
        found.push(state);
        if (!(await rest())) return null;
      }
      return found;
    },
    // A sheet of digits; null when newer work began.
    async draw(seed, settings, rest) {
      const drawn = noise(seed, 0, DIGITS, latent), states = await this.states(drawn, settings, rest);
      if (!states) return null;
      const ends = states.at(-1);
      return { states, images: this.decode(ends), corner: (k) => drawn[k], end: (k) => ends[k] };
    },
    // The samples of a seed after those of its sheet, on their way.
    cloud(seed, settings, rest) {
      return this.states(noise(seed, DIGITS, CLOUD - DIGITS, latent), settings, rest);
    },
    // Where the first n samples of seed 0 end, by the model's own solver.
    async samples(n, rest) {
      const rows = [], drawn = noise(0, 0, n, latent);
      for (let k = 0; k < n; k += DIGITS) {
        rows.push(...this.last(drawn.slice(k, k + DIGITS), own, usual));
        await rest();
      }
      return rows;
    },
    // Where mixed noise ends; it is scaled so that it stays N(0, I).
    between(corners, shares, { solver, steps }) {
      const length = Math.hypot(...shares);
      const mixed = corners[0].map((_, k) => shares.reduce((sum, share, c) => sum + (share / length) * corners[c][k], 0));
      return this.last([mixed], solver, steps)[0];
    },
    // The principal directions of samples, one standard deviation long, then single numbers of a latent.
    async axes(rest) {
      const named = principalDirections(await this.samples(SAMPLES, rest)).map(({ axis, deviation, share }, k) => [
        `Principal direction ${k + 1}, ${percent(share)} of the variance`, Float32Array.from(axis, (value) => value * deviation),
      ]);
      return [...named, ...units(latent)];
    },
  };
}
