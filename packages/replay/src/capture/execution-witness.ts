// What debug_executionWitness answers, of geth, reth and those that follow them.

import { bytesToHex, type Hex, jsonBytes, jsonList, jsonObject } from "@braid/primitives";
import { decodeHeader, decodeRpcHeader, hashHeader, type RpcHeader } from "@braid/protocol";
import { hexOf, type RpcClient } from "@braid/remote";
import type { LoadedBlock } from "../block-file.ts";
import { keccak256 } from "../keccak.ts";

/** What the execution of a block needs, proven by hashes: it may grow. */
export interface GrowingWitness {
  /** RLP by keccak256. */
  nodes: Map<Hex, Uint8Array>;
  codes: Map<Hex, Uint8Array>;
  blockHashes: Map<bigint, Uint8Array>;
}

export function emptyWitness(): GrowingWitness {
  return { nodes: new Map(), codes: new Map(), blockHashes: new Map() };
}

/** Adds what is found again by its hash: nodes or codes. */
export function addByHash(to: Map<Hex, Uint8Array>, items: Iterable<Uint8Array>): void {
  for (const bytes of items) to.set(bytesToHex(keccak256(bytes)), bytes);
}

/**
 * The witness of a block as the node makes it. Nodes of tries and codes are lists or, in older versions, objects by their hash; headers are
 * RLP or JSON.
 *
 * @throws RpcError; BRAID_RPC_UNSUPPORTED where the node has no such method.
 */
export function fetchExecutionWitness(client: RpcClient, block: LoadedBlock): Promise<GrowingWitness> {
  return client.call("debug_executionWitness", [hexOf(block.number)], (answer) => {
    const { state, codes, headers = [] } = jsonObject(answer, "witness");
    const witness = emptyWitness();
    addByHash(witness.nodes, bytesOf(state, "witness.state"));
    addByHash(witness.codes, bytesOf(codes, "witness.codes"));
    for (const header of jsonList(headers, "witness.headers")) {
      const decoded =
        typeof header === "string"
          ? decodeHeader(jsonBytes(header, "witness.headers"), block.chain)
          : decodeRpcHeader(jsonObject(header, "witness.headers") as object as RpcHeader, block.chain);
      witness.blockHashes.set(decoded.number, hashHeader(decoded));
    }
    return witness;
  });
}

function bytesOf(value: unknown, path: string): Uint8Array[] {
  const items = Array.isArray(value) ? value : Object.values(jsonObject(value, path));
  return items.map((item) => jsonBytes(item, path));
}
