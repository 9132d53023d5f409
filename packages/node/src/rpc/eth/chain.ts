// What chain this is, and what the node has of it.

import { crc32 } from "node:zlib";
import { bytesToHex, type Hex } from "@braid/primitives";
import {
  BEACON_ROOTS_ADDRESS,
  BLOCK_HASHES_ADDRESS,
  CONSOLIDATION_REQUESTS_ADDRESS,
  type ForkActivation,
  WITHDRAWAL_REQUESTS_ADDRESS,
} from "@braid/protocol";
import type { Node } from "../../node.ts";
import { hexOf, type Json } from "../format.ts";
import { type Methods, method } from "../method.ts";
import { precompilesOf } from "../precompiles.ts";

export const chainMethods: Methods = {
  eth_chainId: method([], ({ node }) => hexOf(node.chain.rules.chainId)),
  eth_syncing: method([], () => false),
  eth_mining: method([], ({ node }) => node.miner.automine || node.miner.interval !== 0),
  eth_config: method([], ({ node }) => chainConfig(node)),
  eth_capabilities: method([], ({ node }) => capabilities(node)),
};

/** All of the chain is kept. */
function capabilities({ chain }: Node): Json {
  const all = { disabled: false, oldestBlock: hexOf(chain.first.number) };
  return {
    head: { number: hexOf(chain.head.number), hash: bytesToHex(chain.head.hash) },
    state: all,
    tx: all,
    logs: all,
    receipts: all,
    blocks: all,
    stateproofs: all,
  };
}

type TimedFork = Extract<ForkActivation, { timestamp: number | bigint }>;

/** EIP-7910: the rules now, those that come next, and the last ones that are planned. */
function chainConfig(node: Node): Json {
  const { rules: chain, head } = node.chain;
  const timed = chain.forks.filter((fork): fork is TimedFork => "timestamp" in fork);
  const now = head.header.timestamp;
  const current = timed.filter(({ timestamp }) => BigInt(timestamp) <= now).at(-1);
  const coming = timed.filter(({ timestamp }) => BigInt(timestamp) > now);
  return {
    current: current === undefined ? null : configOf(node, current),
    next: coming[0] === undefined ? null : configOf(node, coming[0]),
    last: coming.length === 0 ? null : configOf(node, coming.at(-1) as TimedFork),
  };
}

function configOf(node: Node, { name, timestamp }: TimedFork): Json {
  const chain = node.chain.rules;
  const rules = chain.rulesOfFork(name);
  return {
    activationTime: Number(timestamp),
    blobSchedule: rules.eip4844
      ? {
          target: Number(rules.targetBlobGasPerBlock / rules.blobGasPerBlob),
          max: Number(rules.maxBlobGasPerBlock / rules.blobGasPerBlob),
          baseFeeUpdateFraction: Number(rules.blobBaseFeeUpdateFraction),
        }
      : null,
    chainId: hexOf(chain.chainId),
    forkId: forkId(node, BigInt(timestamp)),
    precompiles: precompilesOf(rules),
    systemContracts: {
      ...(rules.eip4788 ? { BEACON_ROOTS_ADDRESS: addressText(BEACON_ROOTS_ADDRESS) } : {}),
      ...(rules.eip7251
        ? { CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS: addressText(CONSOLIDATION_REQUESTS_ADDRESS) }
        : {}),
      ...(rules.eip7685 ? { DEPOSIT_CONTRACT_ADDRESS: rules.depositContract } : {}),
      ...(rules.eip2935 ? { HISTORY_STORAGE_ADDRESS: addressText(BLOCK_HASHES_ADDRESS) } : {}),
      ...(rules.eip7002
        ? { WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS: addressText(WITHDRAWAL_REQUESTS_ADDRESS) }
        : {}),
    },
  };
}

function addressText(address: Uint8Array | Hex): Hex {
  return typeof address === "string" ? address : bytesToHex(address);
}

/** EIP-2124: the first block's hash, and each place at which the rules change, up to one. */
function forkId(node: Node, until: bigint): Hex {
  const { forks } = node.chain.rules;
  const { hash, header } = node.chain.first;
  const begun = (fork: ForkActivation): bigint => BigInt("block" in fork ? fork.block : fork.timestamp);
  const byBlock = forks.filter((fork) => "block" in fork).map(begun);
  const byTime = forks.filter((fork) => "timestamp" in fork).map(begun);
  const places = [
    ...new Set(byBlock.filter((block) => block > 0n)),
    ...new Set(byTime.filter((time) => time > header.timestamp && time <= until)),
  ];
  let sum = crc32(hash);
  for (const place of places) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(place);
    sum = crc32(bytes, sum);
  }
  return `0x${sum.toString(16).padStart(8, "0")}`;
}
