// Empty blocks that somebody wanted many of at once: nobody executes them, and however many they are, they are one entry. What each of them is
// follows from the first one, and is computed when somebody asks.
//
// They change no state: the contracts that get the hash of the parent (EIP-2935) and of the beacon block (EIP-4788) in each block are not called.
// Their hashes are stand-ins, which a block's parent hash fits, but which are not the hashes of their headers.

import { keccak256 } from "@braid/kernel";
import { BaseError, concatBytes } from "@braid/primitives";
import {
  type Chain,
  decodeHeader,
  encodeBlock,
  encodeHeader,
  type ForkRules,
  type Header,
  nextBaseFee,
  nextExcessBlobGas,
} from "@braid/protocol";
import { readStandIn, standInHash } from "@braid/state";
import { StoredBlock } from "./stored-block.ts";

const ID_BYTES = 16;
const HEAD_BYTES = 16;

interface Fees {
  baseFeePerGas: bigint | undefined;
  excessBlobGas: bigint | undefined;
}

interface RangeParts {
  /** Of the first block. */
  header: Header;
  count: bigint;
  /** Between two blocks. */
  seconds: bigint;
}

export class EmptyRange {
  /** What its hashes have in common, 16 bytes. */
  readonly id: Uint8Array;
  /** Numbers of its first and its last block. */
  readonly first: bigint;
  readonly last: bigint;
  readonly #header: Header;
  readonly #seconds: bigint;
  readonly #rules: ForkRules;
  /** Of the first blocks, until they stay the same. */
  readonly #fees: Fees[];
  #isSettled = false;

  constructor({ header, count, seconds }: RangeParts, rules: ForkRules) {
    this.first = header.number;
    this.last = header.number + count - 1n;
    this.#header = header;
    this.#seconds = seconds;
    this.#rules = rules;
    this.#fees = [feesOf(header)];
    this.id = keccak256(this.encode()).slice(0, ID_BYTES);
  }

  /** As many blocks as are wanted, or as belong to the same fork. */
  static upTo({ header, count, seconds }: RangeParts, chain: Chain): EmptyRange {
    const rules = chain.rulesAt(header);
    const isSame = (i: bigint): boolean =>
      chain.rulesAt({ number: header.number + i, timestamp: header.timestamp + i * seconds }).fork ===
      rules.fork;
    let [most, tooMany] = [1n, count + 1n];
    if (isSame(count - 1n)) most = count;
    else
      while (most + 1n < tooMany) {
        const middle = (most + tooMany) / 2n;
        if (isSame(middle - 1n)) most = middle;
        else tooMany = middle;
      }
    return new EmptyRange({ header, count: most, seconds }, rules);
  }

  /** Reads what `encode` wrote. */
  static decode(bytes: Uint8Array, chain: Chain): EmptyRange {
    const view = new DataView(bytes.buffer, bytes.byteOffset, HEAD_BYTES);
    const header = decodeHeader(bytes.subarray(HEAD_BYTES), chain);
    const parts = { header, count: view.getBigUint64(0), seconds: view.getBigUint64(8) };
    return new EmptyRange(parts, chain.rulesAt(header));
  }

  /** How many, the seconds between them (u64 each), the first one's header. */
  encode(): Uint8Array {
    const head = new Uint8Array(HEAD_BYTES);
    const view = new DataView(head.buffer);
    view.setBigUint64(0, this.last - this.first + 1n);
    view.setBigUint64(8, this.#seconds);
    return concatBytes(head, encodeHeader(this.#header));
  }

  has(number: bigint): boolean {
    return number >= this.first && number <= this.last;
  }

  /** Of the block before the first one. */
  get parentHash(): Uint8Array {
    return this.#header.parentHash;
  }

  hashOf(number: bigint): Uint8Array {
    return standInHash(this.id, number);
  }

  /** PERF: the first look at a block far inside computes the fees of some hundred others. */
  block(number: bigint): StoredBlock {
    const index = number - this.first;
    const header: Header = {
      ...this.#header,
      number,
      timestamp: this.#header.timestamp + index * this.#seconds,
      ...(index === 0n ? {} : { parentHash: this.hashOf(number - 1n), ...this.#drawn(number) }),
      ...defined(this.#feesAt(index)),
    };
    const withdrawals = header.withdrawalsRoot === undefined ? {} : { withdrawals: [] };
    const block = { header, transactions: [], uncles: [], ...withdrawals };
    return new StoredBlock(this.hashOf(number), block, encodeBlock(block).length);
  }

  /** From the Merge on each block has a random value. */
  #drawn(number: bigint): Partial<Header> {
    return this.#rules.proofOfWork ? {} : { mixHash: keccak256(this.hashOf(number)) };
  }

  /** They fall from block to block, as those of all empty blocks, until they cannot fall any further. */
  #feesAt(index: bigint): Fees {
    const fees = this.#fees;
    while (BigInt(fees.length) <= index && !this.#isSettled) {
      const last = fees.at(-1) as Fees; // there is one from the beginning
      const parent = { ...this.#header, ...defined(last) };
      const next = {
        baseFeePerGas: last.baseFeePerGas === undefined ? undefined : nextBaseFee(parent),
        excessBlobGas: last.excessBlobGas === undefined ? undefined : nextExcessBlobGas(parent, this.#rules),
      };
      this.#isSettled =
        next.baseFeePerGas === last.baseFeePerGas && next.excessBlobGas === last.excessBlobGas;
      if (!this.#isSettled) fees.push(next);
    }
    return (index < BigInt(fees.length) ? fees[Number(index)] : fees.at(-1)) as Fees;
  }
}

function feesOf({ baseFeePerGas, excessBlobGas }: Header): Fees {
  return { baseFeePerGas, excessBlobGas };
}

function defined({ baseFeePerGas, excessBlobGas }: Fees): Pick<Header, "baseFeePerGas" | "excessBlobGas"> {
  return {
    ...(baseFeePerGas === undefined ? {} : { baseFeePerGas }),
    ...(excessBlobGas === undefined ? {} : { excessBlobGas }),
  };
}

/** Is it a block of an empty range, which nobody has executed? */
export function isOfEmptyRange({ hash }: Pick<StoredBlock, "hash">): boolean {
  return readStandIn(hash) !== undefined;
}

/** More empty blocks than numbers or times go on for. Code BRAID_TOO_MANY_BLOCKS. */
export class TooManyBlocksError extends BaseError {
  constructor(count: bigint) {
    super(
      "BRAID_TOO_MANY_BLOCKS",
      `After ${count} blocks more there is no number, or no time, for the next one.`,
      {
        data: { count: count.toString() },
      },
    );
  }
}
