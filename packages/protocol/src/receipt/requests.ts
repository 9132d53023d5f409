// Execution layer requests (EIP-7685), and the deposits among them, which stand in logs (EIP-6110).

import { createHash } from "node:crypto";
import { bytesToHex, concatBytes, equalBytes, hexToBytes } from "@braid/primitives";
import { InvalidBlockError } from "../errors.ts";
import type { Log } from "./receipt.ts";

const DEPOSIT_TYPE = 0x00;
/** keccak256("DepositEvent(bytes,bytes,bytes,bytes,bytes)") */
const DEPOSIT_EVENT = hexToBytes("0x649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5");
const DEPOSIT_LOG_BYTES = 576;
/** Where each field's offset word stands, where the field must be, and its length: public key, withdrawal credentials, amount, signature, index. */
const DEPOSIT_FIELDS = [
  { offset: 160, length: 48 },
  { offset: 256, length: 32 },
  { offset: 320, length: 8 },
  { offset: 384, length: 96 },
  { offset: 512, length: 8 },
] as const;

function wordAt(data: Uint8Array, at: number): number {
  for (let i = at; i < at + 28; i++) if (data[i] !== 0) return -1;
  return new DataView(data.buffer, data.byteOffset).getUint32(at + 28);
}

/** The request data of one deposit log; its layout is fixed (EIP-6110). */
function parseDeposit({ data }: Log): Uint8Array {
  const fits =
    data.length === DEPOSIT_LOG_BYTES &&
    DEPOSIT_FIELDS.every(
      ({ offset, length }, i) => wordAt(data, i * 32) === offset && wordAt(data, offset) === length,
    );
  if (!fits)
    throw new InvalidBlockError(
      "BRAID_BLOCK_DEPOSIT_LOG_MALFORMED",
      "A deposit event does not have the layout that EIP-6110 fixes, which makes the block invalid.",
      { data: bytesToHex(data) },
    );
  return concatBytes(
    ...DEPOSIT_FIELDS.map(({ offset, length }) => data.subarray(offset + 32, offset + 32 + length)),
  );
}

/**
 * The request of all deposits among a block's logs, type byte first; undefined when there is none.
 *
 * @param contract the chain's deposit contract (20 bytes).
 * @throws InvalidBlockError BRAID_BLOCK_DEPOSIT_LOG_MALFORMED.
 */
export function depositRequest(logs: Iterable<Log>, contract: Uint8Array): Uint8Array | undefined {
  const deposits: Uint8Array[] = [];
  for (const log of logs) {
    const event = log.topics[0];
    if (event !== undefined && equalBytes(log.address, contract) && equalBytes(event, DEPOSIT_EVENT))
      deposits.push(parseDeposit(log));
  }
  return deposits.length === 0 ? undefined : concatBytes(Uint8Array.of(DEPOSIT_TYPE), ...deposits);
}

/** The sha256 of nothing: what most blocks have. */
const NO_REQUESTS = new Uint8Array(createHash("sha256").digest());

/** A header's requests hash (EIP-7685): sha256 of the requests' sha256 hashes; each request has its type byte first and is not empty. */
export function requestsHash(requests: readonly Uint8Array[]): Uint8Array {
  if (requests.length === 0) return NO_REQUESTS.slice();
  const outer = createHash("sha256");
  for (const request of requests) outer.update(createHash("sha256").update(request).digest());
  return new Uint8Array(outer.digest());
}
