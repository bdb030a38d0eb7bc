// Brings every live generator of the page to life.

function start(root, first) {
  const data = JSON.parse(root.querySelector(".live-data").textContent), model = data.solvers ? generator(data) : entry(data);
  const part = (name) => root.querySelector(`[data-live=${name}]`), [solver, steps, label] = ["solver", "steps", "class"].map(part);
  const settings = { solver: data.solver, steps: data.steps ?? 0, label: "", digit: 0 }, [seed, time] = ["seed", "time"].map(part);
  let digit = null;

  const pad = startPad(root, data, model, settings);
  const drawing = startDrawing(root, model, (point) => {
    pad.from(point);
    part("pad").scrollIntoView({ block: "center" });
  });
  const remember = toAddress();
  const changed = () => {
    if (!first) return;
    const chosen = solver ? { solver: settings.solver, steps: settings.steps } : {};
    const view = { seed: seed.value, time: (Number(time.value) / (POINTS - 1)).toFixed(2), class: settings.label, digit: settings.digit, ...chosen };
    remember(Object.fromEntries(Object.entries(view).filter(([, value]) => value !== "")));
  };
  const sheet = startSheet(root, data, model, settings, (k, made) => {
    digit = made.images[k];
    pad.around(k, made);
  }, changed);
  part("take").addEventListener("click", () => drawing.take(digit));

  // What a bundle lets a person choose; a captured entry's program has its own solver.
  const choose = () => {
    if (!solver) return;
    settings.solver = solver.value;
    settings.steps = Number(steps.value);
    const evaluations = `${model.evaluations(settings.solver, settings.steps)} evaluations`, [before, after] = model.taken(settings.steps);
    part("count").textContent = `${settings.steps}, ${after ? `${before} to the cut and ${after} that decode: ` : ""}${evaluations}`;
    part("count").classList.toggle("live-told", after > 0); // which wraps
  };
  if (solver) {
    solver.append(...Object.keys(data.solvers).map((name) => element("option", {}, name)));
    solver.value = data.solver;
    steps.max = Math.max(50, data.steps);
    steps.value = data.steps;
    for (const [control, event] of [[solver, "change"], [steps, "input"]]) control.addEventListener(event, () => (choose(), sheet.make(), changed()));
  }
  if (judge) {
    label.append(...COLOURS.map((_, name) => element("option", {}, String(name))));
    label.closest("label").hidden = false;
    label.addEventListener("change", () => ((settings.label = label.value), sheet.filter(), changed()));
  }

  const upTo = (most) => (value) => /^\d+$/.test(value) && Number(value) <= most;
  const valid = {
    seed: upTo(2 ** 32 - 1), time: (value) => /^[01](\.\d+)?$/.test(value) && Number(value) <= 1, class: upTo(9), digit: upTo(DIGITS - 1),
    solver: (value) => Boolean(solver) && Object.hasOwn(data.solvers, value), steps: (value) => Boolean(solver) && upTo(Number(steps.max))(value) && value !== "0",
  };
  const look = () => {
    const { time: at = "1", ...view } = first ? fromAddress(valid) : {};
    if (view.seed) seed.value = view.seed;
    if (view.solver) solver.value = view.solver;
    if (view.steps) steps.value = view.steps;
    if (judge) settings.label = label.value = view.class ?? "";
    settings.digit = Number(view.digit ?? 0);
    choose();
    sheet.make(Math.round(Number(at) * (POINTS - 1)));
  };
  if (first) addEventListener("hashchange", look);
  Object.assign(root, { model, judge, realDigits }); // for the console and the tests
  root.classList.add("alive");
  look();
}

document.querySelectorAll(".live").forEach((root, k) => start(root, k === 0));
