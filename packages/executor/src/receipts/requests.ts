// Execution layer requests (EIP-7685): the deposits in the logs (EIP-6110), joined with what the request contracts gave.

import { type Hex, hexToBytes } from "@braid/primitives";
import { depositRequest, type Log } from "@braid/protocol";

/**
 * All requests of a block in order of their types, empty ones left out. Throws as depositRequest.
 *
 * @param logsNear at least all logs of the contract, in order.
 */
export function collectRequests(
  logsNear: (contract: Uint8Array) => Log[],
  depositContract: Hex,
  contractRequests: Uint8Array[],
): Uint8Array[] {
  const contract = hexToBytes(depositContract);
  const deposits = depositRequest(logsNear(contract), contract);
  return deposits === undefined ? contractRequests : [deposits, ...contractRequests];
}
