// A sheet of new digits, drawn from a seed, that can be followed back to their noise.

const DIGITS = 24;

// `chosen(k, drawn)` is called with the number of the digit that a person picked, and the sheet as the model drew it.
function startSheet(root, data, model, settings, chosen) {
  const part = (name) => root.querySelector(`[data-live=${name}]`);
  const [seed, time, told, play, sheet] = ["seed", "time", "told", "play", "sheet"].map(part);
  const fresh = turns();
  const tiles = Array.from({ length: DIGITS }, (_, k) => {
    const canvas = element("canvas", { width: PIXELS, height: PIXELS, "aria-hidden": "true" });
    const button = element("button", { type: "button", "aria-pressed": "false" }, canvas);
    button.addEventListener("click", () => choose(k));
    sheet.append(button);
    return { button, canvas };
  });
  let made = null, images = [], picked = 0;

  function choose(k) {
    picked = k;
    tiles.forEach(({ button }, other) => button.setAttribute("aria-pressed", String(other === k)));
    chosen(k, made);
  }

  function draw() {
    const k = Number(time.value), t = number(k / Math.max(1, settings.steps), 2);
    images[k] ??= model.decode(made.states[k]);
    images[k].forEach((image, digit) => show(tiles[digit].canvas, image));
    part("t").textContent = t;
    time.setAttribute("aria-valuetext", `time ${t}: ${k === 0 ? "noise" : k < settings.steps ? "on the way" : "digits"}`);
  }

  const make = () => drawNew().catch((error) => (told.textContent = error.message));
  async function drawNew() {
    const rest = fresh(), began = performance.now();
    stop();
    const drawn = await model.draw(Number(seed.value), settings, rest), seconds = (performance.now() - began) / 1000;
    if (!drawn) return;
    [made, images] = [drawn, []];
    images[settings.steps] = drawn.images;
    time.max = settings.steps;
    time.value = settings.steps;
    tiles.forEach(({ button }, k) => button.setAttribute("aria-label", `Digit ${k} of seed ${seed.value}`));
    draw();
    told.textContent = `${DIGITS} digits in ${number(Math.max(1, Math.round(1000 * seconds)))} ms, ${number(Math.round(DIGITS / seconds))} a second.`;
    choose(picked);
    performance.mark("first digits");
  }

  let playing = 0;
  function stop() {
    clearTimeout(playing);
    playing = 0;
    play.textContent = "Watch";
  }
  function next() {
    if (Number(time.value) >= settings.steps) return stop();
    time.value = Number(time.value) + 1;
    draw();
    playing = setTimeout(next, Math.max(60, 1600 / settings.steps)); // ms; few steps are shown slowly
  }
  play.addEventListener("click", () => {
    if (playing) return stop();
    if (Number(time.value) >= settings.steps) time.value = 0;
    draw();
    play.textContent = "Stop";
    playing = setTimeout(next, 400);
  });
  time.addEventListener("input", () => (stop(), draw()));
  seed.addEventListener("input", () => seed.checkValidity() && seed.value !== "" && make());
  part("other").addEventListener("click", () => {
    seed.value = Math.floor(Math.random() * 1e6);
    make();
  });
  return make;
}
