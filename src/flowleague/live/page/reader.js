// What reads along: one of the contest's judges, replayed as any program is, its weights in 8 bits; and real digits.

// Rows of 784 pixels to the class and the confidence that the judge gives each, null when newer work began; or no judge.
const judge = (() => {
  if (!READING) return null;
  let replayed = null;
  const verdict = (row) => {
    const label = row.indexOf(Math.max(...row));
    return { label, confidence: Math.exp(row[label]) };
  };
  return {
    async read(images, rest) {
      replayed ??= replays(READING);
      const rows = await inTurns(replayed("encode", images.length, 0, images), rest);
      return rows && rows.map(verdict);
    },
  };
})();
const sure = ({ confidence }) => percent(Math.floor(100 * confidence) / 100); // 99.9 is not all
const told = (verdict) => `${verdict.label} ${sure(verdict)}`;

// Keeps an element's text at what the judge reads in the newest of the images that it is given.
function readingOf(place) {
  const fresh = turns();
  return async (image) => {
    if (!judge) return;
    const rest = fresh();
    place.textContent = "";
    const found = image && (await judge.read([image], rest));
    if (found) place.textContent = `The judge reads ${found[0].label}, ${sure(found[0])} sure.`;
  };
}

// The real digits, as many of each class, rows of 784 pixels in [0, 1]; none where there is no judge.
async function realDigits() {
  if (!READING) return [];
  const packed = Uint8Array.from(atob(READING.digits), (letter) => letter.charCodeAt(0));
  const flow = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(flow).arrayBuffer()), size = (PIXELS * PIXELS) / 2;
  return Array.from({ length: bytes.length / size }, (_, n) =>
    Float32Array.from({ length: 2 * size }, (_, k) => ((bytes[n * size + (k >> 1)] >> (k % 2 ? 0 : 4)) & 15) / 15));
}
