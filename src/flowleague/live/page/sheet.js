// A sheet of new digits, drawn from a seed, that can be followed back to their noise; a judge reads them along.

const DIGITS = 24;

// `chosen(k, drawn)` is called with the number of the digit that a person picked, and the sheet as the model drew it;
// `changed()` when a person changed what is seen.
function startSheet(root, data, model, settings, chosen, changed) {
  const part = (name) => root.querySelector(`[data-live=${name}]`);
  const [seed, time, said, play, sheet] = ["seed", "time", "told", "play", "sheet"].map(part);
  const fresh = turns(), reads = turns(), space = startMap(root, data, model, settings);
  const tiles = Array.from({ length: DIGITS }, (_, k) => {
    const canvas = element("canvas", { width: PIXELS, height: PIXELS, "aria-hidden": "true" });
    const button = element("button", { type: "button", "aria-pressed": "false" }, canvas), read = element("span", {});
    button.addEventListener("click", () => (choose(k), changed()));
    sheet.append(element("div", {}, button, read));
    return { button, canvas, read };
  });
  let made = null, images = [], verdicts = [], picked = 0, playing = 0;

  function choose(k) {
    settings.digit = picked = k;
    tiles.forEach(({ button }, other) => button.setAttribute("aria-pressed", String(other === k)));
    space.pick(k);
    chosen(k, made);
  }

  function draw() {
    const k = Number(time.value), t = number(k / (POINTS - 1), 2);
    images[k] ??= model.pictured(onTheWay(made.states, made.place(k)));
    images[k].forEach((image, digit) => show(tiles[digit].canvas, image));
    part("t").textContent = t;
    time.setAttribute("aria-valuetext", `time ${t}: ${k === 0 ? "noise" : k < POINTS - 1 ? "on the way" : "digits"}`);
    space.at(k);
    read(k);
  }

  // What the judge reads in the digits at point k; while they move, in the picked one only.
  async function read(k) {
    if (!judge) return;
    const rest = reads(), which = playing ? [picked] : tiles.map((_, digit) => digit), known = (verdicts[k] ??= []);
    caption(known);
    const missing = which.filter((digit) => !known[digit]);
    for (const digit of missing) {
      const found = await judge.read([images[k][digit]], rest);
      if (!found) return;
      known[digit] = found[0];
    }
    caption(known);
    if (which.length === DIGITS) performance.mark("read");
  }
  function caption(known) {
    tiles.forEach(({ button, read }, digit) => {
      const verdict = known[digit], other = settings.label !== "" && verdict && String(verdict.label) !== settings.label;
      read.textContent = verdict ? told(verdict) : "";
      button.parentElement.classList.toggle("other", Boolean(other));
    });
  }

  const make = (at = POINTS - 1) => drawNew(at).catch((error) => (said.textContent = error.message));
  async function drawNew(at) {
    const rest = fresh(), began = performance.now();
    stop();
    const drawn = await model.draw(Number(seed.value), settings, rest), seconds = (performance.now() - began) / 1000;
    if (!drawn) return;
    [made, images, verdicts] = [drawn, [], []];
    images[POINTS - 1] = drawn.images;
    time.value = drawn.states.length ? at : POINTS - 1;
    tiles.forEach(({ button }, k) => button.setAttribute("aria-label", `Digit ${k} of seed ${seed.value}`));
    draw();
    said.textContent = `${DIGITS} digits in ${number(Math.max(1, Math.round(1000 * seconds)))} ms, ${number(Math.round(DIGITS / seconds))} a second.`;
    choose(settings.digit);
    performance.mark("first digits");
    space.show(drawn, Number(seed.value));
  }

  function stop() {
    clearTimeout(playing);
    playing = 0;
    play.textContent = "Watch";
  }
  function next() {
    if (Number(time.value) >= POINTS - 1) return stop(), draw(), changed();
    time.value = Number(time.value) + 1;
    draw();
    playing = setTimeout(next, 90); // ms
  }
  play.addEventListener("click", () => {
    if (playing) return stop(), draw(), changed();
    if (Number(time.value) >= POINTS - 1) time.value = 0;
    play.textContent = "Stop";
    playing = setTimeout(next, 400);
    draw();
  });
  time.addEventListener("input", () => (stop(), draw(), changed()));
  seed.addEventListener("input", () => seed.checkValidity() && seed.value !== "" && (make(), changed()));
  part("other").addEventListener("click", () => {
    seed.value = Math.floor(Math.random() * 1e6);
    make();
    changed();
  });
  const filter = () => (caption(verdicts[Number(time.value)] ?? []), space.draw());
  return { make, filter, choose: (k) => made && choose(k) };
}
