// Noise by seed and number, as flowleague.model.randomness draws it, so that digit 7 of seed 3 is the same digit
// here and on the command line: NumPy's SeedSequence (O'Neill's seed_seq) seeds PyTorch's Mersenne Twister (Matsumoto &
// Nishimura 1998), whose 24-bit uniforms Box and Muller (1958) turn into normals, eight pairs at a time.

const BLOCK = 2048; // rows that one generator draws, sixteen numbers at a time

// The first 32 bits that np.random.SeedSequence(entropy) gives; entropy in whole numbers under 2^32.
function seedWord(entropy) {
  let constant = 0x43b0d7e5;
  const hashed = (value) => {
    value ^= constant;
    constant = Math.imul(constant, 0x931e8875);
    value = Math.imul(value, constant);
    return value ^ (value >>> 16);
  };
  const mixed = (x, y) => {
    const value = Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y);
    return value ^ (value >>> 16);
  };
  const pool = [0, 1, 2, 3].map((k) => hashed(entropy[k] ?? 0));
  for (let from = 0; from < 4; from++) {
    for (let to = 0; to < 4; to++) if (from !== to) pool[to] = mixed(pool[to], hashed(pool[from]));
  }
  const word = Math.imul(pool[0] ^ 0x8b51f9dd, Math.imul(0x8b51f9dd, 0x58f38ded));
  return (word ^ (word >>> 16)) >>> 0;
}

// MT19937, seeded with one word; every call gives 32 bits.
function twister(seed) {
  const N = 624, M = 397, state = new Uint32Array(N);
  state[0] = seed;
  for (let k = 1; k < N; k++) state[k] = Math.imul(1812433253, state[k - 1] ^ (state[k - 1] >>> 30)) + k;
  let at = N;
  const turn = () => {
    for (let k = 0; k < N; k++) {
      const joined = (state[k] & 0x80000000) | (state[(k + 1) % N] & 0x7fffffff);
      state[k] = state[(k + M) % N] ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
    }
    at = 0;
  };
  return () => {
    if (at === N) turn();
    let word = state[at++];
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  };
}

// Rows first to first + n - 1 of a seed's endless table of normals, each of `size` numbers.
function noise(seed, first, n, size) {
  const rows = [];
  for (let block = Math.floor(first / BLOCK); rows.length < n; block++) {
    const bits = twister(seedWord([3, seed, 0, block]));
    const drawn = 16 * Math.ceil(Math.min(first + n - block * BLOCK, BLOCK) / 16);
    const data = Float32Array.from({ length: drawn * size }, () => (bits() & 0xffffff) / 2 ** 24);
    for (let start = 0; start < data.length; start += 16) {
      for (let k = start; k < start + 8; k++) {
        const radius = Math.sqrt(-2 * Math.log(1 - data[k])), angle = 2 * Math.PI * data[k + 8];
        data[k] = radius * Math.cos(angle);
        data[k + 8] = radius * Math.sin(angle);
      }
    }
    for (let row = Math.max(0, first - block * BLOCK); row < drawn && rows.length < n; row++) {
      rows.push(data.subarray(row * size, (row + 1) * size));
    }
  }
  return rows;
}
