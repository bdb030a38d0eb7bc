// Numbers as text, as text.py writes them: tests hold both to one table of cases.
"use strict";

const MINUS = "\u2212";

// A number without uncertainty: whole parts in full, else so many significant digits.
function number(value, digits = 4) {
  const small = Math.abs(value) < 1e15 && (Number.isInteger(value) || magnitude(value) >= -4);
  if (!small) return stripped(value.toExponential(digits - 1)).replaceAll("-", MINUS);
  return stripped(fixed(value, Number.isInteger(value) ? 0 : Math.max(digits - 1 - magnitude(value), 0)));
}

// A value and its standard error, where it has one, to two significant digits of the error.
function figure(value, error) {
  if (!error) return number(value);
  const places = Math.max(1 - magnitude(error), 0);
  if (places > 9 || Math.max(Math.abs(value), error) >= 1e15) return [value.toExponential(2), error.toExponential(0)].join(" ± ").replaceAll("-", MINUS);
  return `${fixed(value, places)} ± ${fixed(error, places)}`;
}

// A score or a mean rank to a tenth.
function short(score) {
  return fixed(score, 1).replace(/\.0$/, "");
}

// A share in percent, whole parts in full.
function percent(share, digits = 2) {
  return `${number(100 * share, digits)}\u00a0%`;
}

// The power of ten of the first digit.
function magnitude(value) {
  return Number(value.toExponential().split("e")[1]);
}

function fixed(value, places) {
  return value.toFixed(places).replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ",").replace("-", MINUS);
}

function stripped(text) {
  return text.replace(/(\.\d*?)0*(?=e|$)/, (_, digits) => (digits === "." ? "" : digits));
}
