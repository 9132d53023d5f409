// Keccak-f[1600] after its specification, in bigints: slow, plain, and checked against node:crypto's SHA3-256, which differs from
// keccak-256 in one padding byte only.

const MASK = (1n << 64n) - 1n;

function rotate(word: bigint, by: number): bigint {
  return by === 0 ? word : ((word << BigInt(by)) | (word >> BigInt(64 - by))) & MASK;
}

/** Lanes by x + 5 y. */
function permute(lanes: bigint[]): bigint[] {
  let state = lanes;
  let lfsr = 1;
  for (let round = 0; round < 24; round++) {
    const columns = [0, 1, 2, 3, 4].map((x) =>
      [0, 1, 2, 3, 4].reduce((sum, y) => sum ^ (state[x + 5 * y] ?? 0n), 0n),
    );
    const theta = state.map(
      (lane, i) => lane ^ (columns[(i + 4) % 5] ?? 0n) ^ rotate(columns[(i + 1) % 5] ?? 0n, 1),
    );
    const moved = [...theta];
    for (let x = 1, y = 0, t = 0; t < 24; t++) {
      const to = y + 5 * ((2 * x + 3 * y) % 5);
      moved[to] = rotate(theta[x + 5 * y] ?? 0n, (((t + 1) * (t + 2)) / 2) % 64);
      [x, y] = [y, (2 * x + 3 * y) % 5];
    }
    state = moved.map((lane, i) => {
      const row = i - (i % 5);
      return lane ^ (~(moved[row + ((i + 1) % 5)] ?? 0n) & MASK & (moved[row + ((i + 2) % 5)] ?? 0n));
    });
    // Iota's constants are the bits of a linear feedback shift register.
    for (let bit = 0; bit < 7; bit++) {
      if (lfsr & 1) state[0] = (state[0] ?? 0n) ^ (1n << BigInt((1 << bit) - 1));
      lfsr = (lfsr << 1) ^ ((lfsr >> 7) * 0x171);
    }
  }
  return state;
}

/** The 256-bit sponge of rate 136 with `padding` as its first padding byte: 1 for keccak-256, 6 for SHA3-256. */
export function referenceSponge(data: Uint8Array, padding: number): Uint8Array {
  const padded = new Uint8Array((Math.floor(data.length / 136) + 1) * 136);
  padded.set(data);
  padded[data.length] = padding;
  padded[padded.length - 1] = (padded[padded.length - 1] ?? 0) | 0x80;
  let lanes = Array.from({ length: 25 }, () => 0n);
  const view = new DataView(padded.buffer);
  for (let block = 0; block < padded.length; block += 136) {
    lanes = permute(lanes.map((lane, i) => (i < 17 ? lane ^ view.getBigUint64(block + 8 * i, true) : lane)));
  }
  const digest = new DataView(new ArrayBuffer(32));
  for (let i = 0; i < 4; i++) digest.setBigUint64(8 * i, lanes[i] ?? 0n, true);
  return new Uint8Array(digest.buffer);
}
