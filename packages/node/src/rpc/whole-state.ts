// The whole state at once: dumped, loaded on top of what is there, and back to the beginning. Dumps have anvil's form: gzipped JSON, as hex.

import { promisify } from "node:util";
import { gzip } from "node:zlib";
import {
  BaseError,
  bigIntToBytes32,
  bytesToBigInt,
  bytesToHex,
  gunzipBounded,
  isGzip,
  parseJsonBounded,
} from "@braid/primitives";
import { invalidParams, RpcError, SERVER_ERROR } from "@braid/rpc";
import type { Node } from "../node.ts";
import type { AccountEdit } from "../state-edits.ts";
import { hexOf, type Json } from "./format.ts";
import { type Methods, method } from "./method.ts";
import {
  address,
  anything,
  bytes,
  looseBits,
  looseQuantity,
  object,
  optional,
  ParameterError,
  record,
  text,
  word,
} from "./params.ts";

const gzipped = promisify(gzip);

const dumpedAccount = object({
  nonce: optional(looseBits(64n), 0n),
  balance: optional(looseBits(256n), 0n),
  code: optional(bytes),
  storage: optional(record(word, word), []),
});

const dump = object({
  block: optional(object({ timestamp: optional(looseQuantity) })),
  accounts: record(address, dumpedAccount),
});

const dumpState = method([optional(anything)], async ({ node }) => {
  const json = new TextEncoder().encode(JSON.stringify(dumpOf(node)));
  return bytesToHex(await gzipped(json));
});

const loadState = method([bytes], async ({ node }, encoded) => {
  const { accounts, block } = readDump(encoded);
  const { state } = node;
  const edit = async ([of, dumped]: (typeof accounts)[number]): Promise<AccountEdit> => {
    const { nonce, balance, code, storage } = dumped;
    const before = (await state.getAccount(of))?.nonce ?? 0n;
    return {
      address: of,
      balance,
      // As anvil: a nonce that was used here is not used again.
      nonce: nonce > before ? nonce : before,
      ...(code === undefined ? {} : { code }),
      storage: storage.map(([slot, value]) => [slot, bytesToBigInt(value)]),
    };
  };
  await node.editState(await Promise.all(accounts.map(edit)));
  // Contracts that know the time must not see it run backwards.
  const timestamp = block?.timestamp;
  if (timestamp !== undefined && timestamp > node.next.clock.now) node.next.clock.set(timestamp);
  return true;
});

/**
 * Back to the first block; with `forking` on from a block of another node. viem always sends that, with nothing in it when no other chain is
 * meant: then a chain that goes on from another node's block goes on from it anew.
 */
const reset = method([optional(object({ forking: optional(forking) }))], async ({ node }, options) => {
  const { url, blockNumber } = options?.forking ?? {};
  if (url === undefined && blockNumber !== undefined && node.fork === undefined)
    throw invalidParams("forking: a block number without jsonRpcUrl");
  const fork = {
    ...(url === undefined ? {} : { url }),
    ...(blockNumber === undefined ? {} : { blockNumber }),
  };
  const isForked = url !== undefined || (options?.forking !== undefined && node.fork !== undefined);
  await node.reset(isForked ? fork : undefined);
  return true;
});

function forking(value: unknown): { url: string | undefined; blockNumber: bigint | undefined } {
  const { jsonRpcUrl: url, blockNumber } = object({ jsonRpcUrl: optional(text), blockNumber: anything })(
    value,
  );
  const isNumber = blockNumber !== undefined && blockNumber !== null && !Number.isNaN(blockNumber);
  return { url, blockNumber: isNumber ? looseBits(64n)(blockNumber) : undefined };
}

export const wholeStateMethods: Methods = {
  anvil_dumpState: dumpState,
  anvil_loadState: loadState,
  anvil_reset: reset,
  hardhat_dumpState: dumpState,
  hardhat_loadState: loadState,
  hardhat_reset: reset,
};

function dumpOf({ state, head }: Node): Json {
  const whole = state.preload?.();
  if (whole === undefined) throw new RpcError(SERVER_ERROR, "the state is too large to be dumped as one");
  const codes = new Map(whole.codes.map(([hash, code]) => [bytesToHex(hash), bytesToHex(code)]));
  const accounts = whole.accounts.flatMap(({ address: of, account, storage }) => {
    if (account === undefined) return [];
    const { nonce, balance, codeHash } = account;
    const slots = storage.map(([slot, value]) => [bytesToHex(slot), bytesToHex(bigIntToBytes32(value))]);
    const code = codes.get(bytesToHex(codeHash)) ?? "0x";
    // JSON numbers are exact up to 2^53; no account on earth has sent more.
    const shown = { nonce: Number(nonce), balance: hexOf(balance), code, storage: Object.fromEntries(slots) };
    return [[bytesToHex(of), shown]];
  });
  const { number, timestamp, gasLimit, coinbase, baseFeePerGas = 0n, difficulty, mixHash } = head.header;
  return {
    block: {
      number: hexOf(number),
      beneficiary: bytesToHex(coinbase),
      timestamp: hexOf(timestamp),
      gas_limit: Number(gasLimit),
      basefee: Number(baseFeePerGas),
      difficulty: hexOf(difficulty),
      prevrandao: bytesToHex(mixHash),
      blob_excess_gas_and_price: null,
    },
    accounts: Object.fromEntries(accounts),
    best_block_number: Number(number),
    blocks: [],
    transactions: [],
  };
}

/** Throws RpcError. */
function readDump(encoded: Uint8Array): ReturnType<typeof dump> {
  try {
    return dump(parseJsonBounded(isGzip(encoded) ? gunzipBounded(encoded) : encoded));
  } catch (error) {
    const isKnown =
      error instanceof BaseError || error instanceof SyntaxError || error instanceof ParameterError;
    if (!isKnown) throw error;
    throw invalidParams(`invalid argument 0: no state that was dumped: ${error.message}`);
  }
}
