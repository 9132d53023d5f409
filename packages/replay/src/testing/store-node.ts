// For tests: an archive node with proofs, over the states that a bundle's blocks lead to.

import type { Executor } from "@braid/executor";
import { bytesToHex, type Hex, hexToBytes } from "@braid/primitives";
import type { Chain } from "@braid/protocol";
import { MemoryStateStore, type StoredState } from "@braid/state";
import { toRpcBlock } from "@braid/testing/rpc-forms";
import { type Methods, Refusal } from "@braid/testing/rpc-server";
import { loadBlockFile } from "../detect.ts";

/** Executes the bundle's blocks up to `last`, and answers about each of them and the state after it. */
export async function nodeOfBundle(
  path: string,
  executor: Executor,
  last: bigint,
): Promise<{ methods: Methods; chain: Chain }> {
  const { blocks, chain, parentState, blockHashes } = await loadBlockFile(path);
  const [first] = blocks;
  if (first === undefined || parentState.kind !== "complete")
    throw new Error("the bundle has no whole state");
  const store = MemoryStateStore.fromFlat(parentState.pre, {
    hash: first.input.header.parentHash,
    number: first.number - 1n,
    ancestors: blockHashes,
  });
  const json = new Map<string, object>();
  for (const { input, number, hash } of blocks) {
    if (number > last) break;
    const parent = input.header.parentHash;
    const { stateChanges } = await executor.executeBlock({
      block: input,
      chain,
      source: store.stateAt(parent),
    });
    await store.prepare(parent, stateChanges).commit({ hash, number });
    const rpc = toRpcBlock(input).json;
    json.set(bytesToHex(hash), rpc).set(quantity(number), rpc);
  }
  const methods: Methods = (method, params) => {
    const [name] = params;
    if (method === "eth_chainId") return quantity(chain.chainId);
    if (method.startsWith("eth_getBlockBy")) return json.get(String(name));
    const block = params.at(-1);
    const hash = typeof block === "object" && block !== null && "blockHash" in block ? block.blockHash : "";
    const answer = readState(method, params, store.stateAt(hexToBytes(String(hash))));
    if (answer === undefined)
      throw new Refusal(-32601, `the method ${method} does not exist/is not available`);
    return answer;
  };
  return { methods, chain };
}

function readState(method: string, params: readonly unknown[], state: StoredState): unknown {
  const address = hexToBytes(String(params[0]));
  switch (method) {
    case "eth_getBalance":
      return quantity(state.getAccount(address)?.balance ?? 0n);
    case "eth_getTransactionCount":
      return quantity(state.getAccount(address)?.nonce ?? 0n);
    case "eth_getStorageAt":
      return `0x${state
        .getStorage(address, hexToBytes(String(params[1])))
        .toString(16)
        .padStart(64, "0")}`;
    case "eth_getCode": {
      const account = state.getAccount(address);
      return account === undefined ? "0x" : bytesToHex(state.getCode(account.codeHash));
    }
    case "eth_getProof": {
      const slots = (params[1] as string[]).map(hexToBytes);
      const { accountProof, storageProof } = state.prove(address, slots);
      return {
        accountProof: accountProof.map(bytesToHex),
        storageProof: storageProof.map(({ slot, value, proof }) => ({
          key: bytesToHex(slot),
          value: quantity(value),
          proof: proof.map(bytesToHex),
        })),
      };
    }
    default:
      return undefined;
  }
}

function quantity(value: bigint): Hex {
  return `0x${value.toString(16)}`;
}
