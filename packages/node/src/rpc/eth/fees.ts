// What gas costs: now, next, and in the blocks before.

import type { StoredBlock } from "@braid/chain";
import { blobBaseFee, decodeTransaction, type Header, nextBaseFee, nextExcessBlobGas } from "@braid/protocol";
import { invalidParams } from "@braid/rpc";
import type { Node } from "../../node.ts";
import { effectiveTip } from "../../pool/pooled-transaction.ts";
import { blockNumber, needBlock } from "../block-tags.ts";
import { hexOf } from "../format.ts";
import { type Methods, method } from "../method.ts";
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

export const feeMethods: Methods = {
  eth_gasPrice: method([], ({ node }) => hexOf((node.nextBaseFee ?? 0n) + SUGGESTED_TIP)),
  eth_maxPriorityFeePerGas: method([], () => hexOf(SUGGESTED_TIP)),
  eth_baseFee: method([], ({ node }) => (node.nextBaseFee === undefined ? null : hexOf(node.nextBaseFee))),
  eth_blobBaseFee: method([], ({ node }) => hexOf(blobFeeOf(node, node.head.header))),

  eth_feeHistory: method(
    [looseQuantity, blockNumber, optional(list(percentile), [])],
    ({ node }, wanted, newest, percentiles) => {
      if (percentiles.length > MOST_PERCENTILES)
        throw invalidParams(`invalid reward percentile: over the query limit ${MOST_PERCENTILES}`);
      for (const [i, one] of percentiles.entries())
        if (i > 0 && one < (percentiles[i - 1] as number))
          throw invalidParams(`invalid reward percentile: #${i - 1}:${percentiles[i - 1]} >= #${i}:${one}`);
      const last = needBlock(node, newest);
      const most = wanted < MOST_BLOCKS ? wanted : MOST_BLOCKS;
      const first =
        last.number - node.chain.first.number + 1n < most ? node.chain.first.number : last.number - most + 1n;
      const blocks: StoredBlock[] = [];
      for (let number = first; number <= last.number; number++) {
        const block = node.chain.blockAt(number);
        if (block !== undefined) blocks.push(block);
      }
      if (most === 0n || blocks.length === 0) return { oldestBlock: "0x0", gasUsedRatio: [] };
      const next = nextFees(node, last.header);
      return {
        oldestBlock: hexOf(first),
        baseFeePerGas: [...blocks.map(({ header }) => header.baseFeePerGas ?? 0n), next.baseFee].map(hexOf),
        gasUsedRatio: blocks.map(({ header }) => ratio(header.gasUsed, header.gasLimit)),
        baseFeePerBlobGas: [...blocks.map(({ header }) => blobFeeOf(node, header)), next.blobFee].map(hexOf),
        blobGasUsedRatio: blocks.map(({ header }) =>
          ratio(header.blobGasUsed ?? 0n, node.chain.rules.rulesAt(header).maxBlobGasPerBlock),
        ),
        ...(percentiles.length === 0
          ? {}
          : { reward: blocks.map((block) => rewardsOf(node, block, percentiles).map(hexOf)) }),
      };
    },
  ),
};

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

/** What the block's builder got for a unit of gas, at so many percent of its gas. */
function rewardsOf(
  node: Node,
  { block, hash, header }: StoredBlock,
  percentiles: readonly number[],
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
    const threshold = BigInt(Math.floor((Number(header.gasUsed) * percent) / 100));
    let sum = 0n;
    for (const { gas, tip } of paid) {
      sum += gas;
      if (sum >= threshold) return tip;
    }
    return paid.at(-1)?.tip ?? 0n;
  });
}
