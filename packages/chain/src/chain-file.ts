// A chain file: the RLP of one block after the other, as geth exports and imports it. It is read block by block, however long it is.

import { open } from "node:fs/promises";
import { FileError, tooLarge, unreadable } from "@braid/primitives";
import { KnownBlockError } from "@braid/state";
import type { Blockchain } from "./blockchain.ts";

/** An RLP list's header: at most one byte and eight of its length. */
const MOST_HEADER_BYTES = 9;
const CHUNK_BYTES = 1 << 20;
/** Twice what a block may have since Osaka; older ones are bounded by their gas. */
const MOST_BLOCK_BYTES = 16 << 20;

export interface ChainFileBlock {
  raw: Uint8Array;
  /** Bytes of the file up to its end, and of the whole file: how far one has come. */
  end: number;
  size: number;
}

/** The blocks of a chain file, in its order. Throws FileError, with the byte at which the file is wrong. */
export async function* readChainFile(path: string): AsyncGenerator<ChainFileBlock> {
  const file = await open(path).catch((error: unknown) => {
    throw unreadable(error);
  });
  try {
    const { size } = await file.stat();
    const reader = new Reader(file, size);
    while (reader.at < size) {
      const length = blockLength(await reader.peek(MOST_HEADER_BYTES), reader.at);
      const raw = await reader.take(length);
      yield { raw, end: reader.at, size };
    }
  } finally {
    await file.close();
  }
}

type File = Awaited<ReturnType<typeof open>>;

/** Reads a file forward, a large piece at a time. */
class Reader {
  readonly #file: File;
  readonly #size: number;
  #buffer = new Uint8Array(0);
  /** Of the next byte. */
  at = 0;

  constructor(file: File, size: number) {
    this.#file = file;
    this.#size = size;
  }

  /** The next bytes, or as many as there are; they come again. */
  async peek(length: number): Promise<Uint8Array> {
    await this.#fill(Math.min(length, this.#size - this.at));
    return this.#buffer.subarray(0, length);
  }

  async take(length: number): Promise<Uint8Array> {
    if (length > this.#size - this.at)
      throw new FileError(
        "BRAID_FILE_TRUNCATED",
        `The chain file ends within the block at byte ${this.at}.`,
        {
          data: { at: this.at },
        },
      );
    await this.#fill(length);
    const taken = this.#buffer.slice(0, length);
    this.#buffer = this.#buffer.subarray(length);
    this.at += length;
    return taken;
  }

  async #fill(length: number): Promise<void> {
    while (this.#buffer.length < length) {
      const more = new Uint8Array(Math.max(CHUNK_BYTES, length - this.#buffer.length));
      const { bytesRead } = await this.#file.read(more, 0, more.length, this.at + this.#buffer.length);
      if (bytesRead === 0) throw new FileError("BRAID_FILE_TRUNCATED", "The chain file has become shorter.");
      const joined = new Uint8Array(this.#buffer.length + bytesRead);
      joined.set(this.#buffer);
      joined.set(more.subarray(0, bytesRead), this.#buffer.length);
      this.#buffer = joined;
    }
  }
}

/** How many bytes the RLP list has that begins with `head`. */
function blockLength(head: Uint8Array, at: number): number {
  const first = head[0] ?? 0;
  if (first < 0xc0)
    throw new FileError("BRAID_FILE_CORRUPT", `The chain file has no block at byte ${at}.`, { data: { at } });
  if (first < 0xf8) return 1 + first - 0xc0;
  const lengthBytes = first - 0xf7;
  let length = 0;
  for (let i = 1; i <= lengthBytes; i++) length = length * 256 + (head[i] ?? 0);
  if (length > MOST_BLOCK_BYTES)
    throw tooLarge(`The block at byte ${at} has ${length} bytes`, MOST_BLOCK_BYTES);
  return 1 + lengthBytes + length;
}

/** How far an import is: bytes of the file, and the number of the newest block. */
export interface ImportProgress {
  done: number;
  total: number;
  number: bigint;
}

/**
 * Imports a chain file. Blocks that the tree has are passed over, so that an import that was ended goes on where it was. Gives how many blocks are
 * new. Rejects as readChainFile and Blockchain.importBlock; the blocks before the one that is wrong stay.
 */
export async function importChainFile(
  chain: Blockchain,
  path: string,
  onProgress: (progress: ImportProgress) => void = () => {},
): Promise<number> {
  let imported = 0;
  for await (const { raw, end, size } of readChainFile(path)) {
    try {
      await chain.importBlock(raw);
      imported++;
    } catch (error) {
      if (!(error instanceof KnownBlockError)) throw error;
    }
    onProgress({ done: end, total: size, number: chain.head.number });
  }
  return imported;
}
