// The metrics behind a row of the standings, under the change that is asked for.
"use strict";

function detailOf(i) {
  const by = tableOf(data, change), seven = by.groups[0] === null;
  const groups = (seven ? [null] : by.groups).map((group, g) => {
    const metrics = by.metrics.filter((_, j) => by.member[j] === g);
    const title = group === null ? (change.scheme === "seven" ? "The seven columns of 2025" : "All metrics") : data.categories[group];
    const rank = now.ranks[i] && group !== null ? element("span", {}, short(now.ranks[i][g])) : "";
    const items = metrics.map((metric) => lineOf(metric, i));
    return element("section", {}, element("h3", {}, title, rank), element("table", {}, element("caption", { class: "vh" }, `${title}: value and rank`), element("tbody", {}, ...items)));
  });
  const lead = element("p", {}, element("bdi", {}, element("b", {}, teams[i])), accountOf(i));
  return element("div", { class: "behind" }, lead, element("div", { class: "metrics" }, ...groups), actsOf(i));
}

// One metric: its value, and its rank among those that are in. A value that does not count stands struck out.
function lineOf(metric, i) {
  const value = metric.values[i], raw = metric.raw[i];
  const rivals = data.ids.map((_, k) => k).filter((k) => !data.baselines.includes(k) && !change.teams.has(k));
  const better = rivals.filter((k) => isBetter(metric, metric.values[k], value)).length;
  const said = (x) => `${figure(x, metric.errors[i])}${metric.unit ? ` ${metric.unit}` : ""}`;
  const cell = element("td");
  if (raw !== undefined) cell.append(element("s", { title: value === null ? "it does not count: see the findings" : `it counts as ${said(value)}, which real images give` }, said(raw)));
  else cell.append(value === null ? "not reached" : said(value));
  return element("tr", {}, element("th", { scope: "row" }, metric.label || metric.title), cell, element("td", {}, value === null ? "last" : `${better + 1} of ${rivals.length}`));
}

function accountOf(i) {
  const first = rows.map((_, k) => k).filter((k) => now.place[k] === 1 && !data.baselines.includes(k));
  if (now.place[i] === null) return " is left out.";
  if (first.includes(i) || !first.length) return ` has ${short(now.score[i])} points.`;
  return ` has ${short(now.score[i])} points, ${short(now.score[i] - now.score[first[0]])} behind ${teams[first[0]]}.`;
}

function actsOf(i) {
  const out = element("button", { type: "button", class: "quiet" }, change.teams.has(i) ? "Put back in" : "What if it were not there?");
  out.addEventListener("click", () => { toggle(change.teams, i); collapse(rows[i]); update(); });
  const own = element("button", { type: "button", class: "quiet" }, kept.me === teams[i] ? "Not my team" : "This is my team");
  own.addEventListener("click", () => { chooseTeam(kept.me === teams[i] ? "" : teams[i]); own.textContent = kept.me === teams[i] ? "Not my team" : "This is my team"; });
  const page = element("a", { href: rows[i].querySelector("a").getAttribute("href") }, "Team page");
  const position = now.position[i] ?? 0, above = rows.map((_, k) => k).filter((k) => k !== i && now.position[k] !== null && now.position[k] < position && !data.baselines.includes(k)).sort((a, b) => now.position[b] - now.position[a])[0];
  const me = teams.indexOf(kept.me), other = me >= 0 && me !== i ? me : above ?? (i + 1) % rows.length;
  const compared = rows.length > 1 ? [element("a", { href: `compare.html#${data.ids[i]},${data.ids[other]}` }, "Compare with ", element("bdi", {}, teams[other]))] : [];
  const run = data.live[i] ? [" ", element("a", { href: `live/${data.ids[i]}.html` }, "Run it in a page")] : [];
  return element("p", { class: "acts" }, page, ...compared, ...run, " ", own, " ", out);
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

for (const row of rows) row.querySelector("button").addEventListener("click", () => (row.detail ? collapse(row) : expand(row)));
document.addEventListener("ranked", () => {
  for (const row of rows) if (row.detail) row.detail.querySelector("td").replaceChildren(detailOf(numberOf.get(row)));
});
