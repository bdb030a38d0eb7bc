// Brings every live generator of the page to life.

function start(root) {
  const data = JSON.parse(root.querySelector(".live-data").textContent), model = generator(data);
  const part = (name) => root.querySelector(`[data-live=${name}]`), [solver, steps] = [part("solver"), part("steps")];
  const settings = { solver: data.solver, steps: data.steps };
  let digit = null;

  const pad = startPad(root, data, model, settings);
  const drawing = startDrawing(root, model, (point) => {
    pad.from(point);
    part("pad").scrollIntoView({ block: "center" });
  });
  const make = startSheet(root, data, model, settings, (k, noises, end) => {
    digit = end;
    pad.around(k, noises, end);
  });
  part("take").addEventListener("click", () => drawing.take(model.decode([digit])[0]));

  const change = () => {
    settings.solver = solver.value;
    settings.steps = Number(steps.value);
    const evaluations = settings.steps * data.solvers[settings.solver].stages.length;
    part("count").textContent = `${settings.steps}, ${evaluations} evaluations`;
    make();
  };
  solver.append(...Object.keys(data.solvers).map((name) => element("option", {}, name)));
  solver.value = data.solver;
  steps.max = Math.max(50, data.steps);
  steps.value = data.steps;
  solver.addEventListener("change", change);
  steps.addEventListener("input", change);
  root.model = model; // for the console and the tests
  root.classList.add("alive");
  change();
}

for (const root of document.querySelectorAll(".live")) start(root);
