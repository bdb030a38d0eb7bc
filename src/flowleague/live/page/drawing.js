// Draw a digit, with a finger, a mouse or the arrow keys, and see what encoder and decoder make of it.

const PEN = 1.35; // radius in pixels of the picture, about as wide as the digits' strokes

function startDrawing(root, model, explore) {
  const part = (name) => root.querySelector(`[data-live=${name}]`);
  const [paper, copy, told] = ["paper", "copy", "drawn"].map(part), [readPaper, readCopy] = ["read-paper", "read-copy"].map((name) => readingOf(part(name)));
  const image = new Float32Array(PIXELS * PIXELS);
  let pen = [PIXELS / 2, PIXELS / 2], down = false, waiting = false;

  const empty = () => image.every((ink) => ink === 0);

  // Darkens along the line from a to b; the edge of the pen is soft.
  /** @type {(a: number[], b: number[]) => void} */
  function stroke([ax, ay], [bx, by]) {
    const length = (bx - ax) ** 2 + (by - ay) ** 2;
    image.forEach((old, k) => {
      const x = (k % PIXELS) + 0.5, y = Math.floor(k / PIXELS) + 0.5;
      const t = length ? Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length)) : 0;
      const far = Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay));
      image[k] = Math.max(old, Math.min(1, Math.max(0, PEN + 0.5 - far)));
    });
  }

  // Whole pixels that bring the centre of mass to the middle, where the training digits have theirs.
  function offCentre() {
    let mass = 0, x = 0, y = 0;
    image.forEach((ink, k) => ((mass += ink), (x += ink * (k % PIXELS)), (y += ink * Math.floor(k / PIXELS))));
    return mass ? [Math.round(x / mass - PIXELS / 2 + 0.5), Math.round(y / mass - PIXELS / 2 + 0.5)] : [0, 0];
  }
  const shifted = (from, dx, dy) => from.map((_, k) => {
    const x = (k % PIXELS) + dx, y = Math.floor(k / PIXELS) + dy;
    return x >= 0 && x < PIXELS && y >= 0 && y < PIXELS ? from[y * PIXELS + x] : 0;
  });
  const encoded = () => model.encode([shifted(image, ...offCentre())])[0];

  function update() {
    show(paper, image);
    paper.parentElement.classList.toggle("empty", empty());
    part("pen").style.left = `${(100 * pen[0]) / PIXELS}%`;
    part("pen").style.top = `${(100 * pen[1]) / PIXELS}%`;
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      const [dx, dy] = offCentre(), centred = empty() ? image : model.decode([encoded()])[0], made = shifted(centred, -dx, -dy);
      show(copy, made);
      readPaper(empty() ? null : shifted(image, dx, dy));
      readCopy(empty() ? null : centred);
      const error = made.reduce((sum, value, k) => sum + (value - image[k]) ** 2, 0) / made.length;
      told.textContent = (down ? "Pen down. " : "") + (empty() ? "Nothing drawn yet." : `Mean squared error ${number(error)}.`);
    });
  }

  function to(next) {
    if (down) stroke(pen, next);
    pen = next;
    update();
  }
  const under = (event) => {
    const box = paper.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * PIXELS, ((event.clientY - box.top) / box.height) * PIXELS];
  };
  paper.addEventListener("pointerdown", (event) => {
    paper.setPointerCapture(event.pointerId);
    pen = under(event);
    down = true;
    to(pen);
  });
  paper.addEventListener("pointermove", (event) => paper.hasPointerCapture(event.pointerId) && to(under(event)));
  for (const end of ["pointerup", "pointercancel"]) paper.addEventListener(end, () => ((down = false), update()));
  const keys = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  paper.addEventListener("keydown", (event) => {
    const way = keys[event.key];
    if (!way && event.key !== " ") return;
    event.preventDefault();
    if (way) return to(pen.map((at, k) => Math.min(PIXELS, Math.max(0, at + way[k]))));
    down = !down;
    paper.classList.toggle("down", down);
    to(pen);
  });
  paper.addEventListener("blur", () => ((down = false), paper.classList.remove("down")));
  part("clear").addEventListener("click", () => (image.fill(0), update()));
  part("explore").addEventListener("click", () => explore(encoded()));
  update();
  return { take: (other) => (image.set(other), update()) };
}
