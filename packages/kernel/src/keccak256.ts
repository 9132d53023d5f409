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
let bytes = new Uint8Array(memory.buffer);

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
  const length = data.length;
  if (INPUT + length > bytes.length) {
    memory.grow(Math.ceil((INPUT + length - bytes.length) / PAGE));
    bytes = new Uint8Array(memory.buffer);
  }
  bytes.set(data, INPUT);
  exports.keccak(INPUT, length, OUTPUT);
  for (let i = 0; i < 32; i++) out[at + i] = bytes[OUTPUT + i] as number;
}
