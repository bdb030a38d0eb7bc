// A network as program.py writes it: operations in order, and constants by name.

// Base64 of 32-bit floats, little-endian as all browsers' machines are.
function floats(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

// A function of tensors, in the order of the program's inputs, that returns the program's one output.
function network(program) {
  const weights = floats(program.weights), constants = new Map();
  for (const [name, { shape, first, ints }] of Object.entries(program.constants)) {
    const data = ints ?? weights.subarray(first, first + count(shape));
    constants.set(name, { shape, data });
  }
  return (...inputs) => {
    const known = new Map(constants);
    program.inputs.forEach((name, k) => known.set(name, inputs[k]));
    for (const node of program.nodes) {
      const made = OPERATIONS[node.op](node, ...node.in.map((name) => known.get(name)));
      node.out.forEach((name, k) => known.set(name, Array.isArray(made) ? made[k] : made));
    }
    return known.get(program.output);
  };
}
