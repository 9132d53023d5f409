// A header's RLP as an ethereumjs BlockHeader. Which fields it must have follows from the fork that its number and timestamp choose.

import { keccak256 } from "@braid/kernel";
import { type BlockHeader, createBlockHeader, type HeaderData } from "@ethereumjs/block";
import type { Common } from "@ethereumjs/common";
import { Address } from "@ethereumjs/util";
import { BlockRejectedError } from "./errors.ts";
import { bytesItem, encodeRlp, type Item, integerItem, malformed } from "./fields.ts";

/** A header and its hash, which is that of the encoding it came in. */
export interface DecodedHeader {
  header: BlockHeader;
  hash: Uint8Array;
}

type Reader = (item: Item | undefined, name: string) => Uint8Array | bigint | Address;

const hash: Reader = (item, name) => bytesItem(item, name, 32);
const u64: Reader = (item, name) => integerItem(item, name, 8);
const u256: Reader = (item, name) => integerItem(item, name, 32);

/** Name, reader and since which EIP: the order is the order of the encoding. */
const FIELDS: readonly (readonly [name: keyof HeaderData, read: Reader, eip?: number])[] = [
  ["parentHash", hash],
  ["uncleHash", hash],
  ["coinbase", (item, name) => new Address(bytesItem(item, name, 20))],
  ["stateRoot", hash],
  ["transactionsTrie", hash],
  ["receiptTrie", hash],
  ["logsBloom", (item, name) => bytesItem(item, name, 256)],
  ["difficulty", u256],
  ["number", u64],
  // Wider than 2^63 - 1 is a matter of its own: see validateHeader.
  ["gasLimit", u256],
  ["gasUsed", u64],
  ["timestamp", u64],
  ["extraData", (item, name) => bytesItem(item, name)],
  ["mixHash", hash],
  ["nonce", (item, name) => bytesItem(item, name, 8)],
  ["baseFeePerGas", u256, 1559],
  ["withdrawalsRoot", hash, 4895],
  ["blobGasUsed", u64, 4844],
  ["excessBlobGas", u64, 4844],
  ["parentBeaconBlockRoot", hash, 4788],
  ["requestsHash", hash, 7685],
  ["blockAccessListHash", hash, 7928],
  ["slotNumber", u64, 7843],
];
const NUMBER_FIELD = 8;
const TIMESTAMP_FIELD = 11;

/**
 * Reads a header. `common` holds the chain's forks; it is set to the header's fork.
 *
 * @throws BlockRejectedError BRAID_BLOCK_MALFORMED, or BRAID_BLOCK_GAS_USED_ABOVE_LIMIT (which ethereumjs does not represent).
 */
export function decodeHeader(items: Item[], common: Common): DecodedHeader {
  const number = integerItem(items[NUMBER_FIELD], "number", 8);
  const timestamp = integerItem(items[TIMESTAMP_FIELD], "timestamp", 8);
  common.setHardforkBy({ blockNumber: number, timestamp });
  const fields = FIELDS.filter(([, , eip]) => eip === undefined || common.isActivatedEIP(eip));
  if (items.length !== fields.length)
    throw malformed(
      `its header has ${items.length} fields, a ${common.hardfork()} header has ${fields.length}`,
    );
  const data: Record<string, unknown> = {};
  for (const [i, [name, read]] of fields.entries()) data[name] = read(items[i], name);
  if ((data.gasUsed as bigint) > (data.gasLimit as bigint)) {
    throw new BlockRejectedError(
      "BRAID_BLOCK_GAS_USED_ABOVE_LIMIT",
      `Block ${number} says it used ${data.gasUsed} gas, above its limit of ${data.gasLimit}.`,
    );
  }
  return { header: makeHeader(data as HeaderData, common), hash: keccak256(encodeRlp(items)) };
}

function makeHeader(data: HeaderData, common: Common): BlockHeader {
  try {
    return createBlockHeader(data, { common, skipConsensusFormatValidation: true });
  } catch (cause) {
    // What is left of ethereumjs's own checks: the DAO's extra data and London's initial base fee, both known by their rule.
    const message = cause instanceof Error ? cause.message : String(cause);
    if (message.includes("dao-hard-fork"))
      throw new BlockRejectedError(
        "BRAID_BLOCK_WRONG_DAO_EXTRA_DATA",
        "The extra data of the DAO fork's first ten blocks must be dao-hard-fork (EIP-779).",
      );
    if (message.includes("initial base fee"))
      throw new BlockRejectedError(
        "BRAID_BLOCK_WRONG_BASE_FEE",
        "London's first block must have the initial base fee (EIP-1559).",
      );
    throw malformed(message);
  }
}
