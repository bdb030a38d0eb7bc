// Two entries, metric by metric, in units of the noise: those that count, and the earlier ones of each team. The address
// after # holds their ids: #one,two
"use strict";

{
  const [one, two] = ["one", "two"].map((id) => /** @type {HTMLSelectElement} */ (document.getElementById(id)));
  const table = /** @type {HTMLTableElement} */ (document.getElementById("compared"));
  const BAND = 2, MOST = 1000, HALF = 90;  // standard errors, the end of the axis, and half of its length
  const ROOM = 97;  // half of the drawing: the axis and a dot

  // The earlier entries stand behind the rows.
  const rows = data.ids.length;
  const ids = [...data.ids, ...earlier.ids], teamOf = [...data.ids.keys(), ...earlier.teams];
  const nameOf = (i) => (i < rows ? data.teams[i] : `${data.teams[teamOf[i]]}, sent ${earlier.sent[i - rows]}`);
  data.metrics.forEach((metric, k) => {
    const theirs = earlier.metrics[k];
    for (const [i, value] of Object.entries(theirs.raw)) metric.raw[rows + Number(i)] = value;
    metric.errors = [...metric.values.map((_, i) => metric.errors[i] || 0), ...theirs.errors];
    metric.values = [...metric.values, ...theirs.values];
  });

  const make = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };

  const svg = (name, attributes, ...children) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
    made.append(...children);
    return made;
  };

  const rawOf = (metric, i) => metric.raw[i] ?? metric.values[i];

  // The difference of two rows in standard errors, above 0 where the first is better; null: nothing to compare.
  const difference = (metric, i, k) => {
    const [x, y] = [rawOf(metric, i), rawOf(metric, k)];
    if (x === null && y === null) return null;
    if (x === null || y === null) return x === null ? -Infinity : Infinity;
    if (x === y) return 0;
    const noise = Math.hypot(metric.errors[i] || 0, metric.errors[k] || 0);
    return (metric.lower ? y - x : x - y) / noise;  // infinite where there is none
  };

  const at = (z) => Math.sign(z) * HALF * Math.min(Math.log1p(Math.abs(z)) / Math.log1p(MOST), 1);

  const drawing = (z) => {
    const dot = Math.abs(z) > BAND ? (z > 0 ? "dot" : "dot other") : "dot none", band = at(BAND);
    const ticks = [10, 100].flatMap((t) => [at(t), -at(t)]).map((x) => `M${x.toFixed(1)} 5v8`).join("");
    return svg("svg", { viewBox: `${-ROOM} 0 ${2 * ROOM} 18`, "aria-hidden": "true" },
      svg("rect", { class: "zone", x: -band, y: 0, width: 2 * band, height: 18 }),
      svg("path", { class: "rail", d: `M${-HALF} 9H${HALF}M0 2v14${ticks}` }),
      svg("circle", { class: dot, cx: -at(z), cy: 9, r: 5 }));  // the first team stands on the left
  };

  const valueCell = (metric, i, isBetter) => {
    const value = rawOf(metric, i), text = value === null ? "not reached" : figure(value, metric.errors[i]);
    const inner = metric.raw[i] === undefined ? text : make("s", { title: metric.values[i] === null ? "it does not count" : "it counts as that of real images" }, text);
    return make("td", {}, isBetter ? make("b", {}, inner) : inner);
  };

  const lineOf = (metric, i, k) => {
    const z = difference(metric, i, k), sure = z !== null && Math.abs(z) > BAND;
    const noise = z === null ? "" : Number.isFinite(z) ? `${number(Math.abs(z), 2)} standard errors` : "no noise";
    const said = z === null ? "neither has a value" : z === 0 ? "equal" : sure ? "" : `within the noise (${noise})`;
    const better = sure ? make("span", { title: noise }, make("bdi", {}, nameOf(z > 0 ? i : k))) : said;
    return make("tr", {}, make("th", { scope: "row" }, metric.label, " ", make("small", {}, metric.unit)),
      valueCell(metric, i, sure && z > 0), make("td", {}, z === null ? "" : drawing(z), make("span", { class: "vh" }, said || `${nameOf(z > 0 ? i : k)} is better, ${noise}`)),
      valueCell(metric, k, sure && z < 0), make("td", { class: "wide" }, better));
  };

  const headOf = (i) => {
    const name = make("h2", {}, make("a", { href: `entries/${ids[teamOf[i]]}.html`, dir: "auto" }, data.teams[teamOf[i]]));
    if (i >= rows) return make("div", {}, name, make("p", {}, `sent ${earlier.sent[i - rows]}; another entry of the team counts`));
    const span = data.low[i] === null ? "not ranked" : data.low[i] === data.high[i] ? `true place ${data.low[i]}, 95 % sure` : `true place ${data.low[i]} to ${data.high[i]}, 95 % sure`;
    const place = data.baselines.includes(i) ? `(${data.places[i]})` : `place ${data.places[i]}`;
    const picture = data.samples[i] ? [make("img", { src: `pictures/${data.ids[i]}-strip.png`, alt: "its first eight samples", width: "242", height: "32" })] : [];
    return make("div", {}, name, make("p", {}, `${place}, ${short(data.scores[i])} points; ${span}`), ...picture);
  };

  // In how many metrics either is better beyond the noise: all that can be said of entries that were not ranked together.
  const counts = (i, k) => {
    const found = data.metrics.filter((metric) => metric.ranked).map((metric) => difference(metric, i, k));
    const better = [found.filter((z) => z > BAND).length, found.filter((z) => z < -BAND).length];
    const names = [i, k].map((row) => make("bdi", {}, nameOf(row)));
    return ["Beyond the noise ", names[0], ` is better in ${better[0]} metrics, `, names[1], ` in ${better[1]}; equal or within it: ${found.length - better[0] - better[1]}.`];
  };

  const sentence = (i, k) => {
    if (i === k) return ["Choose two different entries."];
    if (i >= rows || k >= rows) return counts(i, k);
    if (data.baselines.includes(i) || data.baselines.includes(k)) return ["One of them is not ranked; the figures compare all the same."];
    const [first, second] = data.places[i] <= data.places[k] ? [i, k] : [k, i];
    const gap = data.scores[second] - data.scores[first];
    const names = [make("bdi", {}, data.teams[first]), make("bdi", {}, data.teams[second])];
    const lead = gap ? [names[0], ` is ${short(gap)} ${gap === 1 ? "point" : "points"} ahead of `, names[1]] : [names[0], " and ", names[1], " have equal points"];
    const chance = data.places[second] !== data.places[first] && data.after[first] === second ? data.ahead[first] : null;
    if (chance !== null && chance !== undefined) return [...lead, `: truly ahead with ${chance > 0.999 ? "over 99.9" : number(100 * chance, chance > 0.99 ? 3 : 2)} % certainty.`];
    const apart = data.high[first] < data.low[second];
    return [...lead, apart ? ": the noise tells them apart, their true places do not overlap." : ": the noise may put either of them ahead, their true places overlap."];
  };

  const draw = () => {
    const [i, k] = [Number(one.value), Number(two.value)], body = table.tBodies[0];
    document.getElementById("versus").replaceChildren(headOf(i), headOf(k));
    document.getElementById("said").replaceChildren(...sentence(i, k));
    for (const [name, row] of [["a", i], ["b", k]]) table.querySelector(`thead .${name}`).replaceChildren(make("bdi", {}, Number(row) < rows ? data.teams[row] : earlier.sent[Number(row) - rows]));
    body.replaceChildren();
    data.categories.forEach((title, g) => {
      body.append(make("tr", { class: "group" }, make("th", { scope: "rowgroup", colspan: "5" }, title)));
      for (const metric of data.metrics) if (metric.ranked && metric.category === g) body.append(lineOf(metric, i, k));
    });
    try { history.replaceState(null, "", `#${ids[i]},${ids[k]}`); } catch { /* not from every disk */ }
  };

  const recall = () => {
    const asked = location.hash.slice(1).split(",").map((id) => ids.indexOf(id));
    const mine = data.teams.indexOf(kept.me);
    const first = asked[0] >= 0 ? asked[0] : mine >= 0 ? mine : 0;
    const second = asked[1] >= 0 ? asked[1] : first ? first - 1 : 1;
    one.value = String(first);
    two.value = String(second);
  };

  for (const select of [one, two]) {
    ids.forEach((_, i) => select.append(make("option", { value: String(i) }, i < rows ? `${data.places[i]}. ${data.teams[i]}` : nameOf(i))));
    select.addEventListener("change", draw);
  }
  document.getElementById("swap").addEventListener("click", () => { [one.value, two.value] = [two.value, one.value]; draw(); });
  addEventListener("hashchange", () => { recall(); draw(); });
  recall();
  draw();
}
