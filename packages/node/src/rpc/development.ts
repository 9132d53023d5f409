// What only a development node does: evm_*, hardhat_* and anvil_*. Many have several names, because there have been several nodes.

import { bigIntToBytes32, bytesToBigInt, bytesToHex } from "@braid/primitives";
import { invalidParams, RpcError, SERVER_ERROR } from "@braid/rpc";
import { hexOf } from "./format.ts";
import { type Method, type Methods, method, stepwise } from "./method.ts";
import {
  address,
  anything,
  boolean,
  bytes,
  hash,
  looseBits,
  looseQuantity,
  optional,
  text,
  word,
} from "./params.ts";

/** Milliseconds between blocks. */
const MOST_INTERVAL = 86_400_000n;

const snapshot = stepwise([], function* ({ node }) {
  return hexOf(yield* node.snapshotSteps());
});
const revert = stepwise([looseQuantity], ({ node }, id) => node.revertSteps(id));

const mine = method(
  [optional(looseQuantity, 1n), optional(looseQuantity)],
  async ({ node, signal }, count, seconds) => {
    // viem says 0 when nobody has chosen an interval.
    await node.miner.mine(count, seconds === 0n ? undefined : seconds, signal);
    return true;
  },
);

/** A timestamp, or an object with options of anvil's. */
const evmMine = method([optional(anything)], async ({ node, signal }, option) => {
  const options =
    typeof option === "object" && option !== null
      ? (option as Record<string, unknown>)
      : { timestamp: option };
  if (options.timestamp !== undefined && options.timestamp !== null)
    node.next.setTimestamp(looseQuantity(options.timestamp));
  const blocks = options.blocks === undefined ? 1n : looseQuantity(options.blocks);
  await node.miner.mine(blocks, undefined, signal);
  return "0x0";
});

const increaseTime = method([looseQuantity], ({ node }, seconds) => {
  node.next.clock.increase(seconds);
  // Hardhat answers in decimal.
  return node.next.clock.offset.toString();
});

const setNextBlockTimestamp = method([looseQuantity], ({ node }, timestamp) => {
  node.next.setTimestamp(timestamp);
  return timestamp.toString();
});

const setTime = method([looseQuantity], ({ node }, timestamp) => {
  node.next.clock.set(timestamp);
  return Number(node.next.clock.offset);
});

const setAutomine = method([boolean], ({ node }, on) => {
  node.miner.automine = on;
  return true;
});

const setIntervalMining = (unit: bigint): Method =>
  method([looseQuantity], ({ node }, time) => {
    if (time * unit > MOST_INTERVAL) throw invalidParams("a block a day, at least");
    node.miner.setInterval(Number(time * unit));
    return true;
  });

const setBlockGasLimit = method([looseBits(63n)], ({ node }, gasLimit) => {
  node.next.setGasLimit(gasLimit);
  return true;
});

const setBalance = method([address, looseQuantity], async ({ node }, of, balance) => {
  await node.editState([{ address: of, balance }]);
  return true;
});

const setNonce = method([address, looseBits(64n)], async ({ node }, of, nonce) => {
  await node.editState([{ address: of, nonce }]);
  return true;
});

const setCode = method([address, bytes], async ({ node }, of, code) => {
  await node.editState([{ address: of, code }]);
  return true;
});

const slot = (value: unknown): Uint8Array =>
  typeof value === "number" ? bigIntToBytes32(looseQuantity(value)) : word(value);

const setStorageAt = method([address, slot, word], async ({ node }, of, key, value) => {
  await node.editState([{ address: of, storage: [[key, bytesToBigInt(value)]] }]);
  return true;
});

const setCoinbase = method([address], ({ node }, coinbase) => {
  node.next.setCoinbase(coinbase);
  return true;
});

const setPrevRandao = method([word], ({ node }, prevRandao) => {
  node.next.setPrevRandao(prevRandao);
  return true;
});

const setNextBlockBaseFeePerGas = method([looseQuantity], ({ node }, baseFee) => {
  node.next.setBaseFee(baseFee);
  return true;
});

const setMinGasPrice = method([looseBits(256n)], ({ node }, price) => {
  // Hardhat and anvil refuse it too.
  if (node.next.baseFee !== undefined)
    throw new RpcError(SERVER_ERROR, "a minimum gas price is not supported when EIP-1559 is active");
  node.next.setMinGasPrice(price);
  return true;
});

const impersonateAccount = method([address], ({ node }, of) => {
  node.impersonate(of);
  return true;
});

const stopImpersonatingAccount = method([address], ({ node }, of) => node.stopImpersonating(of));

const autoImpersonateAccount = method([boolean], ({ node }, on) => {
  node.setAutoImpersonate(on);
  return true;
});

const dropTransaction = method([hash], ({ node }, of) => node.dropTransaction(of));
const getAutomine = method([], ({ node }) => node.miner.automine);

const setLoggingEnabled = method([boolean], () => true);

const setBlockTimestampInterval = (unit: bigint): Method =>
  method([looseQuantity], ({ node }, time) => {
    node.next.clock.interval = time / unit;
    return true;
  });

const removeBlockTimestampInterval = method([], ({ node }) => {
  node.next.clock.interval = undefined;
  return true;
});

const metadata = method([], ({ node }) => ({
  clientVersion: "braid/0.1.0",
  chainId: Number(node.chain.rules.chainId),
  instanceId: bytesToHex(node.chain.first.hash),
  latestBlockNumber: Number(node.head.number),
  latestBlockHash: bytesToHex(node.head.hash),
  ...(node.fork === undefined
    ? {}
    : {
        forkedNetwork: {
          chainId: Number(node.fork.remoteId),
          forkBlockNumber: Number(node.fork.block.number),
          forkBlockHash: bytesToHex(node.fork.block.hash),
        },
      }),
}));

const nodeInfo = method([], ({ node }) => ({
  currentBlockNumber: hexOf(node.head.number),
  currentBlockTimestamp: Number(node.head.header.timestamp),
  currentBlockHash: bytesToHex(node.head.hash),
  hardFork: node.next.rules.fork,
  transactionOrder: "fees",
  environment: {
    baseFee: hexOf(node.next.baseFee ?? 0n),
    chainId: Number(node.chain.rules.chainId),
    gasLimit: hexOf(node.head.header.gasLimit),
    gasPrice: hexOf(node.next.baseFee ?? 0n),
  },
  // The URL may hold a key: its host is all that is told.
  forkConfig:
    node.fork === undefined
      ? {}
      : { forkUrl: node.fork.host, forkBlockNumber: Number(node.fork.block.number) },
}));

/** The other node of a forked chain is asked at another URL from now on. */
const setRpcUrl = method([text], async ({ node }, url) => {
  await node.redirectFork(url);
  return true;
});

/** Under `hardhat_` and `anvil_` alike. */
const SHARED = {
  autoImpersonateAccount,
  dropTransaction,
  getAutomine,
  impersonateAccount,
  metadata,
  mine,
  removeBlockTimestampInterval,
  setBalance,
  setCode,
  setCoinbase,
  setLoggingEnabled,
  setMinGasPrice,
  setNextBlockBaseFeePerGas,
  setNonce,
  setPrevRandao,
  setStorageAt,
  stopImpersonatingAccount,
} as const satisfies Methods;

export const developmentMethods: Methods = {
  ...Object.fromEntries(
    Object.entries(SHARED).flatMap(([name, run]) => [
      [`hardhat_${name}`, run],
      [`anvil_${name}`, run],
    ]),
  ),
  evm_snapshot: snapshot,
  evm_revert: revert,
  evm_mine: evmMine,
  evm_increaseTime: increaseTime,
  evm_setTime: setTime,
  evm_setNextBlockTimestamp: setNextBlockTimestamp,
  evm_setAutomine: setAutomine,
  // Hardhat counts milliseconds, anvil seconds.
  evm_setIntervalMining: setIntervalMining(1n),
  anvil_setIntervalMining: setIntervalMining(1_000n),
  evm_setBlockGasLimit: setBlockGasLimit,
  evm_setAccountNonce: setNonce,
  evm_setAccountBalance: setBalance,
  evm_setAccountCode: setCode,
  evm_setAccountStorageAt: setStorageAt,
  anvil_snapshot: snapshot,
  anvil_revert: revert,
  anvil_increaseTime: increaseTime,
  anvil_setTime: setTime,
  anvil_setNextBlockTimestamp: setNextBlockTimestamp,
  anvil_setAutomine: setAutomine,
  anvil_setBlockGasLimit: setBlockGasLimit,
  anvil_setBlockTimestampInterval: setBlockTimestampInterval(1n),
  evm_setBlockTimestampInterval: setBlockTimestampInterval(1n),
  // Hardhat has no such method; viem counts milliseconds for it.
  hardhat_setBlockTimestampInterval: setBlockTimestampInterval(1_000n),
  evm_removeBlockTimestampInterval: removeBlockTimestampInterval,
  anvil_nodeInfo: nodeInfo,
  anvil_setRpcUrl: setRpcUrl,
};
