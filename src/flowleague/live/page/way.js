// The way from noise to data at equal times. A step of Euler's method is a straight line, the others are drawn so too.

const POINTS = 24;

// The rows at a place among a solver's states: 1.5 lies in the middle between those after one step and after two. After
// the last they stay.
function onTheWay(states, place) {
  const before = Math.floor(place), share = place - before;
  if (before >= states.length - 1) return states.at(-1);
  return states[before].map((row, r) => row.map((value, i) => value + share * (states[before + 1][r][i] - value)));
}
