// On every page: the colours that the reader chose, and the time that is left; what is chosen is kept in this browser.
"use strict";

const kept = (() => { try { return localStorage; } catch { return /** @type {any} */ ({}); } })();  // none from some disks

{
  const root = document.documentElement;
  const isDark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  if (kept.theme === "dark" || kept.theme === "light") root.dataset.theme = kept.theme;  // before anything is drawn

  const nameSwitch = (button) => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", `Change to ${isDark() ? "light" : "dark"} colours`);
  };

  // "20 h 58 min", of milliseconds; days from two days on.
  const duration = (left) => {
    const minutes = Math.ceil(left / 60000), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
    if (days >= 2) return `${days} d ${hours % 24} h`;
    return hours ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
  };

  const count = (state) => {
    const now = Date.now(), [opens, closes] = [state.dataset.opens, state.dataset.closes].map((text) => Date.parse(text));
    const word = state.nextElementSibling, prizes = document.getElementById("prizes");
    if (now < opens) state.textContent = `Opens in ${duration(opens - now)}, open`;
    else if (!(now >= closes)) state.textContent = closes ? `Open: ${duration(closes - now)} left` : "Open";
    else {
      state.textContent = "Closed";
      if (word) word.textContent = "since";
      document.getElementById("if-closed")?.remove();
      document.getElementById("enter")?.setAttribute("hidden", "");
      document.getElementById("over")?.removeAttribute("hidden");
      if (prizes && prizes.textContent.startsWith("If")) prizes.textContent = "Awards, as measured so far:";
    }
  };

  addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme"), state = document.getElementById("state");
    button.hidden = false;
    nameSwitch(button);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => nameSwitch(button));
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      try { kept.theme = root.dataset.theme; } catch { /* kept for this page alone */ }
      nameSwitch(button);
    });
    if (!state) return;
    count(state);
    setInterval(count, 30000, state);
  });
}
