// Any metric against any other, the Pareto front drawn through the teams that nobody beats in both. Teams with equal
// values are one point that says how many they are. One stop of the tab key; arrow keys go from point to point along the
// horizontal axis; what a point is stands below, with links to its teams.
"use strict";

const chart = document.getElementById("scatter"), told = document.getElementById("told");
const axes = ["across", "up"].map((id) => /** @type {HTMLSelectElement} */ (document.getElementById(id)));
let held = false;  // whether a press holds what is told, so that the pointer can go to a link in it
let near = false;  // whether the reader has come near: for a thousand teams the chart has more parts than the rest of the page
const NAMED = 5;  // teams of one point that are named
const BOX = { width: 720, height: 400, left: 74, right: 20, top: 16, bottom: 52 };

function svg(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// From values to pixels; by the logarithm where positive values span more than a factor of 20.
function scaleOf(values, from, to) {
  let low = Math.min(...values), high = Math.max(...values);
  const log = low > 0 && high / low > 20;
  const f = log ? Math.log10 : (x) => x;
  if (low === high) [low, high] = log ? [low / 2, high * 2] : [low - 0.5, high + 0.5];
  const margin = (f(high) - f(low)) * 0.04;
  const [a, b] = [f(low) - margin, f(high) + margin];
  const at = (x) => from + ((f(x) - a) / (b - a)) * (to - from);
  return { at, ticks: log ? logTicks(a, b) : linearTicks(a, b) };
}

function linearTicks(a, b) {
  const rough = (b - a) / 8, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= rough);
  const ticks = [];
  for (let k = Math.ceil(a / step); k * step <= b; k++) ticks.push(Number((k * step).toPrecision(12)));
  return ticks;
}

function logTicks(a, b) {
  const steps = b - a > (BOX.width < 500 ? 1 : 2) ? [1] : [1, 2, 5], ticks = [];
  for (let e = Math.floor(a); e <= Math.ceil(b); e++) ticks.push(...steps.map((s) => Number((s * 10 ** e).toPrecision(12))));
  return ticks.filter((x) => Math.log10(x) >= a && Math.log10(x) <= b);
}

function tickText(x) {
  return Math.abs(x) >= 10000 ? new Intl.NumberFormat("en", { notation: "compact" }).format(x) : number(x, 12);  // all digits
}

// Points at one place, along the horizontal axis: { x, y, members, baseline } (none of them ranks
// there: not at all, or with a figure that does not count).
function stacked(points) {
  const stacks = new Map();
  for (const point of points) {
    const key = `${point.x} ${point.y}`;
    if (!stacks.has(key)) stacks.set(key, { x: point.x, y: point.y, members: [], baseline: true });
    const stack = stacks.get(key);
    stack.members.push(point);
    stack.baseline = stack.baseline && point.baseline;
  }
  for (const stack of stacks.values()) stack.members.sort((p, q) => now.place[p.i] - now.place[q.i]);
  return [...stacks.values()].sort((p, q) => p.x - q.x || p.y - q.y);
}

// Those that no other ranked team beats in one without losing in the other.
/** @param {any[]} points @param {any[]} metrics */
function paretoFront(points, [x, y]) {
  const ranked = points.filter((point) => !point.baseline);
  const cost = (metric, value) => (metric.lower ? value : -value);
  ranked.sort((p, q) => cost(x, p.x) - cost(x, q.x) || cost(y, p.y) - cost(y, q.y));
  let best = Infinity;
  return ranked.filter((point) => cost(y, point.y) < best && ((best = cost(y, point.y)), true));
}

function widthOf(drawing) {
  return Math.min(Math.max(drawing.parentElement.clientWidth, 340), 720);
}

function draw() {
  if (!near) return;
  const metrics = axes.map((select) => data.metrics[Number(select.value)]);
  const points = rows.map((row, i) => {
    const [x, y] = metrics.map((metric) => metric.raw[i] ?? metric.values[i]);  // as measured, if it counts or not
    const isVoid = metrics.some((metric) => metric.values[i] === null);
    return { i, x, y, isVoid, baseline: data.baselines.includes(i) || isVoid, row };
  }).filter((point) => point.x !== null && point.y !== null && !change.teams.has(point.i));
  const missing = rows.length - points.length;
  document.getElementById("unplaced").textContent = missing ? `${missing} without both values, or left out, are not drawn.` : "";
  BOX.width = widthOf(chart);
  held = false;
  chart.setAttribute("viewBox", `0 0 ${BOX.width} ${BOX.height}`);
  chart.replaceChildren();
  told.textContent = points.length ? "Point at a team, or walk through them with the arrow keys." : "Nobody has both values.";
  if (!points.length) return;
  const across = scaleOf(points.map((p) => p.x), BOX.left, BOX.width - BOX.right);
  const up = scaleOf(points.map((p) => p.y), BOX.height - BOX.bottom, BOX.top);
  drawAxes(across, up, metrics);
  const stacks = stacked(points), front = paretoFront(stacks, metrics), onFront = new Set(front);
  const place = (p) => [across.at(p.x), up.at(p.y)], steps = stairs(front.map(place));
  if (front.length > 1) chart.append(svg("path", { class: "front", d: `M${steps.map((p) => p.join(" ")).join("L")}` }));
  const marks = stacks.map((stack) => markOf(stack, across, up, onFront.has(stack), metrics));
  chart.append(...marks);
  if (marks.length) marks[0].setAttribute("tabindex", "0");
  const first = stacks.filter((stack) => stack.members.some(({ i }) => now.place[i] <= 3 || teams[i] === kept.me));
  label(new Set([...first, ...front]), stacks.map(place), steps, place);
}

// The edge of what the front beats: along the vertical value of each point as far as the next one, then on to it.
function stairs(points) {
  return points.flatMap((point, k) => (k ? [[point[0], points[k - 1][1]], point] : [point]));
}

function drawAxes(across, up, metrics) {
  const { width, height, left, right, top, bottom } = BOX, floor = height - bottom;
  for (const x of across.ticks) {
    chart.append(svg("path", { class: "grid", d: `M${across.at(x)} ${top}V${floor}` }));
    chart.append(svg("text", { x: across.at(x), y: floor + 18, "text-anchor": "middle" }, tickText(x)));
  }
  for (const y of up.ticks) {
    chart.append(svg("path", { class: "grid", d: `M${left} ${up.at(y)}H${width - right}` }));
    chart.append(svg("text", { x: left - 8, y: up.at(y) + 4, "text-anchor": "end" }, tickText(y)));
  }
  const name = (metric) => `${metric.title}${metric.unit ? `, ${metric.unit}` : ""} (${metric.lower ? "lower" : "higher"} is better)`;
  chart.append(svg("text", { class: "axis", x: (left + width - right) / 2, y: height - 8, "text-anchor": "middle" }, name(metrics[0])));
  const middle = (top + floor) / 2;
  chart.append(svg("text", { class: "axis", x: 14, y: middle, transform: `rotate(-90 14 ${middle})`, "text-anchor": "middle" }, name(metrics[1])));
}

function markOf(stack, across, up, best, metrics) {
  const kind = stack.baseline ? "point baseline" : best ? "point best" : "point", count = stack.members.length;
  const [x, y] = [across.at(stack.x), up.at(stack.y)];
  const names = stack.members.slice(0, NAMED).map(({ i }) => `\u2068${teams[i]}\u2069 (${standing(i)})`);
  const values = [stack.x, stack.y].map((value, k) => `${metrics[k].title} ${figure(value, metrics[k].errors[stack.members[0].i])}${metrics[k].unit ? ` ${metrics[k].unit}` : ""}`);
  const isVoid = stack.members.some((member) => member.isVoid);
  const rest = `${count > NAMED ? ` and ${count - NAMED} more` : ""}: ${values.join("; ")}${best ? "; on the Pareto front" : ""}${isVoid ? "; a figure does not count" : ""}`;
  const dot = svg("circle", { cx: x, cy: y, r: (best ? 6 : 5) + (count > 1 ? 3 : 0) });
  const inside = count > 1 ? [svg("text", { x, y: y + 4 }, number(count))] : [];
  const mark = svg("g", { class: kind, tabindex: "-1", role: "button", "aria-label": names.join(", ") + rest }, dot, ...inside);
  const tell = () => {
    const links = stack.members.slice(0, NAMED).flatMap(({ i }, k) => [k ? ", " : "", linkOf(i), ` (${standing(i)})`]);
    told.replaceChildren(...links, rest);
  };
  mark.addEventListener("mouseenter", () => { if (!held) tell(); });
  mark.addEventListener("focus", tell);
  mark.addEventListener("click", () => { held = true; tell(); });
  return mark;
}

function standing(i) {
  return data.baselines.includes(i) ? "not ranked" : `place ${now.place[i]}`;
}

function linkOf(i) {
  return element("a", { href: rows[i].querySelector("a").getAttribute("href") }, element("bdi", {}, teams[i]));
}

// Names of the first, of the reader's own and of the front's teams, each where it covers no point, no line and no other
// name; one for which there is no room has none.
function label(stacks, points, steps, at) {
  const taken = points.map(([x, y]) => [x - 6, y - 6, x + 6, y + 6]);
  steps.slice(1).forEach(([x, y], k) => {
    const [a, b] = steps[k];
    taken.push([Math.min(a, x) - 1, Math.min(b, y) - 1, Math.max(a, x) + 1, Math.max(b, y) + 1]);
  });
  const free = ([a, b, c, d]) => a > BOX.left && c < BOX.width && b > 0 && d < BOX.height - BOX.bottom && taken.every(([e, f, g, h]) => c < e || a > g || d < f || b > h);
  for (const stack of stacks) {
    const [x, y] = at(stack), count = stack.members.length, name = count > 1 ? `${count} teams` : teams[stack.members[0].i];
    const cut = [...name].length > 18 ? `${[...name].slice(0, 17).join("")}…` : name, width = 7.5 * [...cut].length;
    const ways = [[x + 9, y + 4], [x - 9 - width, y + 4], [x + 6, y - 9], [x - 6 - width, y - 9], [x + 6, y + 18], [x - 6 - width, y + 18]];
    const way = ways.find(([left, base]) => free([left, base - 11, left + width, base + 3]));
    if (!way) continue;
    const [left, base] = way, isRight = left > x;
    taken.push([left, base - 11, left + width, base + 3]);
    chart.append(svg("text", { class: "name", x: isRight ? left : left + width, y: base, direction: "ltr", "text-anchor": isRight ? "start" : "end", "aria-hidden": "true" }, cut));
  }
}

chart.addEventListener("click", (event) => { held = /** @type {Element} */ (event.target).closest(".point") !== null; });
chart.addEventListener("keydown", (event) => {
  if (event.key === "Enter" || event.key === " ") {  // on to the links
    event.preventDefault();
    told.querySelector("a")?.focus();
    return;
  }
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowUp: 1, ArrowDown: -1 }[event.key];
  const marks = /** @type {SVGElement[]} */ ([...chart.querySelectorAll(".point")]), at = marks.findIndex((mark) => mark === document.activeElement);
  if (!step || at < 0) return;
  event.preventDefault();
  const next = marks[Math.min(Math.max(at + step, 0), marks.length - 1)];
  marks[at].setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  next.focus();
});

axes.forEach((select, k) => {
  data.metrics.forEach((metric, j) => select.append(element("option", { value: String(j) }, metric.title + (metric.category >= 0 ? ` (${data.categories[metric.category]})` : ""))));
  const wanted = [["efficiency.tensors_total", "efficiency.parameters_official"], ["quality.frechet", "quality.confidence_gap"]][k];
  const found = wanted.map((name) => data.metrics.findIndex((metric) => metric.name === name)).find((j) => j >= 0);
  select.value = String(found ?? Math.min(k, data.metrics.length - 1));
  select.addEventListener("change", draw);
});
document.addEventListener("ranked", draw);
addEventListener("resize", () => { if (widthOf(chart) !== BOX.width) draw(); });
addEventListener("beforeprint", () => { near = true; draw(); });
new IntersectionObserver(([seen], observer) => {
  if (!seen.isIntersecting) return;
  observer.disconnect();
  near = true;
  draw();
}, { rootMargin: "100% 0px" }).observe(chart);

// On a phone the lines of places over time are wider than the page: show where they end, beside the names.
for (const lines of document.querySelectorAll(".scroll > .lines")) lines.parentElement.scrollLeft = lines.parentElement.scrollWidth;
