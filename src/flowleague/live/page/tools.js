// Small things that the parts of the page share.

const PIXELS = 28;

// An image of 784 numbers in [0, 1] on a canvas, white on black as the digits are.
function show(canvas, image) {
  canvas.width = canvas.height = PIXELS;
  const picture = new ImageData(PIXELS, PIXELS);
  image.forEach((value, k) => picture.data.fill(255 * value, 4 * k, 4 * k + 3)); // which rounds and limits
  for (let k = 3; k < picture.data.length; k += 4) picture.data[k] = 255;
  canvas.getContext("2d", { willReadFrequently: true }).putImageData(picture, 0, 0); // in memory: nothing is painted on it
}

// Long work in turns: `await rest()` lets the page breathe when 12 ms have passed, and is false when newer work began.
function turns() {
  let newest = 0;
  return () => {
    const mine = ++newest;
    let began = performance.now();
    return async () => {
      if (performance.now() - began > 12) {
        await new Promise(requestAnimationFrame);
        began = performance.now();
      }
      return mine === newest;
    };
  };
}

const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};
