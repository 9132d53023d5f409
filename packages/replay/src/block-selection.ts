// Which blocks are meant: a number, a range, "latest", a hash, or a file that lists such.

import { BaseError, FileError, hexToBytes, readBounded } from "@braid/primitives";
import type { BlockReference } from "@braid/remote";

/** Some blocks, in order. Long ranges are not written out. */
export interface BlockSelection {
  count: number;
  references(): Iterable<BlockReference>;
}

const NUMBER = /^(?:\d{1,15}|0x[0-9a-f]{1,12})$/i;
const RANGE = /^(\w+)\.\.(\w+)$/;
const HASH = /^0x[0-9a-f]{64}$/i;

/**
 * The blocks that a text means: "18000000" or "0x112a880", "18000000..18000099" (both ends included), "latest", a hash, or the path of a file
 * with one of these on each line ("#" begins a comment).
 *
 * @throws BlockSelectionError; FileError BRAID_FILE_UNREADABLE, BRAID_FILE_TOO_LARGE for the file.
 */
export async function selectBlocks(text: string): Promise<BlockSelection> {
  const one = selectionOf(text);
  if (one !== undefined) return one;
  let lines: string[];
  try {
    lines = new TextDecoder().decode(await readBounded(text)).split(/\r?\n/);
  } catch (error) {
    if (error instanceof FileError && error.data?.missing === true)
      throw new BlockSelectionError(text, `"${text}" is no block, and there is no such file`);
    throw error;
  }
  const selections = lines.flatMap((line, i) => {
    const entry = line.replace(/#.*/, "").trim();
    if (entry === "") return [];
    const selection = selectionOf(entry);
    if (selection === undefined)
      throw new BlockSelectionError(entry, `"${entry}" on line ${i + 1} is no block`);
    return [selection];
  });
  const count = selections.reduce((sum, selection) => sum + selection.count, 0);
  if (count === 0) throw new BlockSelectionError(text, `the file ${text} lists no blocks`);
  return {
    count,
    *references() {
      for (const selection of selections) yield* selection.references();
    },
  };
}

function selectionOf(text: string): BlockSelection | undefined {
  if (text === "latest") return only(text);
  if (HASH.test(text)) return only(hexToBytes(text.toLowerCase()));
  if (NUMBER.test(text)) return range(text, text);
  const [, from, to] = RANGE.exec(text) ?? [];
  return from === undefined || to === undefined ? undefined : range(from, to);
}

function only(reference: BlockReference): BlockSelection {
  return { count: 1, references: () => [reference] };
}

function range(from: string, to: string): BlockSelection {
  for (const end of [from, to])
    if (!NUMBER.test(end)) throw new BlockSelectionError(end, `"${end}" is no block number`);
  const first = BigInt(from);
  const last = BigInt(to);
  if (first === 0n)
    throw new BlockSelectionError(from, "block 0, the genesis block, executes nothing: begin with block 1");
  if (last < first) throw new BlockSelectionError(`${from}..${to}`, `${from}..${to} ends before it begins`);
  return {
    count: Number(last - first) + 1,
    *references() {
      for (let number = first; number <= last; number++) yield number;
    },
  };
}

/** A text that names no blocks. Code BRAID_BLOCK_SELECTION. */
export class BlockSelectionError extends BaseError {
  constructor(text: string, reason: string) {
    super(
      "BRAID_BLOCK_SELECTION",
      `These are no blocks: ${reason}. Give a number, a range (a..b), "latest", a hash, or a file that lists some.`,
      { data: { text } },
    );
  }
}
