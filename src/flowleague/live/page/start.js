// Brings every live generator of the page to life.

function start(root) {
  const data = JSON.parse(root.querySelector(".live-data").textContent), model = data.solvers ? generator(data) : entry(data);
  const part = (name) => root.querySelector(`[data-live=${name}]`), [solver, steps] = [part("solver"), part("steps")];
  const settings = { solver: data.solver, steps: data.steps ?? 0 };
  let digit = null;

  const pad = startPad(root, data, model, settings);
  const drawing = startDrawing(root, model, (point) => {
    pad.from(point);
    part("pad").scrollIntoView({ block: "center" });
  });
  const make = startSheet(root, data, model, settings, (k, sheet) => {
    digit = sheet.images[k];
    pad.around(k, sheet);
  });
  part("take").addEventListener("click", () => drawing.take(digit));

  // What a bundle lets a person choose; a captured entry's program has its own solver.
  const change = () => {
    settings.solver = solver.value;
    settings.steps = Number(steps.value);
    const evaluations = settings.steps * data.solvers[settings.solver].stages.length;
    part("count").textContent = `${settings.steps}, ${evaluations} evaluations`;
    make();
  };
  if (solver) {
    solver.append(...Object.keys(data.solvers).map((name) => element("option", {}, name)));
    solver.value = data.solver;
    steps.max = Math.max(50, data.steps);
    steps.value = data.steps;
    solver.addEventListener("change", change);
    steps.addEventListener("input", change);
  }
  root.model = model; // for the console and the tests
  root.classList.add("alive");
  if (solver) change();
  else make();
}

for (const root of document.querySelectorAll(".live")) start(root);
