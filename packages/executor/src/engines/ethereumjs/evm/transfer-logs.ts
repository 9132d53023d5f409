// EIP-7708: transfers and burns of ether leave logs, as those of tokens do.

import { bigIntToBytes32, hexToBytes } from "@braid/primitives";
import { SYSTEM_ADDRESS } from "@braid/protocol";
import type { RawLog } from "../../../records/outcome.ts";

/** keccak256("Transfer(address,address,uint256)") */
const TRANSFER = hexToBytes("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
/** keccak256("Burn(address,uint256)") */
const BURN = hexToBytes("0xcc16f5dbb4873280815c1ee09dbd06736cffcc184412cf7a71a0fdb75d397ca5");

function addressTopic(address: Uint8Array): Uint8Array {
  const topic = new Uint8Array(32);
  topic.set(address, 12);
  return topic;
}

/** The log of `value` wei going from one account to another. */
export function transferLog(from: Uint8Array, to: Uint8Array, value: bigint): RawLog {
  return [SYSTEM_ADDRESS, [TRANSFER, addressTopic(from), addressTopic(to)], bigIntToBytes32(value)];
}

/** The log of `value` wei that an account takes along when it is destroyed. */
export function burnLog(account: Uint8Array, value: bigint): RawLog {
  return [SYSTEM_ADDRESS, [BURN, addressTopic(account)], bigIntToBytes32(value)];
}
