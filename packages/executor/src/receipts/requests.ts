// Execution layer requests (EIP-7685): the deposits in the logs (EIP-6110), joined with what the request contracts gave.

import { type Hex, hexToBytes } from "@braid/primitives";
import { depositRequest, type EncodedReceipt } from "@braid/protocol";

/** Spares decoding the logs of receipts in which the contract's address does not even occur. */
function mayConcern({ encodedLogs }: EncodedReceipt, contract: Uint8Array): boolean {
  const { buffer, byteOffset, length } = encodedLogs;
  return Buffer.from(buffer, byteOffset, length).includes(Buffer.from(contract));
}

/** All requests of a block in order of their types, empty ones left out. Throws as depositRequest. */
export function collectRequests(
  receipts: readonly EncodedReceipt[],
  depositContract: Hex,
  contractRequests: Uint8Array[],
): Uint8Array[] {
  const contract = hexToBytes(depositContract);
  const logs = receipts.filter((receipt) => mayConcern(receipt, contract)).flatMap((receipt) => receipt.logs);
  const deposits = depositRequest(logs, contract);
  return deposits === undefined ? contractRequests : [deposits, ...contractRequests];
}
