// A plane through the latents: drag over it and watch the digit change.

const MAP = 9; // digits along each side of the map under the pad
const REACH = 3; // standard deviations from the middle to the edge

function startPad(root, data, model, settings) {
  const part = (name) => root.querySelector(`[data-live=${name}]`);
  const [pad, map, dot, big, plane, across, up, x, y] =
    ["pad", "map", "dot", "big", "plane", "across", "up", "x", "y"].map(part);
  const fresh = turns();
  let corners = [], middle = null, sought = false;

  // One standard deviation along each axis, by its name: at first single latent dimensions, 1 of each.
  const axes = new Map();
  for (let k = 0; k < data.latent; k++) {
    axes.set(`Latent number ${k + 1}`, Float32Array.from({ length: data.latent }, (_, at) => Number(at === k)));
  }
  function offer() {
    for (const select of [across, up]) select.replaceChildren(...[...axes.keys()].map((name) => element("option", {}, name)));
    up.selectedIndex = 1;
  }

  // Then the principal directions of samples, which take a while, before them.
  async function seek() {
    sought = true;
    const rest = turns()(), rows = [], drawn = noise(0, 0, SAMPLES, data.latent);
    for (let k = 0; k < SAMPLES; k += 20) {
      rows.push(...model.last(drawn.slice(k, k + 20), data.solver, data.steps));
      await rest();
    }
    const numbers = [...axes];
    axes.clear();
    principalDirections(rows).forEach(({ axis, deviation, share }, k) => {
      const name = `Principal direction ${k + 1}, ${percent(share)} of the variance`;
      axes.set(name, Float32Array.from(axis, (value) => value * deviation));
    });
    for (const [name, axis] of numbers) axes.set(name, axis);
    offer();
    redraw();
  }

  // The latents at a place (u, v) in [-1, 1]^2. Mixed noise is scaled so that it stays N(0, I).
  function latents(u, v) {
    if (plane.value === "axes") {
      const [a, b] = [axes.get(across.value), axes.get(up.value)];
      return middle.map((value, k) => value + REACH * (u * a[k] + v * b[k]));
    }
    const [right, top] = [(u + 1) / 2, (v + 1) / 2];
    const parts = [(1 - right) * top, right * top, (1 - right) * (1 - top), right * (1 - top)];
    const length = Math.hypot(...parts);
    const mixed = corners[0].map((_, k) => parts.reduce((sum, part, c) => sum + (part / length) * corners[c][k], 0));
    return model.last([mixed], settings.solver, settings.steps)[0];
  }

  function move() {
    const [u, v] = [Number(x.value), Number(y.value)];
    dot.style.left = `${50 * (u + 1)}%`;
    dot.style.top = `${50 * (1 - v)}%`;
    show(big, model.decode([latents(u, v)])[0]);
  }

  async function redraw() {
    if (!middle) return;
    if (plane.value === "axes" && !sought) seek();
    const rest = fresh(), brush = map.getContext("2d"), tile = element("canvas");
    root.querySelectorAll(".live-axes").forEach((row) => (row.hidden = plane.value !== "axes"));
    move();
    map.width = map.height = MAP * PIXELS;
    for (const k of fromTheMiddle) {
      const [row, column] = [Math.floor(k / MAP), k % MAP], at = (cell) => (2 * cell) / (MAP - 1) - 1;
      show(tile, model.decode([latents(at(column), -at(row))])[0]);
      brush.drawImage(tile, column * PIXELS, row * PIXELS);
      if (!(await rest())) return;
    }
  }
  const off = (k) => Math.hypot(Math.floor(k / MAP) - MAP / 2 + 0.5, (k % MAP) - MAP / 2 + 0.5);
  const fromTheMiddle = Array.from({ length: MAP * MAP }, (_, k) => k).sort((a, b) => off(a) - off(b));

  function drag(event) {
    const box = pad.getBoundingClientRect(), inside = (part) => Math.min(1, Math.max(-1, part)).toFixed(2); // a slider's value, not text
    x.value = inside((2 * (event.clientX - box.left)) / box.width - 1);
    y.value = inside(1 - (2 * (event.clientY - box.top)) / box.height);
    move();
  }
  pad.addEventListener("pointerdown", (event) => {
    pad.setPointerCapture(event.pointerId);
    drag(event);
  });
  pad.addEventListener("pointermove", (event) => pad.hasPointerCapture(event.pointerId) && drag(event));
  for (const slider of [x, y]) slider.addEventListener("input", move);
  for (const select of [plane, across, up]) select.addEventListener("change", redraw);

  offer();
  return {
    // From the sheet: the chosen digit is the middle of the axes, and its noise with the three after it the corners.
    around(k, noises, end) {
      corners = [0, 1, 2, 3].map((next) => noises[(k + next) % noises.length]);
      middle = end;
      redraw();
    },
    // From a drawing, which has no noise: over axes only.
    from(point) {
      [middle, plane.value, x.value, y.value] = [point, "axes", 0, 0];
      redraw();
    },
  };
}
