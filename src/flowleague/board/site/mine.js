// The reader's own team, kept in this browser: its row is marked, and above the table stands what it should do next.
"use strict";

const own = document.getElementById("own"), mine = /** @type {HTMLSelectElement} */ (document.getElementById("mine"));

// By its name, which stays when a new entry comes.
function chooseTeam(name) {
  try {
    if (name) kept.me = name;
    else delete kept.me;
  } catch { /* not kept from every disk */ }
  markTeam();
}

function markTeam() {
  const me = teams.indexOf(kept.me);
  rows.forEach((row, i) => {
    const cell = row.cells[2];
    row.classList.toggle("me", i === me);
    cell.querySelector(".mine")?.remove();
    if (i === me) cell.querySelector("a").after(element("span", { class: "mine" }, "my team"));
  });
  own.hidden = me < 0;
  own.replaceChildren(...(me < 0 ? [] : answerOf(me)));
  mine.value = me < 0 ? "" : kept.me;
}

// Where the team stands by the official standings, and its next step.
function answerOf(i) {
  const ranked = (k) => !data.baselines.includes(k), first = data.ids.findIndex((_, k) => ranked(k));
  const behind = short(data.scores[i] - data.scores[first]);
  const where = !ranked(i) ? " is not ranked." : data.places[i] === 1 ? " leads." : ` has place ${data.places[i]} of ${data.ids.length - data.baselines.length}, ${behind} points behind \u2068${teams[first]}\u2069.`;
  const page = element("a", { href: `${rows[i].querySelector("a").getAttribute("href")}#next` }, "why, and other steps");
  const step = data.next[i] ? [element("b", {}, " Next: "), `${data.next[i]} (`, page, ")."] : [" ", element("a", { href: page.getAttribute("href") }, "Its page"), "."];
  return [element("b", { class: "plain" }, element("bdi", {}, teams[i])), where, ...step];
}

for (const team of teams) mine.append(element("option", { value: team }, team));
mine.addEventListener("change", () => chooseTeam(mine.value));
markTeam();
