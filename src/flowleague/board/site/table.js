// The standings: sorted, filtered, and ranked again under a "what if". All that is chosen stands in the address after #,
// so that a view can be sent to somebody.
"use strict";

const table = /** @type {HTMLTableElement} */ (document.getElementById("standings"));
const rows = /** @type {(HTMLTableRowElement & { detail?: HTMLElement })[]} */ ([...table.tBodies[0].rows]);
const numberOf = new Map(rows.map((row, i) => [row, i]));
const teams = data.teams;
const field = (id) => /** @type {HTMLInputElement} */ (document.getElementById(id));
const filter = field("filter"), link = field("link"), whatif = /** @type {HTMLDetailsElement} */ (document.getElementById("whatif"));
const [scheme, drop, sortBy] = ["scheme", "drop", "sort-by"].map((id) => /** @type {HTMLSelectElement} */ (document.getElementById(id)));
const boxes = /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("input[name=category]"));
const headers = [...table.tHead.rows[0].cells], keys = headers.map((header) => header.dataset.key);
const titles = headers.map((header) => header.textContent.trim());
const isCategory = (key) => /^\d+$/.test(key || "");
const leading = data.categories.map((_, k) => data.metrics.find((metric) => metric.ranked && metric.category === k));
const official = placed(NO_CHANGE);
const change = { scheme: "rules", categories: new Set(), teams: new Set() };
let now = official;
let sorted = /** @type {[string, boolean]} */ (["place", true]);  // the column, and whether its least value is first
let showsValues = false;

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// The standings under a change, with the position of each row: by score, as the page comes; null: left out.
function placed(asked) {
  const made = rankUnder(data, asked), aside = new Set(data.baselines);
  const order = data.ids.map((_, i) => i).filter((i) => made.place[i] !== null);
  order.sort((a, b) => made.score[a] - made.score[b] || made.place[a] - made.place[b] || Number(aside.has(a)) - Number(aside.has(b)) || a - b);
  const position = Array(data.ids.length).fill(null);
  order.forEach((i, k) => { position[i] = k; });
  return { ...made, position };
}

// ---- sorting and filtering

const order = makeSortable(table, (row, column) => {
  const i = numberOf.get(row), key = keys[column];
  if (key === "team") return teams[i];
  if (key === "place") return now.position[i];
  if (key === "score") return now.score[i];
  if (key === "low") return data.low[i];
  if (key === "moved") return data.moved[i] === null ? null : -data.moved[i];  // who rose most comes first
  if (showsValues) return leadingValue(Number(key), i);
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
  const none = document.getElementById("none");
  document.getElementById("found").textContent = words.length ? `${found} of ${rows.length}` : "";
  none.hidden = found > 0;
  none.textContent = found ? "" : `No team matches “${filter.value}”.`;
  remember();
}

// ---- what if

function isChanged() {
  return change.scheme !== "rules" || change.categories.size > 0 || change.teams.size > 0;
}

function toggle(set, item) {
  if (!set.delete(item)) set.add(item);
}

function update() {
  now = isChanged() ? placed(change) : official;
  redraw();
  table.classList.toggle("changed", isChanged());
  describe();
  order(Math.max(keys.indexOf(sorted[0]), 0), sorted[1]);
  document.dispatchEvent(new Event("ranked"));
}

// The value of a category's first metric, as measured; null: nothing valid.
function leadingValue(category, i) {
  const metric = leading[category];
  return metric.raw[i] ?? metric.values[i];
}

function redraw() {
  const n = data.ids.length - data.baselines.length, baseline = new Set(data.baselines);
  const ranked = rows.map((_, i) => i).filter((i) => !baseline.has(i));
  const times = new Map();
  for (const i of ranked) if (now.place[i]) times.set(now.place[i], (times.get(now.place[i]) || 0) + 1);
  const least = now.groups.map((_, g) => Math.min(...ranked.map((i) => (now.ranks[i] ? now.ranks[i][g] : Infinity))));
  rows.forEach((row, i) => {
    row.classList.toggle("out", now.place[i] === null);
    keys.forEach((key, column) => {
      const cell = row.cells[column];
      if (key === "place") drawPlace(cell, i, baseline.has(i), times.get(now.place[i]) > 1);
      else if (key === "score") cell.textContent = now.score[i] === null ? "–" : short(now.score[i]);
      else if (isCategory(key)) {
        const g = now.groups.indexOf(Number(key)), rank = now.ranks[i] && now.ranks[i][g], value = leadingValue(Number(key), i);
        cell.textContent = showsValues ? (value === null ? "none" : number(value, 3)) : rank ? short(rank) : "–";
        const kind = rank ? `c q${Math.min(4, Math.floor((5 * (rank - 1)) / Math.max(n - 1, 1)))}` : "c";
        cell.className = rank === least[g] && rank ? `${kind} best` : kind;
      }
    });
  });
}

function drawPlace(cell, i, isBaseline, isShared) {
  const place = now.place[i], before = official.place[i], text = place === null ? "–" : isBaseline ? `(${place})` : String(place);
  cell.replaceChildren(cell.firstChild, text);  // the first is the button
  if (isShared && !isBaseline) cell.append(element("small", { title: "shared" }, "="));
  if (!isChanged() || place === null || place === before) return;
  const up = place < before;
  cell.append(" ", element("small", { class: up ? "up" : "down", title: `officially ${before}` }, `${up ? "▲" : "▼"}${Math.abs(place - before)}`));
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
  if (isChanged()) outcome.replaceChildren(element("b", {}, `What if ${changeInWords()}: `), "first would be ", ...names, `; ${moved} of ${rows.length} places change. True place and moves, in italics, stay those of the official standings.`);
  document.getElementById("changed").hidden = !isChanged();
  for (const box of boxes) {
    box.checked = !change.categories.has(Number(box.value));
    box.disabled = box.checked && change.categories.size === data.categories.length - 1;  // one must stay
  }
  scheme.value = change.scheme;
}

function changeInWords() {
  const left = [...change.categories].map((k) => data.categories[k]), gone = [...change.teams].map((i) => `\u2068${teams[i]}\u2069`);
  const how = change.scheme === "rules" ? "" : `it were ranked by ${scheme.selectedOptions[0].textContent}`;
  const without = [...left, ...gone];
  return [how, without.length ? `without ${without.join(", ")}` : ""].filter(Boolean).join(", ");
}

// ---- what the cells show

function showValues(on) {
  showsValues = on;
  document.getElementById("values")?.setAttribute("aria-pressed", String(on));
  document.getElementById("ranks")?.setAttribute("aria-pressed", String(!on));
  table.classList.toggle("values", on);
  headers.forEach((header, column) => {
    if (!isCategory(keys[column])) return;
    const metric = leading[Number(keys[column])], text = on ? metric.label : titles[column];
    header.querySelector("button").textContent = text;
    for (const row of rows) row.cells[column].dataset.n = text;
  });
  redraw();
  if (sorted[0] !== "place") order(keys.indexOf(sorted[0]), sorted[1]);
  remember();
}

// The view as CSV, with a cell that no spreadsheet takes for a formula.
function asCsv() {
  const quoted = (text) => `"${(/^[=+\-@\t\r]/.test(text.normalize("NFKC")) ? `'${text}` : text).replace(/"/g, '""')}"`;
  const columns = keys.map((key, column) => [key, column]).filter(([key]) => key);
  const head = columns.flatMap(([key, column]) => (key === "low" ? ["true place from", "to"] : [headers[/** @type {number} */ (column)].textContent.trim()]));
  const lines = [...table.tBodies[0].rows].filter((row) => numberOf.has(row) && !row.hidden).map((row) => {
    const i = numberOf.get(row);
    return columns.flatMap(([key]) => {
      if (key === "low") return [data.low[i], data.high[i]];
      if (key === "team") return [quoted(teams[i])];
      if (key === "place" || key === "score") return [now[key][i]];
      if (key === "moved") return [data.moved[i]];
      return [showsValues ? leadingValue(Number(key), i) : now.ranks[i] && now.ranks[i][now.groups.indexOf(Number(key))]];
    }).map((cell) => cell ?? "").join(",");
  });
  return `${[head.map(quoted).join(","), ...lines].join("\n")}\n`;
}

// ---- the address

function remember() {
  const said = new URLSearchParams();
  if (change.scheme !== "rules") said.set("scheme", change.scheme);
  if (change.categories.size) said.set("without", [...change.categories].join(" "));
  for (const i of change.teams) said.append("team", rows[i].id);
  if (filter.value) said.set("filter", filter.value);
  if (showsValues) said.set("cells", "values");
  if (sorted.join() !== "place,true") said.set("sort", (sorted[1] ? "" : "-") + sorted[0]);
  const text = said.toString();
  link.value = location.href.split("#")[0] + (text ? `#${text}` : "");
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
  const by = said.get("sort") || "place", key = by.replace(/^-/, "");
  sorted = keys.includes(key) ? [key, !by.startsWith("-")] : ["place", true];
  if (isChanged() || location.hash === "#whatif") whatif.open = true;
  return said.get("cells") === "values";
}

// ---- beginning

// Narrow windows lay the table out as cards, which some readers then no longer take for a table.
for (const [selector, role] of [["", "table"], ["thead, tbody", "rowgroup"], ["tr", "row"], ["thead th", "columnheader"], ["tbody th", "rowheader"], ["td", "cell"]]) {
  for (const part of selector ? table.querySelectorAll(selector) : [table]) part.setAttribute("role", role);
}
rows.forEach((row, i) => {
  row.cells[0].prepend(element("button", { type: "button", "aria-expanded": "false", "aria-label": `The metrics behind ${teams[i]}` }));
});
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
document.getElementById("ask").addEventListener("click", () => { whatif.open = true; });
document.getElementById("copy").addEventListener("click", async () => {
  link.select();
  try { await navigator.clipboard.writeText(link.value); } catch { document.execCommand("copy"); }  // from disk there is no clipboard
  document.getElementById("copy").textContent = "Copied";
});
document.getElementById("csv").addEventListener("click", (event) => {
  const place = URL.createObjectURL(new Blob([asCsv()], { type: "text/csv" }));
  /** @type {HTMLAnchorElement} */ (event.currentTarget).href = place;
});
document.getElementById("ranks")?.addEventListener("click", () => showValues(false));
document.getElementById("values")?.addEventListener("click", () => showValues(true));
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
const asksValues = recall();
if (isChanged() || sorted.join() !== "place,true") update();  // the page came as it is without a change
else describe();
if (asksValues) showValues(true);
if (filter.value) filterRows();
remember();
