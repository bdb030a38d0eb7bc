// Sort any table by the buttons in its headers: aria-sort says how, and a second press turns the order round.
"use strict";

// `value(row, column)` is what a row is sorted by: a number, a text, or null, which stays last either way.
function makeSortable(table, value, moved) {
  const body = table.tBodies[0];
  const words = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const headers = [...table.tHead.rows[0].cells];
  const order = (column, up) => {
    const keyed = [...body.rows].filter((row) => !row.classList.contains("detail")).map((row) => [value(row, column), row]);
    keyed.sort(([a], [b]) => {
      if (a === null || b === null) return Number(a === null) - Number(b === null);
      return (up ? 1 : -1) * (typeof a === "string" ? words.compare(a, b) : a - b);
    });
    body.append(...keyed.map(([, row]) => row));
    headers.forEach((header, k) => {
      if (k === column) header.setAttribute("aria-sort", up ? "ascending" : "descending");
      else header.removeAttribute("aria-sort");
    });
    if (moved) moved();
  };
  headers.forEach((header, column) => {
    const button = header.querySelector("button");
    if (!button) return;
    button.addEventListener("click", () => order(column, header.getAttribute("aria-sort") !== "ascending"));
  });
  return order;
}

// Tables whose cells say all there is to know: numbers in data-v, or else their text.
for (const table of document.querySelectorAll("table.sortable")) {
  makeSortable(table, (row, column) => {
    const cell = row.cells[column];
    if (cell.dataset.v === undefined) return cell.textContent.trim();
    return cell.dataset.v === "" ? null : Number(cell.dataset.v);
  });
}
