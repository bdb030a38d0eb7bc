// A plane through the latents: drag over it and watch the digit change.

const MAP = 9; // digits along each side of the map under the pad
const REACH = 3; // standard deviations from the middle to the edge

function startPad(root, data, model, settings) {
  const part = (name) => root.querySelector(`[data-live=${name}]`);
  const [pad, map, dot, big, plane, across, up, x, y] =
    ["pad", "map", "dot", "big", "plane", "across", "up", "x", "y"].map(part);
  const fresh = turns();
  const read = readingOf(part("read-big"));
  let corners = [], middle = null, sought = false;

  // By its name: at first 1 along single numbers of a latent, then what the model offers, which takes a while.
  let axes = new Map(units(data.latent));
  function offer() {
    for (const select of [across, up]) select.replaceChildren(...[...axes.keys()].map((name) => element("option", {}, name)));
    up.selectedIndex = 1;
  }
  async function seek() {
    sought = true;
    const found = await model.axes(turns()());
    if (!found.length) return;
    axes = new Map(found);
    offer();
    redraw();
  }

  // The latents at a place (u, v) in [-1, 1]^2.
  function latents(u, v) {
    if (plane.value === "axes") {
      const [a, b] = [axes.get(across.value), axes.get(up.value)];
      return middle.map((value, k) => value + REACH * (u * a[k] + v * b[k]));
    }
    const [right, top] = [(u + 1) / 2, (v + 1) / 2];
    const shares = [(1 - right) * top, right * top, (1 - right) * (1 - top), right * (1 - top)];
    return model.between(corners, shares, settings);
  }

  function move() {
    const [u, v] = [Number(x.value), Number(y.value)];
    dot.style.left = `${50 * (u + 1)}%`;
    dot.style.top = `${50 * (1 - v)}%`;
    const image = model.decode([latents(u, v)])[0];
    show(big, image);
    read(image);
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
    // From the sheet: the chosen digit is the middle of the axes, and it with the three after it the corners.
    around(k, sheet) {
      corners = [0, 1, 2, 3].map((next) => sheet.corner((k + next) % DIGITS));
      middle = sheet.end(k);
      redraw();
    },
    // From a drawing, which has no noise: over axes only.
    from(point) {
      [middle, plane.value, x.value, y.value] = [point, "axes", 0, 0];
      redraw();
    },
  };
}
