// What accounts have, and proofs of it.

import { bigIntToBytes32, bytesToHex, wait } from "@braid/primitives";
import { invalidParams, RpcError, SERVER_ERROR } from "@braid/rpc";
import { needBlock, stateBlock, stateOf } from "../block-tags.ts";
import { hexOf } from "../format.ts";
import { type Methods, method, stepwise } from "../method.ts";
import type { Reader } from "../params.ts";
import { address, list, record, text, word } from "../params.ts";

const MOST_SLOTS = 1_024;

/** A slot; what is no slot is told without its place among the parameters, as geth does. */
const slot: Reader<Uint8Array> = (value) => {
  try {
    return word(value);
  } catch (error) {
    throw error instanceof Error && typeof value === "string" ? invalidParams(error.message) : error;
  }
};

/** A slot and how it was written: it is shown the way it was asked for. */
const namedSlot: Reader<{ key: Uint8Array; name: string }> = (value) => {
  const name = text(value);
  // A hash stays one, anything shorter is a quantity.
  const key = slot(value);
  return { key, name: name.length === 66 ? name : hexOf(BigInt(bytesToHex(key))) };
};

export const stateMethods: Methods = {
  eth_getBalance: stepwise([address, stateBlock], function* ({ node }, of, param) {
    const { state } = yield* wait(stateOf(node, param));
    return hexOf((yield* wait(state.getAccount(of)))?.balance ?? 0n);
  }),

  eth_getTransactionCount: stepwise([address, stateBlock], function* ({ node }, of, param) {
    if (param === "pending") return hexOf(yield* node.pool.nextNonce(of, node.next.poolView()));
    const { state } = yield* wait(stateOf(node, param));
    return hexOf((yield* wait(state.getAccount(of)))?.nonce ?? 0n);
  }),

  eth_getCode: method([address, stateBlock], async ({ node }, of, param) => {
    const { state } = await stateOf(node, param);
    const account = await state.getAccount(of);
    return account === undefined ? "0x" : bytesToHex(await state.getCode(account.codeHash));
  }),

  eth_getStorageAt: method([address, slot, stateBlock], async ({ node }, of, key, param) => {
    const { state } = await stateOf(node, param);
    return bytesToHex(bigIntToBytes32(await state.getStorage(of, key)));
  }),

  eth_getStorageValues: method(
    [record((value) => ({ of: address(value), name: text(value) }), list(slot)), stateBlock],
    async ({ node }, wanted, param) => {
      if (wanted.length === 0) throw invalidParams("empty request");
      const count = wanted.reduce((sum, [, slots]) => sum + slots.length, 0);
      if (count > MOST_SLOTS) throw invalidParams(`too many slots (max ${MOST_SLOTS})`);
      const { state } = await stateOf(node, param);
      const answers = wanted.map(async ([{ of, name }, slots]) => [
        name,
        await Promise.all(
          slots.map(async (key) => bytesToHex(bigIntToBytes32(await state.getStorage(of, key)))),
        ),
      ]);
      return Object.fromEntries(await Promise.all(answers));
    },
  ),

  eth_getProof: method([address, list(namedSlot), stateBlock], ({ node }, of, slots, param) => {
    if (slots.length > MOST_SLOTS) throw invalidParams(`too many keys (max ${MOST_SLOTS})`);
    if (param === "pending")
      throw new RpcError(SERVER_ERROR, "proofs of the pending block are not supported");
    const state = node.chain.stateAfter(needBlock(node, param).hash);
    const proof = state.prove(
      of,
      slots.map(({ key }) => key),
    );
    return {
      address: bytesToHex(of),
      accountProof: proof.accountProof.map(bytesToHex),
      balance: hexOf(proof.balance),
      codeHash: bytesToHex(proof.codeHash),
      nonce: hexOf(proof.nonce),
      storageHash: bytesToHex(proof.storageRoot),
      storageProof: proof.storageProof.map(({ value, proof: nodes }, i) => ({
        key: slots[i]?.name,
        value: hexOf(value),
        proof: nodes.map(bytesToHex),
      })),
    };
  }),
};
