// The way from noise to data at equal times. A step of Euler's method is a straight line, the others are drawn so too.

const POINTS = 24;

// The rows at point k of a solver's states, as flowleague.model.sampler.points has them.
function onTheWay(states, k) {
  const at = (k * (states.length - 1)) / (POINTS - 1), before = Math.min(Math.floor(at), states.length - 2), share = at - before;
  if (share === 1) return states.at(-1);
  return states[before].map((row, r) => row.map((value, i) => value + share * (states[before + 1][r][i] - value)));
}
