// A captured entry as one generator: its three programs.

function entry(data) {
  const replayed = replays(data), { latent } = data;
  let sheet = { images: [] };
  return {
    encode: (images) => whole(replayed("encode", images.length, 0, images)),
    encoded: (images, rest) => inTurns(replayed("encode", images.length, 0, images), rest),
    decode: (rows) => whole(replayed("decode", rows.length, 0, rows)),
    generate: (n, seed) => whole(replayed("generate", n, seed)),
    async draw(seed, settings, rest) {
      const images = await inTurns(replayed("generate", DIGITS, seed), rest), codes = [];
      if (!images) return null;
      const code = (k) => (codes[k] ??= this.encode([images[k]])[0]);
      return (sheet = { states: [], images, corner: code, end: code });
    },
    // The latents of n samples of seed 0.
    async samples(n, rest) {
      return this.encoded(await inTurns(replayed("generate", n, 0), rest), rest);
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
