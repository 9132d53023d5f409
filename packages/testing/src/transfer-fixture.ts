// For tests: a state test that is right in every respect.

import type { StateFixture } from "@braid/conformance";
import { keccak256 } from "@braid/kernel";
import { bytesToHex } from "@braid/primitives";
import { MemoryStateStore } from "@braid/state";
import { RLP } from "@ethereumjs/rlp";
import { keyed, plainAddress } from "./accounts.ts";
import { signTransaction } from "./sign.ts";

export const RECEIVER = plainAddress(1);
const COINBASE = plainAddress(2);
const EMPTY_LIST_HASH = bytesToHex(keccak256(RLP.encode([])));
const WEALTH = 10n ** 18n;
const FEE = 10n;

/** A transaction that loops until its 3,000,000,000,000 gas are used up: it takes hours. It counts as invalid, so that it is in no stack. */
export function endlessFixture(): StateFixture {
  const gasLimit = 3_000_000_000_000n;
  const fixture = transferFixture(0, 0n, gasLimit);
  // JUMPDEST PUSH0 JUMP, as London has it.
  fixture.pre[bytesToHex(RECEIVER)] = { balance: "0", nonce: "0x1", code: "0x5b600056" };
  fixture.env.currentGasLimit = `0x${gasLimit.toString(16)}`;
  for (const post of fixture.post.London ?? []) post.expectException = "none";
  return fixture;
}

/** A transfer of 7 wei in London by keyed(sender); everything about it is right. */
export function transferFixture(sender = 0, nonce = 0n, gasLimit = 21_000n): StateFixture {
  const from = keyed(sender);
  const raw = signTransaction(
    {
      type: 0,
      chainId: 1n,
      nonce,
      gasLimit,
      maxFeePerGas: FEE,
      maxPriorityFeePerGas: FEE,
      to: RECEIVER,
      value: 7n,
      data: new Uint8Array(0),
      accessList: [],
      maxFeePerBlobGas: 0n,
      blobVersionedHashes: [],
      authorizations: [],
    },
    from,
  );
  const pre = {
    [bytesToHex(from.address)]: { balance: String(WEALTH), nonce: "0x0", code: "0x", storage: {} },
  };
  const after = MemoryStateStore.fromAlloc({
    [bytesToHex(from.address)]: { balance: String(WEALTH - 7n - 21_000n * FEE), nonce: 1 },
    [bytesToHex(RECEIVER)]: { balance: "7" },
    [bytesToHex(COINBASE)]: { balance: String(21_000n * (FEE - 5n)) },
  });
  return {
    env: {
      currentCoinbase: bytesToHex(COINBASE),
      currentGasLimit: "0x989680",
      currentNumber: "0x1",
      currentTimestamp: "0x3e8",
      currentDifficulty: "0x0",
      currentBaseFee: "0x5",
    },
    pre,
    transaction: { sender: bytesToHex(from.address) },
    post: {
      London: [{ hash: bytesToHex(after.head.stateRoot), logs: EMPTY_LIST_HASH, txbytes: bytesToHex(raw) }],
    },
    config: { chainid: "0x1" },
  };
}
