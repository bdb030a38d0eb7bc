// What if: the league's ranking, in the page. tests/board/test_whatif.py holds it to the league's own numbers.
//
// score_i = Σ_c m_ic, m_ic = 1/|c| Σ_{j in c} (1 + #{k : x_kj better than x_ij}), or with whole ranks
// Σ_c (1 + #{k : m_kc < m_ic}); lower is better, marks for analysis break ties, a value that is missing is worse than
// all, and a baseline gets the place that it would take had it alone entered.
// Ranks are weighed in whole numbers (1/unit points), so that equal scores are exactly equal.
"use strict";

const NO_CHANGE = { scheme: "rules", categories: new Set(), teams: new Set() };

// The standings under a change: the scheme ("rules", "ranks", "mean ranks", "columns" or "seven"), and the numbers of
// the categories and of the rows that are left out. Returns place, score and category ranks by row; null: left out.
function rankUnder(data, change) {
  const n = data.marks.length, by = tableOf(data, change), baseline = new Set(data.baselines);
  const result = { place: Array(n).fill(null), score: Array(n).fill(null), ranks: Array(n).fill(null), groups: by.groups };
  const ranked = [...Array(n).keys()].filter((i) => !baseline.has(i) && !change.teams.has(i));
  const keep = (i, rows, standing) => {
    const k = rows.indexOf(i);
    result.place[i] = standing.place[k];
    result.score[i] = standing.total[k] / standing.unit;
    result.ranks[i] = standing.points.map((part) => part[k] / standing.unit);
  };
  const all = standingOf(data, by, ranked);
  for (const i of ranked) keep(i, ranked, all);
  for (const i of data.baselines) {
    if (change.teams.has(i)) continue;
    const rows = [...ranked, i];
    keep(i, rows, standingOf(data, by, rows));
  }
  return result;
}

// Which metrics rank, in which group each is, and what a rank in it weighs.
function tableOf(data, change) {
  const left = (metric) => !change.categories.has(metric.category);
  const scheme = change.scheme === "rules" ? data.scheme : change.scheme;
  let metrics = data.metrics.filter((metric) => metric.ranked && left(metric));
  if (scheme === "seven") {
    const named = new Map(data.metrics.map((metric) => [metric.name, metric]));
    metrics = data.seven.map(([name, lower]) => ({ ...named.get(name), lower })).filter(left);
  }
  if (scheme === "columns" || scheme === "seven") {
    return { metrics, groups: [null], member: metrics.map(() => 0), weights: metrics.map(() => 1), unit: metrics.length };
  }
  const groups = [...new Set(metrics.map((metric) => metric.category))];
  const sizes = groups.map((group) => metrics.filter((metric) => metric.category === group).length);
  const unit = sizes.reduce((a, b) => (a * b) / divisor(a, b), 1);
  const member = metrics.map((metric) => groups.indexOf(metric.category));
  return { metrics, groups, member, weights: member.map((g) => unit / sizes[g]), unit, again: scheme === "ranks" };
}

// Places, scores and points by group of some rows.
function standingOf(data, by, rows) {
  let unit = by.unit;
  let points = by.groups.map(() => Array(rows.length).fill(0));
  by.metrics.forEach((metric, j) => {
    const sign = metric.lower ? 1 : -1;
    const costs = rows.map((i) => (metric.values[i] === null ? Infinity : sign * metric.values[i]));
    ranksOf(costs, compare).forEach((rank, k) => { points[by.member[j]][k] += by.weights[j] * rank; });
  });
  if (by.again) [points, unit] = [points.map((part) => ranksOf(part, compare)), 1];
  const total = rows.map((_, k) => points.reduce((sum, part) => sum + part[k], 0));
  const keys = rows.map((i, k) => [total[k], data.marks[i]]);
  return { place: ranksOf(keys, (a, b) => compare(a[0], b[0]) || compare(a[1], b[1])), total, points, unit };
}

// One more than the number of values that are strictly better, for each.
function ranksOf(values, order) {
  const sorted = [...values.keys()].sort((a, b) => order(values[a], values[b]));
  const ranks = Array(values.length);
  sorted.forEach((i, k) => {
    ranks[i] = k && order(values[sorted[k - 1]], values[i]) === 0 ? ranks[sorted[k - 1]] : k + 1;
  });
  return ranks;
}

function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

function divisor(a, b) {
  return b ? divisor(b, a % b) : a;
}
