// RIPEMD-160 (Dobbertin, Bosselaers, Preneel 1996): two lines of five rounds, of 16 steps each.

/** For each step of the left line, then of the right one: which word it takes (low half of the byte), and by how much it rotates. */
const STEPS: usize = memory.data<u8>([
  0xb0, 0xe1, 0xf2, 0xc3, 0x54, 0x85, 0x76, 0x97, 0xb8, 0xd9, 0xea, 0xfb, 0x6c, 0x7d, 0x9e, 0x8f,
  0x77, 0x64, 0x8d, 0xd1, 0xba, 0x96, 0x7f, 0xf3, 0x7c, 0xc0, 0xf9, 0x95, 0xb2, 0x7e, 0xdb, 0xc8,
  0xb3, 0xda, 0x6e, 0x74, 0xe9, 0x9f, 0xd8, 0xf1, 0xe2, 0x87, 0xd0, 0x66, 0x5d, 0xcb, 0x75, 0x5c,
  0xb1, 0xc9, 0xeb, 0xfa, 0xe0, 0xf8, 0x9c, 0x84, 0x9d, 0xe3, 0x57, 0x6f, 0x8e, 0x65, 0x56, 0xc2,
  0x94, 0xf0, 0x55, 0xb9, 0x67, 0x8c, 0xd2, 0xca, 0x5e, 0xc1, 0xd3, 0xe8, 0xbb, 0x86, 0x5f, 0x6d,
  0x85, 0x9e, 0x97, 0xb0, 0xd9, 0xf2, 0xfb, 0x54, 0x7d, 0x76, 0x8f, 0xb8, 0xe1, 0xea, 0xc3, 0x6c,
  0x96, 0xdb, 0xf3, 0x77, 0xc0, 0x8d, 0x95, 0xba, 0x7e, 0x7f, 0xc8, 0x7c, 0x64, 0xf9, 0xd1, 0xb2,
  0x9f, 0x75, 0xf1, 0xb3, 0x87, 0x6e, 0x66, 0xe9, 0xcb, 0xd8, 0x5c, 0xe2, 0xda, 0xd0, 0x74, 0x5d,
  0xf8, 0x56, 0x84, 0xb1, 0xe3, 0xeb, 0x6f, 0xe0, 0x65, 0x9c, 0xc2, 0x9d, 0xc9, 0x57, 0xfa, 0x8e,
  0x8c, 0x5f, 0xca, 0x94, 0xc1, 0x55, 0xe8, 0x67, 0x86, 0xd2, 0x6d, 0x5e, 0xf0, 0xd3, 0xb9, 0xbb,
]);
const LINE: u32 = 80;
const BLOCK: u32 = 64;

// @ts-ignore: decorator
@inline
function mix(round: u32, x: u32, y: u32, z: u32): u32 {
  switch (round) {
    case 0:
      return x ^ y ^ z;
    case 1:
      return (x & y) | (~x & z);
    case 2:
      return (x | ~y) ^ z;
    case 3:
      return (x & z) | (y & ~z);
    default:
      return x ^ (y | ~z);
  }
}

function leftConstant(round: u32): u32 {
  switch (round) {
    case 0:
      return 0;
    case 1:
      return 0x5a827999;
    case 2:
      return 0x6ed9eba1;
    case 3:
      return 0x8f1bbcdc;
    default:
      return 0xa953fd4e;
  }
}

function rightConstant(round: u32): u32 {
  switch (round) {
    case 0:
      return 0x50a28be6;
    case 1:
      return 0x5c4dd124;
    case 2:
      return 0x6d703ef3;
    case 3:
      return 0x7a6d76e9;
    default:
      return 0;
  }
}

/** One block through a line; adds nothing to the state: writes what the line comes to, five u32, to `out`. */
// @ts-ignore: decorator
@inline
function line(state: u32, block: u32, out: u32, steps: u32, isLeft: bool): void {
  let a = load<u32>(state);
  let b = load<u32>(state, 4);
  let c = load<u32>(state, 8);
  let d = load<u32>(state, 12);
  let e = load<u32>(state, 16);
  for (let round: u32 = 0; round < 5; round++) {
    const constant = isLeft ? leftConstant(round) : rightConstant(round);
    for (const end = steps + 16; steps < end; steps++) {
      const step = u32(load<u8>(steps));
      const word = load<u32>(block + ((step & 15) << 2));
      const t = rotl<u32>(a + mix(isLeft ? round : 4 - round, b, c, d) + word + constant, step >> 4) + e;
      a = e;
      e = d;
      d = rotl<u32>(c, 10);
      c = b;
      b = t;
    }
  }
  store<u32>(out, a);
  store<u32>(out, b, 4);
  store<u32>(out, c, 8);
  store<u32>(out, d, 12);
  store<u32>(out, e, 16);
}

function compress(state: u32, block: u32, lines: u32): void {
  line(state, block, lines, u32(STEPS), true);
  line(state, block, lines + 20, u32(STEPS) + LINE, false);
  const first = load<u32>(state, 4) + load<u32>(lines, 8) + load<u32>(lines + 20, 12);
  const second = load<u32>(state, 8) + load<u32>(lines, 12) + load<u32>(lines + 20, 16);
  const third = load<u32>(state, 12) + load<u32>(lines, 16) + load<u32>(lines + 20);
  const fourth = load<u32>(state, 16) + load<u32>(lines) + load<u32>(lines + 20, 4);
  store<u32>(state, load<u32>(state) + load<u32>(lines, 4) + load<u32>(lines + 20, 8), 16);
  store<u32>(state, first);
  store<u32>(state, second, 4);
  store<u32>(state, third, 8);
  store<u32>(state, fourth, 12);
}

/** Writes the hash (20 bytes) to `out`; `room`: 192 bytes. */
export function ripemd160(data: u32, length: u32, out: u32, room: u32): void {
  const lines = room;
  const last = room + 64;
  store<u32>(out, 0x67452301);
  store<u32>(out, 0xefcdab89, 4);
  store<u32>(out, 0x98badcfe, 8);
  store<u32>(out, 0x10325476, 12);
  store<u32>(out, 0xc3d2e1f0, 16);
  let at = data;
  let left = length;
  for (; left >= BLOCK; left -= BLOCK, at += BLOCK) compress(out, at, lines);
  const padded: u32 = left < 56 ? BLOCK : 2 * BLOCK;
  memory.fill(last, 0, padded);
  memory.copy(last, at, left);
  store<u8>(last + left, 0x80);
  store<u64>(last + padded - 8, u64(length) << 3);
  compress(out, last, lines);
  if (padded > BLOCK) compress(out, last + BLOCK, lines);
}
