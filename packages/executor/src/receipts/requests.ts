// Execution layer requests (EIP-7685): the deposits in the logs (EIP-6110), joined with what the request contracts gave.

import { createHash } from "node:crypto";
import { bytesToHex, concatBytes, equalBytes, type Hex, hexToBytes } from "@braid/primitives";
import type { Common } from "@ethereumjs/common";
import { InvalidBlockError } from "../errors.ts";
import { EncodedReceipt, type Log, type Receipt } from "./receipts.ts";

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

const MAINNET_DEPOSIT_CONTRACT: Hex = "0x00000000219ab540356cbb839cbe05303d7705fa";

/** The chain's deposit contract; mainnet's for chains that do not name one. */
export function depositContractOf(common: Common): Hex {
  return common["_chainParams"].depositContractAddress ?? MAINNET_DEPOSIT_CONTRACT;
}

function wordAt(data: Uint8Array, at: number): number {
  for (let i = at; i < at + 28; i++) if (data[i] !== 0) return -1;
  return new DataView(data.buffer, data.byteOffset).getUint32(at + 28);
}

/** The request data of one deposit log; its layout is fixed (EIP-6110). */
function parseDeposit(log: Log): Uint8Array {
  const { data } = log;
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

/** Spares decoding the logs of receipts in which the contract's address does not even occur. */
function mayConcern(receipt: Receipt, contract: Uint8Array): boolean {
  if (!(receipt instanceof EncodedReceipt)) return true;
  const { buffer, byteOffset, length } = receipt.encodedLogs;
  return Buffer.from(buffer, byteOffset, length).includes(Buffer.from(contract));
}

/** All requests of a block in order of their types, empty ones left out. */
export function collectRequests(
  receipts: Receipt[],
  depositContract: Hex,
  contractRequests: Uint8Array[],
): Uint8Array[] {
  const contract = hexToBytes(depositContract);
  const deposits = receipts
    .filter((receipt) => mayConcern(receipt, contract))
    .flatMap((receipt) => receipt.logs)
    .filter(
      (log) =>
        equalBytes(log.address, contract) &&
        log.topics[0] !== undefined &&
        equalBytes(log.topics[0], DEPOSIT_EVENT),
    )
    .map(parseDeposit);
  return deposits.length === 0
    ? contractRequests
    : [concatBytes(Uint8Array.of(DEPOSIT_TYPE), ...deposits), ...contractRequests];
}

/** EIP-7685: sha256 of the requests' sha256 hashes. */
export function requestsHash(requests: Uint8Array[]): Uint8Array {
  const outer = createHash("sha256");
  for (const request of requests) outer.update(createHash("sha256").update(request).digest());
  return new Uint8Array(outer.digest());
}
