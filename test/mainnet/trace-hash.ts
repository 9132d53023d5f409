// One 32-bit number for a struct log or a tree of calls.
import type { CallFrame, StructLog } from "./tracers.ts";

const START = 0x811c9dc5;

/** FNV-1a, by 32-bit units. */
function add(hash: number, value: number): number {
  return Math.imul(hash ^ value, 0x01000193) ^ (hash >>> 15);
}

/** murmur3's end, without which the last units would weigh little. */
function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function addText(hash: number, text: string): number {
  let result = add(hash, text.length);
  for (let i = 0; i < text.length; i++) result = add(result, text.charCodeAt(i));
  return result;
}

function hashOfBytes(bytes: Uint8Array): number {
  let hash = add(START, bytes.length);
  for (let i = 0; i < bytes.length; i++) hash = add(hash, bytes[i] as number); // in range
  return finish(hash);
}

/** PERF: by words of four bytes where they lie so that they can be read as such, as whole memories do. */
function hashOfMemory(memory: Uint8Array): number {
  if (memory.byteOffset % 4 !== 0 || memory.length % 4 !== 0) return hashOfBytes(memory);
  const words = new Uint32Array(memory.buffer, memory.byteOffset, memory.length / 4);
  let hash = add(START, memory.length);
  for (let i = 0; i < words.length; i++) hash = add(hash, words[i] as number); // in range
  return finish(hash);
}

/** A number for each log of one transaction. PERF: most of a stack, and often all of a memory, is what it was one opcode before. */
export class StructLogHasher {
  #stack: readonly bigint[] = [];
  readonly #stackHashes: number[] = [];
  #memory: Uint8Array = new Uint8Array(0);
  #memoryHash = hashOfMemory(this.#memory);

  hash(log: StructLog): number {
    let hash = addText(START, log.op);
    hash = add(hash, hashOfBytes(log.address.bytes));
    if (log.codeAddress !== undefined) hash = add(hash, hashOfBytes(log.codeAddress.bytes));
    hash = add(add(hash, log.pc), log.depth);
    for (const amount of [log.gas, log.gasCost, log.refund]) hash = addText(hash, amount.toString());
    hash = this.#addStack(hash, log.stack);
    if (Buffer.compare(this.#memory, log.memory) !== 0) {
      this.#memory = log.memory;
      this.#memoryHash = hashOfMemory(log.memory);
    }
    hash = add(hash, this.#memoryHash);
    return finish(log.error === undefined ? hash : add(hash, hashOfBytes(log.error)));
  }

  #addStack(start: number, stack: readonly bigint[]): number {
    const [before, hashes] = [this.#stack, this.#stackHashes];
    let hash = add(start, stack.length);
    for (let i = 0; i < stack.length; i++) {
      const word = stack[i] as bigint; // in range
      if (word !== before[i]) hashes[i] = finish(addText(START, word.toString(16)));
      hash = add(hash, hashes[i] as number); // it was made with the word
    }
    this.#stack = stack;
    return hash;
  }
}

export function hashOfCalls(frame: CallFrame): number {
  return finish(addText(START, JSON.stringify(frame)));
}
