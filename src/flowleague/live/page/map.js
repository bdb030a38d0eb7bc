// A map of the latents: real digits by class on their first two principal directions, and samples on their way there.

const CLOUD = 120, WIDEST = 64; // samples; numbers of a latent beyond which there is no map
const COLOURS = ["#62aee6", "#ffa64d", "#63c963", "#ff7070", "#b795e6", "#c89a86", "#f29bd0", "#b8b8b8", "#d3d34a", "#4cd3e0"];

function startMap(root, data, model, settings) {
  const part = (name) => root.querySelector(`[data-live=${name}]`), [canvas, said] = [part("space"), part("mapped")];
  const fresh = turns(), perClass = (ground) => ground.length / COLOURS.length;
  let ground = null, plane = null, cloud = null, sheet = null, point = POINTS - 1, picked = 0, frame = null;

  // The ground is computed once: real digits where there are some, else samples of the model without classes.
  async function prepare() {
    const rest = turns()(), images = await realDigits();
    const rows = images.length ? await model.encoded(images, rest) : await model.samples(2 * CLOUD, rest);
    const [first, second] = principalDirections(rows), middle = average(rows);
    plane = (row) => [first, second].map(({ axis }) => row.reduce((sum, value, k) => sum + (value - middle[k]) * axis[k], 0));
    ground = rows.map(plane);
    ground.classes = images.length > 0;
  }

  // What lies within the picture: the ground, and the samples where they start and end, but for a few strays.
  function framed() {
    const all = [...ground, ...[0, POINTS - 1].flatMap((k) => (cloud ? cloud(k) : sheet).map(plane))];
    const [[left, right], [low, high]] = [0, 1].map((axis) => {
      const sorted = all.map((place) => place[axis]).sort((a, b) => a - b), stray = Math.floor(sorted.length / 100);
      return [sorted[stray], sorted.at(-1 - stray)];
    });
    return { left, right, low, high };
  }

  function draw() {
    if (!ground || !sheet) return;
    const { width, height } = (canvas.width = 2 * canvas.clientWidth, canvas.height = 2 * canvas.clientHeight, canvas);
    const brush = canvas.getContext("2d"), { left, right, low, high } = (frame ??= framed());
    const scale = Math.min(width / (right - left), height / (high - low)) * 0.92;
    /** @type {(place: number[]) => [number, number]} */
    const at = ([x, y]) => [width / 2 + scale * (x - (left + right) / 2), height / 2 - scale * (y - (low + high) / 2)];
    const dot = (place, size, colour) => {
      brush.fillStyle = colour;
      brush.beginPath();
      brush.arc(...at(place), size, 0, 7);
      brush.fill();
    };
    const unit = Math.max(2.5, width / 270), each = perClass(ground), shown = (label) => settings.label === "" || settings.label === String(label);
    brush.fillStyle = "#101214";
    brush.fillRect(0, 0, width, height);
    ground.forEach((place, n) => {
      const label = ground.classes ? Math.floor(n / each) : null;
      brush.globalAlpha = label === null || shown(label) ? 0.75 : 0.12;
      dot(place, unit, label === null ? "#8a8f98" : COLOURS[label]);
    });
    brush.globalAlpha = 1;
    if (ground.classes) COLOURS.forEach((colour, label) => shown(label) && numeral(brush, at(median(ground.slice(label * each, (label + 1) * each))), label, colour, 9 * unit));
    const rows = cloud ? cloud(point) : sheet;
    if (cloud && point <= model.cut * (POINTS - 1)) arrows(brush, rows.slice(0, DIGITS), at, unit);
    rows.forEach((row, k) => k >= DIGITS && dot(plane(row), 0.9 * unit, "#ffffffb0"));
    rows.slice(0, DIGITS).forEach((row, k) => {
      dot(plane(row), 2.1 * unit, "#101214");
      dot(plane(row), 1.6 * unit, k === picked ? "#f0a070" : "#ffffff");
    });
  }

  // The velocity of the digits above at their time, as long as they go at it until the next point but two.
  function arrows(brush, rows, at, unit) {
    brush.strokeStyle = "#ffffffc0";
    brush.lineWidth = unit * 0.6;
    const ahead = 3 / (POINTS - 1);
    model.velocity(rows, point / (POINTS - 1)).forEach((slope, k) => {
      brush.beginPath();
      brush.moveTo(...at(plane(rows[k])));
      brush.lineTo(...at(plane(rows[k].map((value, i) => value + ahead * slope[i]))));
      brush.stroke();
    });
  }
  new ResizeObserver(draw).observe(canvas);

  return {
    // A new sheet: its samples become the first of the cloud.
    async show(made, seed) {
      const rest = fresh();
      [sheet, cloud, frame] = [null, null, null];
      if (data.latent > WIDEST) return (part("chart").hidden = true);
      try {
        if (!ground) said.textContent = "Encoding digits for the map …";
        if (!ground) await prepare();
        if (!(await rest())) return;
        const more = made.states.length && (await model.cloud(seed, settings, rest));
        if (more === null) return;
        const all = more ? more.map((rows, k) => [...made.states[k], ...rows]) : []; // to the cut, where latents lie
        cloud = more ? (k) => onTheWay(all, made.place(k)) : null;
        sheet = cloud ? null : await model.encoded(made.images, rest);
        sheet ??= cloud?.(POINTS - 1) ?? null;
        draw();
        const real = ground.classes ? `${ground.length} real digits, encoded, coloured by class` : `${ground.length} samples`;
        const end = model.cut < 1 ? ` to t = ${number(model.cut, 2)}, where they are latents and the decoder goes on` : "";
        const moving = cloud ? `${CLOUD} samples of this seed on their way${end}, the larger dots the digits beside` : "in white the digits beside, encoded";
        said.textContent = `${real}; ${moving}.`;
        performance.mark("map");
      } catch (error) {
        said.textContent = error.message;
      }
    },
    at: (k) => ((point = k), draw()),
    pick: (k) => ((picked = k), draw()),
    draw,
  };
}

const average = (rows) => Array.from(rows[0], (_, i) => rows.reduce((sum, row) => sum + row[i], 0) / rows.length);
const median = (places) => [0, 1].map((axis) => places.map((place) => place[axis]).sort((a, b) => a - b)[places.length >> 1]);

// A class's numeral at a place, on a dark rim so that it can be read over dots.
function numeral(brush, [x, y], label, colour, size) {
  brush.font = `600 ${size}px system-ui, sans-serif`;
  [brush.textAlign, brush.textBaseline, brush.lineJoin] = ["center", "middle", "round"];
  brush.lineWidth = size / 4;
  brush.strokeStyle = "#101214";
  brush.strokeText(label, x, y);
  brush.fillStyle = colour;
  brush.fillText(label, x, y);
}
