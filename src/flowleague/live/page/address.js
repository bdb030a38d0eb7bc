// The view in the address, so that a link reproduces it: of the first generator in a page.

// Settings of the address by name, those that are wholly valid; each setting says what is.
function fromAddress(valid) {
  const given = new URLSearchParams(location.hash.slice(1));
  return Object.fromEntries([...given].filter(([name, value]) => Object.hasOwn(valid, name) && valid[name](value)));
}

// Writes settings into the address, a moment after the last change: browsers bound how often it may change.
function toAddress() {
  let waiting = 0;
  return (settings) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => history.replaceState(null, "", `#${new URLSearchParams(settings)}`), 150);
  };
}
