// The numbers that a program draws, as `flowleague.program.draws` says: the table of noise for what a generator starts
// from, Philox 4x32-10 at the counter (block, draw, portion, 0) for the rest.

// Upper 32 bits of the product of two words.
function upper(a, b) {
  const [al, ah, bl, bh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16], low = ah * bl + ((al * bl) >>> 16);
  const middle = al * bh + (low % 65536);
  return ah * bh + Math.floor(low / 65536) + Math.floor(middle / 65536);
}

// `words` 32-bit words at the counters (0, draw, portion, 0), (1, draw, portion, 0) and so on.
function philox(words, draw, portion, seed) {
  const made = new Uint32Array(4 * Math.ceil(words / 4));
  for (let block = 0; 4 * block < made.length; block++) {
    let [c0, c1, c2, c3] = [block, draw, portion, 0], key0 = seed >>> 0, key1 = Math.floor(seed / 2 ** 32) >>> 0;
    for (let round = 0; round < 10; round++) {
      [c0, c1, c2, c3] = [
        (upper(0xcd9e8d57, c2) ^ c1 ^ key0) >>> 0, Math.imul(0xcd9e8d57, c2) >>> 0,
        (upper(0xd2511f53, c0) ^ c3 ^ key1) >>> 0, Math.imul(0xd2511f53, c0) >>> 0,
      ];
      [key0, key1] = [(key0 + 0x9e3779b9) >>> 0, (key1 + 0xbb67ae85) >>> 0];
    }
    made.set([c0, c1, c2, c3], 4 * block);
  }
  return made;
}

// Draw number `draw` of a portion whose first row has the number `first`; kind "start" is the table of noise.
function drawn([kind, shape], draw, seed, portion, first) {
  const made = empty(["float32", shape]), words = kind === "start" ? null : philox(made.data.length + 1, draw, portion, seed);
  if (!words) noise(seed, first, shape[0], count(shape.slice(1))).forEach((row, k) => made.data.set(row, k * row.length));
  else if (kind === "uniform") for (let k = 0; k < made.data.length; k++) made.data[k] = (words[k] >>> 8) / 2 ** 24;
  else for (let k = 0; k < made.data.length; k += 2) {
    const radius = Math.sqrt(-2 * Math.log((words[k] + 1) / 2 ** 32)), angle = (2 * Math.PI * words[k + 1]) / 2 ** 32;
    made.data[k] = radius * Math.cos(angle);
    if (k + 1 < made.data.length) made.data[k + 1] = radius * Math.sin(angle);
  }
  return made;
}
