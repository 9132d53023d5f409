// What gas costs: now, next, and in the blocks before.

import type { StoredBlock } from "@braid/chain";
import { jsonList, jsonObject, jsonText, Slices } from "@braid/primitives";
import { blobBaseFee, decodeTransaction, type Header, nextBaseFee, nextExcessBlobGas } from "@braid/protocol";
import { invalidParams } from "@braid/rpc";
import type { Fork } from "../../fork/fork.ts";
import type { Node } from "../../node.ts";
import { effectiveTip } from "../../pool/pooled-transaction.ts";
import { blockNumber, needBlock } from "../block-tags.ts";
import { hexOf } from "../format.ts";
import { type Method, type Methods, method } from "../method.ts";
import { list, looseQuantity, optional, ParameterError, type Reader } from "../params.ts";

/** What is offered to builders when nobody says otherwise: wei per gas. */
export const SUGGESTED_TIP = 1_000_000_000n;
const MOST_BLOCKS = 1_024n;
const MOST_PERCENTILES = 100;

const percentile: Reader<number> = (value) => {
  if (typeof value !== "number" || !(value >= 0 && value <= 100))
    throw new ParameterError(`invalid reward percentile: ${JSON.stringify(value)}`);
  return value;
};

/** What percentiles of a block's rewards are percents of: the gas that it used, as geth counts, or its limit. */
export type RewardBase = "gasUsed" | "gasLimit";

/** eth_feeHistory. */
export const feeHistory = (base: RewardBase): Method =>
  method(
    [looseQuantity, blockNumber, optional(list(percentile), [])],
    async ({ node, signal, payer }, wanted, newest, percentiles) => {
      if (percentiles.length > MOST_PERCENTILES)
        throw invalidParams(`invalid reward percentile: over the query limit ${MOST_PERCENTILES}`);
      for (const [i, one] of percentiles.entries())
        if (i > 0 && one < (percentiles[i - 1] as number))
          throw invalidParams(`invalid reward percentile: #${i - 1}:${percentiles[i - 1]} >= #${i}:${one}`);
      const last = needBlock(node, newest);
      const most = wanted < MOST_BLOCKS ? wanted : MOST_BLOCKS;
      // Of the block that a forked chain goes on from only the other node knows what was paid.
      const oldest = node.chain.first.number + (node.fork === undefined ? 0n : 1n);
      const first = last.number - oldest + 1n < most ? oldest : last.number - most + 1n;
      const blocks: StoredBlock[] = [];
      const slices = new Slices({ payer, signal });
      for (let number = first; number <= last.number; number++) {
        const pause = slices.pause();
        if (pause !== undefined) await pause;
        const block = node.chain.blockAt(number);
        if (block !== undefined) blocks.push(block);
      }
      if (most === 0n || blocks.length === 0) return { oldestBlock: "0x0", gasUsedRatio: [] };
      const next = nextFees(node, last.header);
      const history = {
        oldestBlock: hexOf(first),
        baseFeePerGas: [...blocks.map(({ header }) => header.baseFeePerGas ?? 0n), next.baseFee].map(hexOf),
        gasUsedRatio: blocks.map(({ header }) => ratio(header.gasUsed, header.gasLimit)),
        baseFeePerBlobGas: [...blocks.map(({ header }) => blobFeeOf(node, header)), next.blobFee].map(hexOf),
        blobGasUsedRatio: blocks.map(({ header }) =>
          ratio(header.blobGasUsed ?? 0n, node.chain.rules.rulesAt(header).maxBlobGasPerBlock),
        ),
        ...(percentiles.length === 0
          ? {}
          : { reward: await rewards(node, blocks, percentiles, base, slices) }),
      };
      slices.end();
      return node.fork === undefined ? history : historyOfFork(node.fork, history, most, percentiles);
    },
  );

export const feeMethods: Methods = {
  eth_gasPrice: method([], ({ node }) => hexOf((node.next.baseFee ?? 0n) + SUGGESTED_TIP)),
  eth_maxPriorityFeePerGas: method([], () => hexOf(SUGGESTED_TIP)),
  eth_baseFee: method([], ({ node }) => (node.next.baseFee === undefined ? null : hexOf(node.next.baseFee))),
  eth_blobBaseFee: method([], ({ node }) => hexOf(blobFeeOf(node, node.head.header))),

  eth_feeHistory: feeHistory("gasUsed"),
};

interface History {
  oldestBlock: string;
  baseFeePerGas: string[];
  gasUsedRatio: number[];
  baseFeePerBlobGas: string[];
  blobGasUsedRatio: number[];
  reward?: string[][];
}

/** A history of the blocks here, with that of the other node's before them where more were asked for. */
async function historyOfFork(
  fork: Fork,
  own: History,
  wanted: bigint,
  percentiles: readonly number[],
): Promise<History> {
  const missing = wanted - BigInt(own.gasUsedRatio.length);
  if (missing <= 0n) return own;
  const params = [hexOf(missing), hexOf(fork.block.number), percentiles];
  const before = jsonObject(await fork.ask("eth_feeHistory", params), "the fee history");
  const ratios = jsonList(before.gasUsedRatio, "gasUsedRatio");
  const count = ratios.length;
  const list = (name: string): unknown[] => jsonList(before[name] ?? [], name).slice(0, count);
  // A node without blobs does not tell of them.
  const filled = <T>(values: unknown[], nothing: T): T[] =>
    Array.from({ length: count }, (_, i) => (values[i] ?? nothing) as T);
  return {
    oldestBlock: jsonText(before.oldestBlock, "oldestBlock"),
    baseFeePerGas: [...filled(list("baseFeePerGas"), "0x0"), ...own.baseFeePerGas],
    gasUsedRatio: [...filled(ratios, 0), ...own.gasUsedRatio],
    baseFeePerBlobGas: [...filled(list("baseFeePerBlobGas"), "0x0"), ...own.baseFeePerBlobGas],
    blobGasUsedRatio: [...filled(list("blobGasUsedRatio"), 0), ...own.blobGasUsedRatio],
    ...(own.reward === undefined ? {} : { reward: [...filled<string[]>(list("reward"), []), ...own.reward] }),
  };
}

function ratio(part: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number(part) / Number(whole);
}

function blobFeeOf(node: Node, header: Header): bigint {
  const rules = node.chain.rules.rulesAt(header);
  return header.excessBlobGas === undefined ? 0n : blobBaseFee(header.excessBlobGas, rules);
}

/** Of the block after `parent`. */
function nextFees(node: Node, parent: Header): { baseFee: bigint; blobFee: bigint } {
  const rules = node.chain.rules.rulesAt({ number: parent.number + 1n, timestamp: parent.timestamp + 1n });
  return {
    baseFee: rules.eip1559 ? nextBaseFee(parent) : 0n,
    blobFee: rules.eip4844 ? blobBaseFee(nextExcessBlobGas(parent, rules), rules) : 0n,
  };
}

/** PERF: every transaction of up to a thousand blocks is decoded. */
async function rewards(
  node: Node,
  blocks: readonly StoredBlock[],
  percentiles: readonly number[],
  base: RewardBase,
  slices: Slices,
): Promise<string[][]> {
  const found: string[][] = [];
  for (const block of blocks) {
    const pause = slices.pause();
    if (pause !== undefined) await pause;
    found.push(rewardsOf(node, block, percentiles, base).map(hexOf));
  }
  return found;
}

/** What the block's builder got for a unit of gas, at so many percent of its gas. */
function rewardsOf(
  node: Node,
  { block, hash, header }: StoredBlock,
  percentiles: readonly number[],
  base: RewardBase,
): bigint[] {
  const receipts = node.chain.receipts(hash)?.receipts ?? [];
  const baseFee = header.baseFeePerGas ?? 0n;
  let before = 0n;
  const paid = receipts.map(({ cumulativeGasUsed }, i) => {
    const gas = cumulativeGasUsed - before;
    before = cumulativeGasUsed;
    return { gas, tip: effectiveTip(decodeTransaction(block.transactions[i] as Uint8Array), baseFee) };
  });
  paid.sort((a, b) => (a.tip < b.tip ? -1 : a.tip > b.tip ? 1 : 0));
  return percentiles.map((percent) => {
    const threshold = BigInt(Math.floor((Number(header[base]) * percent) / 100));
    let sum = 0n;
    for (const { gas, tip } of paid) {
      sum += gas;
      if (sum >= threshold) return tip;
    }
    return paid.at(-1)?.tip ?? 0n;
  });
}
