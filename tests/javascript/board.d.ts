// What the build writes into figures.js, and what an event handler may rely on.
declare const data: any;
declare const earlier: any;  // the entries that do not count, see earlier.js
