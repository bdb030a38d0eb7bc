// Encoder, velocity and decoder as one generator; x are latents in the flow's space: its states at the cut, where there
// is one, of which the rest of the flow is the decoder's, and the way back from an image the encoder's.

// One along each number of a latent, by its name.
/** @type {(latent: number) => [string, Float32Array][]} */
const units = (latent) => Array.from({ length: latent }, (_, k) =>
  [`Latent number ${k + 1}`, Float32Array.from({ length: latent }, (_, at) => Number(at === k))]);

// `solvers` are Butcher tableaux by name: rows of stages, then the weights of their slopes.
function generator(data) {
  const { solvers, source: { clusters, gap, temperature }, latent, solver: own, steps: usual, cut, backward } = data, replayed = replays(data);
  const rate = (rows, t) => whole(replayed("velocity", rows.length, 0, rows, [t]));
  const moved = (rows, h, parts, slopes) => rows.map((row, r) => {
    const made = Float64Array.from(row);
    parts.forEach((part, s) => part && slopes[s][r].forEach((slope, k) => (made[k] += h * part * slope)));
    return Float32Array.from(made);
  });
  // The law the flow starts from, as flowleague.model.source says: the largest of the first coordinates moves off.
  const clustered = (row) => {
    const moved = Float32Array.from(row, (value) => value * temperature);
    if (!clusters) return moved;
    const first = moved.subarray(0, clusters);
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
  // How many of `steps` lead from noise to a latent, as the recipe's steps_to_cut says; the others are the decoder's.
  const before = (steps) => (cut === 1 ? steps : Math.max(1, Math.min(even(cut * steps), steps - 1)));
  function* along(x, solver, steps, start, end) {
    const h = (end - start) / steps;
    yield x;
    for (let k = 0; k < steps; k++) yield (x = step(solvers[solver], x, start + k * h, h));
  }
  const last = (states) => [...states].at(-1), after = usual - before(usual);
  const ahead = (rows) => along(rows, own, after, cut, 1), pictured = (rows) => whole(replayed("decoder", rows.length, 0, rows));
  const back = (x) => along(x, own, cut === 1 ? 0 : backward, 1, cut);
  return {
    cut,
    // Rows of 784 pixels in [0, 1] to rows x, and back.
    encode: (images) => last(back(whole(replayed("encoder", images.length, 0, images)))),
    decode: (rows) => pictured(last(ahead(rows))),
    // Images of the flow's states at any time, by the decoder that belongs at its end.
    pictured,
    // The rows at all times of steps on the way from standard normal noise to data, or to the cut.
    path: (rows, solver, steps) => along(rows.map(clustered), solver, before(steps), 0, cut),
    // Steps to a latent, and the decoder's.
    taken: (steps) => [before(steps), after],
    evaluations: (solver, steps) => before(steps) * solvers[solver].stages.length + after * solvers[own].stages.length,
    // The velocity dx/dt of rows at a time.
    velocity: (rows, t) => rate(rows, t),
    // The same as encode, in turns; null when newer work began.
    async encoded(images, rest) {
      let x = await inTurns(replayed("encoder", images.length, 0, images), rest);
      for (const state of x ? back(x) : []) {
        x = state;
        if (!(await rest())) return null;
      }
      return x;
    },
    last(rows, solver, steps) {
      return last(this.path(rows, solver, steps));
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
    // A sheet of digits with all states on their way to data, the decoder's too, and where point k of POINTS at equal
    // times lies among them; null when newer work began.
    async draw(seed, settings, rest) {
      const drawn = noise(seed, 0, DIGITS, latent), states = await this.states(drawn, settings, rest);
      if (!states) return null;
      const n = states.length - 1, ends = states.at(-1), way = [...states.slice(0, -1), ...ahead(ends)];
      const decoding = (k) => (k / (POINTS - 1) - cut) / (1 - cut); // the share of the decoder's steps, from the cut to 1
      const place = (k) => (decoding(k) > 0 ? n + after * decoding(k) : (k * n) / ((POINTS - 1) * cut));
      return { states: way, place, images: pictured(way.at(-1)), corner: (k) => drawn[k], end: (k) => ends[k] };
    },
    // The samples of a seed after those of its sheet, on their way to latents.
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
