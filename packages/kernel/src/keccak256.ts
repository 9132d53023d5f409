// keccak-256 for callers without a Kernel (state roots, addresses, code hashes): an instance of the same module over a small
// memory of its own.

import { CONFIG_INSTANCE_BASE, CONFIG_INSTANCES, INSTANCE_STRIDE } from "./layout.ts";
import { instantiate } from "./wasm-module.ts";
import { Memory } from "./webassembly.ts";

const PAGE = 65536;
const AREA = PAGE;
/** Where inputs go: behind the instance's area, which holds the sponge. */
const INPUT = AREA + Math.ceil(INSTANCE_STRIDE / PAGE) * PAGE;
const OUTPUT = CONFIG_INSTANCES + 64;

const memory = new Memory({ initial: INPUT / PAGE + 1, maximum: 65536, shared: true });
const exports = instantiate(memory);
const words = new Uint32Array(memory.buffer);
words[CONFIG_INSTANCES >>> 2] = 1;
words[CONFIG_INSTANCE_BASE >>> 2] = AREA;
exports.attach(0);
const output = new Uint8Array(memory.buffer, OUTPUT, 32);
let input = new Uint8Array(memory.buffer, INPUT);

/**
 * keccak-256 (Ethereum's padding) of `data`, any length below 4 GiB; answers 32 fresh bytes.
 * PERF: see kernel.bench.ts.
 */
export function keccak256(data: Uint8Array): Uint8Array {
  const hash = new Uint8Array(32);
  keccak256Into(data, hash);
  return hash;
}

/** keccak-256 of `data`, written to the 32 bytes of `out` from `at` on. */
export function keccak256Into(data: Uint8Array, out: Uint8Array, at = 0): void {
  keccakInput(data.length).set(data);
  keccakOfInput(data.length, out, at);
}

/**
 * A place for at least so many bytes that shall be hashed: what is written there needs no copy. It is everybody's, so nothing stays in it beyond the
 * next call of a function of this file.
 */
export function keccakInput(length: number): Uint8Array {
  if (length > input.length) {
    memory.grow(Math.ceil((length - input.length) / PAGE));
    input = new Uint8Array(memory.buffer, INPUT);
  }
  return input;
}

/** keccak-256 of the first `length` bytes of keccakInput, written to the 32 bytes of `out` from `at` on. */
export function keccakOfInput(length: number, out: Uint8Array, at: number): void {
  exports.keccak(INPUT, length, OUTPUT);
  for (let i = 0; i < 32; i++) out[at + i] = output[i] as number; // in range
}

/** Pieces that keccak256Each takes at once: they share a few pages, however many there are. */
const AT_ONCE = 512;

/** The hashes, one behind the other, of `count` pieces of `length` bytes, each `stride` behind the one before it; the first one lies at `at`. */
export function keccak256Each(
  source: Uint8Array,
  at: number,
  stride: number,
  length: number,
  count: number,
): Uint8Array {
  const hashes = new Uint8Array(32 * count);
  for (let from = 0; from < count; from += AT_ONCE) {
    const to = Math.min(count, from + AT_ONCE);
    const begin = at + from * stride;
    const end = at + (to - 1) * stride + length;
    keccakInput(end - begin).set(source.subarray(begin, end));
    for (let i = from; i < to; i++) {
      exports.keccak(INPUT + (i - from) * stride, length, OUTPUT);
      for (let j = 0; j < 32; j++) hashes[32 * i + j] = output[j] as number; // in range
    }
  }
  return hashes;
}
