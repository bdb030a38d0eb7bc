// The standings: sorted, filtered, expanded, and ranked again under a "what if". All that is chosen stands in the
// address after #, so that a view can be sent to somebody.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const table = /** @type {HTMLTableElement} */ (document.getElementById("standings"));
const rows = /** @type {(HTMLTableRowElement & { detail?: HTMLElement })[]} */ ([...table.tBodies[0].rows]);
const numberOf = new Map(rows.map((row, i) => [row, i]));
const teams = rows.map((row) => row.querySelector("a").textContent);
const filter = /** @type {HTMLInputElement} */ (document.getElementById("filter"));
const [scheme, drop, sortBy] = ["scheme", "drop", "sort-by"].map((id) => /** @type {HTMLSelectElement} */ (document.getElementById(id)));
const boxes = /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("input[name=category]"));
const keys = [...table.tHead.rows[0].cells].map((header) => header.dataset.key);
const official = rankUnder(data, NO_CHANGE);
const change = { scheme: "rules", categories: new Set(), teams: new Set() };
let now = official;
let sorted = /** @type {[string, boolean]} */ (["place", true]);  // the column, and whether its least value is first

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// ---- sorting and filtering

const order = makeSortable(table, (row, column) => {
  const i = numberOf.get(row), key = keys[column];
  if (key === "team") return teams[i];
  if (key === "place" || key === "score") return now[key][i];
  if (key === "low" || key === "first" || key === "group") return data[key][i];
  const group = now.groups.indexOf(Number(key));
  return now.ranks[i] && group >= 0 ? now.ranks[i][group] : null;
}, () => {
  const header = /** @type {HTMLElement} */ (table.querySelector("[aria-sort]"));
  sorted = [header.dataset.key, header.getAttribute("aria-sort") === "ascending"];
  sortBy.value = sorted[0];
  for (const row of rows) if (row.detail) row.after(row.detail);
  remember();
});

function filterRows() {
  const words = filter.value.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  rows.forEach((row, i) => {
    const name = teams[i].normalize("NFKC").toLowerCase();
    row.hidden = !words.every((word) => name.includes(word));
    if (row.detail) row.detail.hidden = row.hidden;
    if (!row.hidden) found++;
  });
  document.getElementById("found").textContent = words.length ? `${found} of ${rows.length} shown` : "";
  remember();
}

// ---- the metrics behind a row

function detailOf(i) {
  const groups = data.categories.map((title, number) => {
    const metrics = data.metrics.filter((metric) => metric.ranked && metric.category === number);
    const n = data.marks.length - data.baselines.length;
    const items = metrics.map((metric) => {
      const better = metric.values.filter((x, k) => !data.baselines.includes(k) && isBetter(metric, x, metric.values[i])).length;
      const value = metric.values[i];
      const unit = value === null || !metric.unit ? "" : ` ${metric.unit}`;
      return element("tr", {}, element("th", { scope: "row" }, metric.title),
        element("td", {}, (value === null ? "not valid" : figure(value, metric.errors[i])) + unit),
        element("td", {}, value === null ? "last" : `${better + 1} of ${n}`));
    });
    return element("section", {}, element("h4", {}, title), element("table", {}, element("tbody", {}, ...items)));
  });
  const out = element("button", { type: "button", class: "quiet" }, change.teams.has(i) ? "Put back in" : "What if it were not there?");
  out.addEventListener("click", () => { toggle(change.teams, i); collapse(rows[i]); update(); });
  const more = element("a", { href: rows[i].querySelector("a").getAttribute("href") }, "Scorecard, findings and provenance");
  const run = data.live[i] ? [element("a", { href: `live/${rows[i].id.slice(1)}.html` }, "Run it in a page"), " "] : [];
  return element("div", { class: "behind" }, gridOf(i), element("div", { class: "metrics" }, ...groups), element("p", {}, more, " ", ...run, out));
}

function gridOf(i) {
  if (!data.samples[i]) return element("p", { class: "note" }, "There are no samples; its page says why.");
  return element("img", { src: `pictures/${rows[i].id.slice(1)}-samples.png`, alt: "64 samples", width: "242", height: "242" });
}

function isBetter(metric, x, y) {
  if (x === null) return false;
  return y === null || (metric.lower ? x < y : x > y);
}

function expand(row) {
  const i = numberOf.get(row), cell = element("td", { colspan: String(keys.length) }, detailOf(i));
  row.detail = element("tr", { class: "detail", id: `behind-${i}` }, cell);
  row.after(row.detail);
  row.querySelector("button").setAttribute("aria-expanded", "true");
  row.querySelector("button").setAttribute("aria-controls", `behind-${i}`);
}

function collapse(row) {
  if (!row.detail) return;
  row.detail.remove();
  row.detail = null;
  row.querySelector("button").setAttribute("aria-expanded", "false");
}

// ---- what if

function isChanged() {
  return change.scheme !== "rules" || change.categories.size > 0 || change.teams.size > 0;
}

function toggle(set, item) {
  if (!set.delete(item)) set.add(item);
}

function update() {
  now = isChanged() ? rankUnder(data, change) : official;
  redraw();
  table.classList.toggle("changed", isChanged());
  describe();
  order(Math.max(keys.indexOf(sorted[0]), 0), sorted[1]);
  document.dispatchEvent(new Event("ranked"));
}

function redraw() {
  const n = data.marks.length - data.baselines.length, baseline = new Set(data.baselines);
  rows.forEach((row, i) => {
    row.classList.toggle("out", now.place[i] === null);
    keys.forEach((key, column) => {
      const cell = row.cells[column];
      if (key === "place") drawPlace(cell, i, baseline.has(i));
      else if (key === "score") cell.textContent = now.score[i] === null ? "–" : short(now.score[i]);
      else if (key !== "team" && !["low", "first", "group"].includes(key)) {
        const rank = now.ranks[i] && now.ranks[i][now.groups.indexOf(Number(key))];
        cell.textContent = rank ? short(rank) : "–";
        cell.className = rank ? `c q${Math.min(4, Math.floor((5 * (rank - 1)) / Math.max(n - 1, 1)))}` : "c";
      }
    });
  });
}

function drawPlace(cell, i, isBaseline) {
  const place = now.place[i], before = official.place[i];
  cell.textContent = place === null ? "–" : isBaseline ? `(${place})` : String(place);
  if (!isChanged() || place === null || place === before) return;
  const up = place < before;
  const text = `${up ? "▲" : "▼"}${Math.abs(place - before)}`;
  cell.append(" ", element("small", { class: up ? "up" : "down", title: `officially ${before}` }, text));
}

// What the change is, who is first under it, and how to undo each part of it.
function describe() {
  const chips = [...change.teams].map((i) => {
    const chip = element("button", { type: "button", class: "chip" }, "Without ", element("bdi", {}, teams[i]), " ×");
    chip.setAttribute("aria-label", `Put ${teams[i]} back in`);
    chip.addEventListener("click", () => { change.teams.delete(i); update(); drop.focus(); });
    return chip;
  });
  document.getElementById("dropped").replaceChildren(...chips);
  const first = rows.map((_, i) => i).filter((i) => now.place[i] === 1 && !data.baselines.includes(i));
  const moved = rows.filter((_, i) => now.place[i] !== null && now.place[i] !== official.place[i]).length;
  const names = first.flatMap((i, k) => [k ? " and " : "", element("bdi", {}, teams[i])]);
  const outcome = document.getElementById("outcome");
  if (isChanged()) outcome.replaceChildren("What if: first would be ", ...names, `; ${moved} of ${rows.length} places change. What stands in italics (95 %, first, group) is not computed again: it is that of the official standings.`);
  else outcome.replaceChildren("These are the official standings.");
  document.getElementById("reset").hidden = !isChanged();
  for (const box of boxes) {
    box.checked = !change.categories.has(Number(box.value));
    box.disabled = box.checked && change.categories.size === data.categories.length - 1;  // one must stay
  }
  scheme.value = change.scheme;
}

// ---- the address

function remember() {
  const said = new URLSearchParams();
  if (change.scheme !== "rules") said.set("scheme", change.scheme);
  if (change.categories.size) said.set("without", [...change.categories].join(" "));
  for (const i of change.teams) said.append("team", rows[i].id);
  if (filter.value) said.set("filter", filter.value);
  if (sorted.join() !== "place,true") said.set("sort", (sorted[1] ? "" : "-") + sorted[0]);
  const text = said.toString();
  if (text === location.hash.slice(1)) return;
  try { history.replaceState(null, "", text ? `#${text}` : location.pathname); } catch { /* not from every disk */ }
}

function recall() {
  const said = new URLSearchParams(location.hash.slice(1));
  const asked = said.get("scheme");
  change.scheme = [...scheme.options].some((option) => option.value === asked) ? asked : "rules";
  const numbers = (said.get("without") || "").split(" ").filter((word) => /^\d+$/.test(word)).map(Number);
  change.categories = new Set(numbers.filter((number) => number < data.categories.length));
  if (change.categories.size >= data.categories.length) change.categories.clear();
  change.teams = new Set(said.getAll("team").map((id) => rows.findIndex((row) => row.id === id)).filter((i) => i >= 0));
  filter.value = said.get("filter") || "";
  const by = said.get("sort") || "place";
  sorted = [by.replace(/^-/, ""), !by.startsWith("-")];
}

// ---- beginning

for (const row of rows) row.querySelector("button").addEventListener("click", () => (row.detail ? collapse(row) : expand(row)));
teams.forEach((team, i) => drop.append(element("option", { value: String(i) }, team)));
drop.addEventListener("change", () => {
  if (drop.value !== "") toggle(change.teams, Number(drop.value));
  drop.value = "";
  update();
});
scheme.addEventListener("change", () => { change.scheme = scheme.value; update(); });
for (const box of boxes) {
  box.addEventListener("change", () => { toggle(change.categories, Number(box.value)); update(); });
}
document.getElementById("reset").addEventListener("click", () => {
  change.scheme = "rules";
  change.categories.clear();
  change.teams.clear();
  update();
  scheme.focus();
});
filter.addEventListener("input", filterRows);
const whole = document.getElementById("whole");
whole?.addEventListener("click", () => {
  const next = [...table.tBodies[0].rows].find((row) => !row.hidden && row.offsetParent === null);
  table.classList.add("whole");
  whole.parentElement.remove();
  next?.querySelector("a")?.focus();
});
sortBy.addEventListener("change", () => order(keys.indexOf(sortBy.value), true));
document.documentElement.classList.add("alive");
recall();
if (isChanged() || sorted.join() !== "place,true") update();  // the page came as it is without a change
else describe();
if (filter.value) filterRows();
