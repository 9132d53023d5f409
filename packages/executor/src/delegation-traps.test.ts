// Traps of parallel execution around EIP-7702: delegations that come, move and go within a block, and senders whose nonce
// changes by more than their own transactions.

import { keccak256 } from "@braid/kernel";
import { bytesToHex, concatBytes } from "@braid/primitives";
import { create2Address, createAddress, keyed, plainAddress } from "@braid/testing/accounts";
import { asm } from "@braid/testing/assembler";
import { BlockBuilder, type Fork } from "@braid/testing/block-builder";
import { authorize, type SignedAuthorization } from "@braid/testing/sign";
import { cloneInit, TOOL, tool } from "@braid/testing/tool";
import { describe, expect, test } from "vitest";
import { assertAllAgree, runBraid } from "./testing/agree.ts";

/** About a millisecond: enough for other workers to run ahead. */
const PAUSE = 1_500;
const NOBODY = new Uint8Array(20);
const CONTRACT = plainAddress(1);
const [X, Y] = [plainAddress(2), plainAddress(3)];
const AUTHORITY = keyed(20);

function start(fork: Fork): BlockBuilder {
  const block = new BlockBuilder(fork);
  block.fund(...Array.from({ length: 8 }, (_, i) => keyed(i)), AUTHORITY);
  block.contract(CONTRACT, TOOL, { balance: 100n });
  // Each says in slot 1 who it is.
  block.contract(X, asm(10, 1, "SSTORE", 10, 0, "MSTORE", 32, 0, "LOG0"));
  block.contract(Y, asm(11, 1, "SSTORE", 11, 0, "MSTORE", 32, 0, "LOG0"));
  return block;
}

/** A type 4 transaction that does nothing but carry authorizations, slowly when `pause` is given. */
function delegate(block: BlockBuilder, from: number, authorizations: SignedAuthorization[], pause = 0): void {
  block.send({
    from: keyed(from),
    type: 4,
    to: CONTRACT,
    data: pause === 0 ? new Uint8Array(0) : tool.slowly(pause, tool.load(0)),
    authorizations,
    gasLimit: 1_000_000,
  });
}

describe.each<Fork>(["prague", "osaka"])("delegations in %s", (fork) => {
  test("X, Y, none, X within a block, called after each", async () => {
    const block = start(fork);
    const targets = [X, Y, NOBODY, X];
    for (const [nonce, target] of targets.entries()) {
      delegate(block, nonce, [authorize(AUTHORITY, target, nonce)], PAUSE);
      block.send({ from: keyed(4), to: AUTHORITY.address });
      block.send({ from: keyed(5), to: CONTRACT, data: tool.codeHash(AUTHORITY.address) });
      block.send({ from: keyed(6), to: CONTRACT, data: tool.call(AUTHORITY.address, new Uint8Array(0)) });
      block.send({ from: keyed(7), to: CONTRACT, data: tool.codeSize(AUTHORITY.address) });
    }
    const { result } = await assertAllAgree(await block.build(), { repeat: 5 });
    const called = [1, 6, 11, 16].map((i) => result.receipts[i]?.logs[0]?.data[31]);
    expect(called).toEqual([10, 11, undefined, 10]);
    const code = concatBytes(Uint8Array.of(0xef, 1, 0), X);
    expect(result.stateChanges.accounts.get(bytesToHex(AUTHORITY.address))?.codeHash).toEqual(
      keccak256(code),
    );
    expect(result.stateChanges.codes.get(bytesToHex(keccak256(code)))).toEqual(code);
  });

  test("what EXTCODEHASH says is the hash of what EXTCODECOPY gives, whenever it is asked", async () => {
    const block = start(fork);
    const copy = block.contract(
      plainAddress(4),
      asm(
        ...[AUTHORITY.address, "EXTCODESIZE", "DUP1", 0, 0, AUTHORITY.address, "EXTCODECOPY", 0, "SHA3"],
        ...[0, "MSTORE", AUTHORITY.address, "EXTCODEHASH", 32, "MSTORE", 64, 0, "LOG0"],
      ),
    );
    for (let nonce = 0; nonce < 6; nonce++) {
      delegate(block, nonce, [authorize(AUTHORITY, nonce % 2 === 0 ? X : Y, nonce)], PAUSE);
      block.send({ from: keyed(6), to: copy });
      block.send({ from: keyed(7), to: copy });
    }
    const { result } = await assertAllAgree(await block.build(), { repeat: 5 });
    for (const { logs } of result.receipts) {
      const data = logs[0]?.data;
      if (data?.length === 64) expect(data.slice(0, 32)).toEqual(data.slice(32));
    }
  });

  test("a sender that authorises itself uses two nonces, twice the same authority three", async () => {
    const block = start(fork);
    const self = keyed(0);
    block.send({ from: self, type: 4, to: CONTRACT, authorizations: [authorize(self, X, 1)] });
    block.skipNonce(self.address);
    block.send({ from: self, to: CONTRACT, data: tool.increment(1) });
    block.send({
      from: self,
      type: 4,
      to: self.address,
      authorizations: [authorize(self, Y, 4), authorize(self, X, 5)],
    });
    block.skipNonce(self.address);
    block.skipNonce(self.address);
    block.send({ from: self, to: self.address });
    // Authorizations that do not hold: a nonce of the past, of the future, another chain.
    block.send({
      from: self,
      type: 4,
      to: CONTRACT,
      authorizations: [authorize(self, Y, 7), authorize(self, Y, 9), authorize(self, Y, 8, 5n)],
    });
    block.send({ from: self, to: CONTRACT, data: tool.codeHash(self.address) });
    const { result } = await assertAllAgree(await block.build());
    expect(result.stateChanges.accounts.get(bytesToHex(self.address))?.nonce).toBe(9n);
  });

  test("an authority's own transactions depend on the authorizations of others", async () => {
    const block = start(fork);
    for (let round = 0; round < 3; round++) {
      delegate(block, round, [authorize(AUTHORITY, X, 2 * round)], PAUSE);
      block.skipNonce(AUTHORITY.address);
      block.send({ from: AUTHORITY, to: CONTRACT, data: tool.increment(round) });
    }
    await assertAllAgree(await block.build(), { repeat: 5 });
  });

  test("a nonce that an authorization used up is too low, in every mode", async () => {
    const block = start(fork);
    delegate(block, 0, [authorize(AUTHORITY, X, 0)], PAUSE);
    block.send({ from: AUTHORITY, to: CONTRACT, nonce: 0 });
    const built = await block.build();
    const failure = { code: "BRAID_TX_NONCE_TOO_LOW", data: { transactionIndex: 1 } };
    await expect(runBraid(built, 1, { mode: "sequential" })).rejects.toMatchObject(failure);
    for (const workers of [1, 2, 3]) await expect(runBraid(built, workers)).rejects.toMatchObject(failure);
  });

  test("a delegated sender that creates contracts when it is called uses up nonces", async () => {
    const block = start(fork);
    delegate(block, 0, [authorize(AUTHORITY, CONTRACT, 0)], PAUSE);
    block.skipNonce(AUTHORITY.address);
    const init = cloneInit();
    // CREATE runs in the authority's name: nonce 1 is gone when its own transaction comes.
    block.send({ from: keyed(1), to: AUTHORITY.address, data: tool.create(0, init), gasLimit: 1_000_000 });
    block.skipNonce(AUTHORITY.address);
    block.send({ from: AUTHORITY, to: CONTRACT, data: tool.increment(1) });
    block.send({
      from: keyed(2),
      to: AUTHORITY.address,
      data: tool.create2(0, 7, init),
      gasLimit: 1_000_000,
    });
    block.skipNonce(AUTHORITY.address);
    block.send({ from: AUTHORITY, to: AUTHORITY.address, data: tool.create(0, init), gasLimit: 1_000_000 });
    block.skipNonce(AUTHORITY.address);
    block.send({ from: AUTHORITY, data: init, gasLimit: 1_000_000 });
    for (const address of [
      createAddress(AUTHORITY.address, 1),
      createAddress(AUTHORITY.address, 5),
      create2Address(AUTHORITY.address, 7, init),
    ])
      block.send({ from: keyed(3), to: CONTRACT, data: tool.codeSize(address) });
    await assertAllAgree(await block.build(), { repeat: 5 });
  });

  test("a delegated account keeps its storage and its ether through self-destruction and re-delegation", async () => {
    const block = start(fork);
    delegate(block, 0, [authorize(AUTHORITY, CONTRACT, 0)], PAUSE);
    block.send({ from: keyed(1), to: AUTHORITY.address, data: tool.store(1, 5), value: 7 });
    block.send({ from: keyed(2), to: AUTHORITY.address, data: tool.destroy(plainAddress(9)) });
    block.send({ from: keyed(3), to: AUTHORITY.address, data: tool.load(1) });
    delegate(block, 4, [authorize(AUTHORITY, NOBODY, 1)], PAUSE);
    block.send({ from: keyed(5), to: AUTHORITY.address, data: tool.load(1) });
    delegate(block, 6, [authorize(AUTHORITY, CONTRACT, 2)]);
    block.send({ from: keyed(7), to: AUTHORITY.address, data: tool.load(1) });
    await assertAllAgree(await block.build());
  });

  test("delegations to precompiles, to itself, to other delegations, to nothing; from contracts and from new accounts", async () => {
    const block = start(fork);
    const fresh = [30, 31, 32, 33, 34].map(keyed);
    const sha256 = new Uint8Array(20);
    sha256[19] = 2;
    block.contract(keyed(40).address, TOOL);
    const targets = [sha256, keyed(31).address, keyed(31).address, plainAddress(99), CONTRACT];
    delegate(
      block,
      0,
      fresh.map((account, i) => authorize(account, targets[i] ?? NOBODY, 0)),
      PAUSE,
    );
    delegate(block, 1, [authorize(keyed(40), X, 0), authorize(keyed(40), X, 1)]);
    for (const [i, { address }] of [...fresh, keyed(40)].entries()) {
      block.send({ from: keyed(2 + (i % 6)), to: address, data: tool.increment(1) });
      block.send({ from: keyed(2 + (i % 6)), to: CONTRACT, data: tool.call(address, tool.increment(2)) });
      block.send({ from: keyed(2 + (i % 6)), to: CONTRACT, data: tool.delegate(address, tool.increment(3)) });
    }
    await assertAllAgree(await block.build());
  });

  test("authorizations of a transaction that reverts stay", async () => {
    const block = start(fork);
    block.send({
      from: keyed(0),
      type: 4,
      to: CONTRACT,
      data: tool.slowly(PAUSE, tool.storeAndRevert(1, 1)),
      authorizations: [authorize(AUTHORITY, X, 0)],
      gasLimit: 1_000_000,
    });
    block.send({
      from: keyed(1),
      type: 4,
      to: CONTRACT,
      data: tool.loadAndFail(1),
      authorizations: [authorize(keyed(21), Y, 0)],
    });
    block.send({ from: keyed(2), to: AUTHORITY.address });
    block.send({ from: keyed(3), to: keyed(21).address });
    await assertAllAgree(await block.build());
  });
});

test("before Prague an account with a delegation's code is a contract and cannot send (EIP-3607)", async () => {
  const block = new BlockBuilder("cancun");
  const sender = keyed(0);
  block.account(sender.address, { balance: 10n ** 18n, code: concatBytes(Uint8Array.of(0xef, 1, 0), X) });
  block.send({ from: sender, to: CONTRACT });
  const built = await block.build();
  for (const mode of ["sequential", "parallel"] as const)
    await expect(runBraid(built, 2, { mode })).rejects.toMatchObject({ code: "BRAID_TX_SENDER_NOT_EOA" });
});
