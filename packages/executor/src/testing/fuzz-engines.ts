// For tests: a fuzzed block on both engines. What differs is shrunk to the contracts' pieces and transactions that it takes.

import { bytesToHex, concatBytes, equalBytes } from "@braid/primitives";
import { keyed } from "@braid/testing/accounts";
import { BlockBuilder, type TestBlock } from "@braid/testing/block-builder";
import { blobHash } from "@braid/testing/sign";
import type { ExecuteBlockInput } from "../block/block-input.ts";
import { Executor } from "../executor.ts";
import type { BlockResult, ReadAccess, TransactionResult, WriteAccess } from "../result/block-result.ts";
import { fingerprint, inputOf } from "./agree.ts";
import { authorizationOf, type FuzzCase, type FuzzTransaction } from "./fuzz-case.ts";
import { FUZZ_SENDERS, fuzzAddress } from "./fuzz-pieces.ts";
import { readByRead } from "./sources.ts";

/** A block of Cancun may have so many (EIP-4844), later ones more. */
const MAX_BLOBS = 6;

/** A case as a block. Its transactions are not signed: who sends them is said beside them. */
export async function blockOf({ fork, contracts, transactions }: FuzzCase): Promise<TestBlock> {
  const block = new BlockBuilder(fork, { signed: false, gasLimit: 100_000_000n });
  block.fund(...Array.from({ length: FUZZ_SENDERS }, (_, i) => keyed(i)));
  for (const [i, pieces] of contracts.entries())
    block.contract(fuzzAddress(i), concatBytes(...pieces), { storage: [[1, 7]], balance: 10n });
  let room = MAX_BLOBS;
  for (const tx of transactions) {
    const blobs = Math.min(tx.blobs, room);
    room -= blobs;
    send(block, { ...tx, blobs });
  }
  return block.build();
}

function send(
  block: BlockBuilder,
  { from, to, data, value, gasLimit, warm, delegation, blobs }: FuzzTransaction,
): void {
  const creates = typeof to !== "number";
  const common = {
    from: keyed(from),
    to: creates ? undefined : fuzzAddress(to),
    data: creates ? to : data,
    value,
    gasLimit: gasLimit + (creates ? 60_000 : 0),
  };
  if (blobs > 0 && !creates && block.since("cancun"))
    block.send({
      ...common,
      type: 3,
      blobVersionedHashes: Array.from({ length: blobs }, (_, i) => blobHash(i)),
    });
  else if (delegation !== undefined && !creates && block.since("prague"))
    block.send({
      ...common,
      type: 4,
      gasLimit: gasLimit + 40_000,
      authorizations: [authorizationOf(delegation)],
    });
  else if (warm !== undefined && !creates && block.since("berlin")) {
    const slots = Array.from({ length: warm }, (_, i) => new Uint8Array(32).fill(i, 31));
    block.send({
      ...common,
      type: 1,
      gasLimit: gasLimit + 12_000,
      accessList: [[fuzzAddress(to as number), slots]],
    });
  } else block.send(common);
}

/** How a block of a case is run: in order, on the caller's thread. */
export function fuzzInput(block: TestBlock, engine: string): ExecuteBlockInput {
  const senders = block.signers.map(({ address }) => address);
  return inputOf(block, { mode: "sequential", engine, senders, workers: 0, hints: false });
}

/** What the engines say of a case. */
export interface FuzzVerdict {
  /** Of which transaction, or of the whole block (-1), they say something else; undefined: they agree. */
  difference: { transaction: number; ethereumjs: string; wasm: string } | undefined;
  /** Units that the wasm engine left to the other one. */
  unsupported: number;
  /** What the transactions ended with: "success" or an error. */
  ends: string[];
}

export class EngineFuzzer {
  readonly #executor = new Executor({ workers: 0 });

  async run(one: FuzzCase): Promise<FuzzVerdict> {
    const block = await blockOf(one);
    const expected = await this.#executor.executeBlock(fuzzInput(block, "ethereumjs"));
    // Now and then on state that has to be asked for, so that the EVM stops and goes on.
    const source = one.seed % 8 === 0 ? readByRead(block.source()) : block.source();
    const found = await this.#executor.executeBlock({ ...fuzzInput(block, "wasm"), source });
    const { unsupported } = found.statistics.engine;
    const ends = expected.transactions.map(({ error }) => error ?? "success");
    return { difference: differenceOf(expected, found), unsupported, ends };
  }

  /** The case with all left out that the difference does without. */
  async shrink(one: FuzzCase): Promise<FuzzCase> {
    let smallest = one;
    for (let isSmaller = true; isSmaller; ) {
      isSmaller = false;
      for (const candidate of smallerCases(smallest)) {
        if ((await this.run(candidate)).difference === undefined) continue;
        smallest = candidate;
        isSmaller = true;
        break;
      }
    }
    return smallest;
  }

  close(): Promise<void> {
    return this.#executor.close();
  }
}

function differenceOf(expected: BlockResult, found: BlockResult): FuzzVerdict["difference"] {
  for (const [i, transaction] of expected.transactions.entries()) {
    const other = found.transactions[i];
    if (other !== undefined && sameTransaction(transaction, other)) continue;
    const [ethereumjs, wasm] = [describe(transaction), other === undefined ? "none" : describe(other)];
    return { transaction: i, ethereumjs, wasm };
  }
  // Receipts hold the logs, changes all that was written.
  if (
    equalBytes(expected.receiptsRoot as Uint8Array, found.receiptsRoot as Uint8Array) &&
    equalBytes(expected.stateChanges.bytes, found.stateChanges.bytes) &&
    expected.gasUsed === found.gasUsed &&
    asText(expected.accessList) === asText(found.accessList)
  )
    return undefined;
  return { transaction: -1, ethereumjs: fingerprint(expected), wasm: fingerprint(found) };
}

/** PERF: as describe, which takes ten times as long. */
function sameTransaction(a: TransactionResult, b: TransactionResult): boolean {
  return (
    a.gasUsed === b.gasUsed &&
    a.error === b.error &&
    equalBytes(a.output, b.output) &&
    bytesToHex(a.createdAddress ?? a.output) === bytesToHex(b.createdAddress ?? b.output) &&
    readsOf(a.reads) === readsOf(b.reads) &&
    writesOf(a.writes) === writesOf(b.writes)
  );
}

/** What is recorded twice says no more: an opcode that begins again after state was fetched looks again. */
function readsOf(reads: readonly ReadAccess[]): string {
  const lines = reads.map(({ address, field, slot, min, max }) =>
    min === max ? `${address} ${field} ${slot} ${min}` : `${address} ${field} ${slot} ${min} to ${max}`,
  );
  return [...new Set(lines)].sort().join("\n");
}

function writesOf(writes: readonly WriteAccess[]): string {
  return writes
    .map(({ address, field, slot, value, delta }) => `${address} ${field} ${slot} ${value} ${delta}`)
    .sort()
    .join("\n");
}

function asText(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "bigint" ? `${part}n` : part instanceof Uint8Array ? bytesToHex(part) : part,
  );
}

function describe({ gasUsed, error, output, reads, writes }: TransactionResult): string {
  return `gas ${gasUsed}, ${error ?? "success"}, output ${bytesToHex(output)}\n    reads ${readsOf(reads)}\n    writes ${writesOf(writes)}`;
}

/** Every case with one thing less, the largest things first. */
function* smallerCases(one: FuzzCase): Generator<FuzzCase> {
  const { contracts, transactions } = one;
  for (const size of [32, 16, 8, 4, 2, 1])
    for (let i = transactions.length - size; i >= 0 && transactions.length > 1; i -= size)
      if (size < transactions.length) yield { ...one, transactions: transactions.toSpliced(i, size) };
  for (const [i, pieces] of contracts.entries()) {
    if (pieces.length > 0) yield { ...one, contracts: contracts.with(i, []) };
    for (let j = pieces.length - 1; j >= 0; j--) {
      yield { ...one, contracts: contracts.with(i, pieces.toSpliced(j, 1)) };
      for (const piece of smallerCodes(pieces[j] as Uint8Array))
        yield { ...one, contracts: contracts.with(i, pieces.with(j, piece)) };
    }
  }
}

/** From here on a piece is a contract of somebody else's. */
const LONG_PIECE = 700;

/** A real contract with its end cut off, or with a part that stops: everything else stays where it is. */
function* smallerCodes(code: Uint8Array): Generator<Uint8Array> {
  if (code.length < LONG_PIECE) return;
  yield code.subarray(0, code.length >> 1);
  yield code.subarray(0, code.length - (code.length >> 3));
  for (let size = 1024; size >= 64; size >>= 1)
    for (let at = 0; at < code.length; at += size) {
      const part = code.subarray(at, at + size);
      if (part.every((byte) => byte === 0)) continue;
      yield code.slice().fill(0, at, at + size);
    }
}

/** The case in words: what has to be looked at. */
export function describeCase({ seed, fork, contracts, transactions }: FuzzCase): string {
  const codes = contracts
    .map(
      (pieces, i) =>
        `  contract ${i} at ${bytesToHex(fuzzAddress(i))}: ${pieces.map((piece) => bytesToHex(piece).slice(2)).join(" ")}`,
    )
    .filter((line) => !line.endsWith(": "));
  const calls = transactions.map(({ from, to, data, value, gasLimit, warm, delegation, blobs }, i) => {
    const target =
      typeof to === "number" ? `contract ${to}, data ${bytesToHex(data)}` : `creation by ${bytesToHex(to)}`;
    return `  transaction ${i}: from ${from}, ${target}, value ${value}, gas ${gasLimit}, warm ${warm}, delegation ${JSON.stringify(delegation)}, blobs ${blobs}`;
  });
  return [`seed ${seed} in ${fork}`, ...codes, ...calls].join("\n");
}
