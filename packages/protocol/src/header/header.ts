// A block's header: what it holds, its RLP, its hash. Which fields it has follows from the fork that its number and timestamp choose.

import { keccak256 } from "@braid/kernel";
import {
  minimalBytes,
  rlpListLength,
  rlpStringLength,
  writeRlpListHeader,
  writeRlpString,
} from "@braid/primitives";
import type { Chain } from "../chain/chain.ts";
import type { ForkRules } from "../chain/rules.ts";
import { InvalidBlockError } from "../errors.ts";
import { RlpFields } from "../rlp/rlp-fields.ts";

/** A header (Yellow Paper section 4.4). Hashes and roots have 32 bytes, amounts are in wei, gas in gas units. */
export interface Header {
  parentHash: Uint8Array;
  /** keccak256 of the RLP of the list of uncles' headers. */
  unclesHash: Uint8Array;
  /** 20 bytes: who gets the fees. */
  coinbase: Uint8Array;
  stateRoot: Uint8Array;
  transactionsRoot: Uint8Array;
  receiptsRoot: Uint8Array;
  /** 256 bytes. */
  logsBloom: Uint8Array;
  /** 0 from the Merge on (EIP-3675). */
  difficulty: bigint;
  number: bigint;
  gasLimit: bigint;
  gasUsed: bigint;
  /** Seconds. */
  timestamp: bigint;
  /** At most 32 bytes. */
  extraData: Uint8Array;
  /** From the Merge on prevRandao (EIP-4399). */
  mixHash: Uint8Array;
  /** 8 bytes. */
  nonce: Uint8Array;
  /** Wei per gas, from London on (EIP-1559). */
  baseFeePerGas?: bigint;
  /** From Shanghai on (EIP-4895). */
  withdrawalsRoot?: Uint8Array;
  /** From Cancun on (EIP-4844). */
  blobGasUsed?: bigint;
  /** From Cancun on (EIP-4844). */
  excessBlobGas?: bigint;
  /** From Cancun on (EIP-4788). */
  parentBeaconBlockRoot?: Uint8Array;
  /** From Prague on (EIP-7685): sha256. */
  requestsHash?: Uint8Array;
  /** From Amsterdam on (EIP-7928). */
  blockAccessListHash?: Uint8Array;
  /** From Amsterdam on (EIP-7843). */
  slotNumber?: bigint;
}

/** One field of the encoding. */
export interface HeaderField {
  name: keyof Header;
  /** JSON-RPC's name, where it is another one. */
  rpcName?: string;
  kind: "bytes" | "integer";
  /** Bytes: how many there are, any number when undefined. An integer: how many it has at most. */
  size: number | undefined;
  /** The rule that brought it. */
  since?: keyof ForkRules;
}

const bytes = (
  name: keyof Header,
  size: number | undefined,
  more: Partial<HeaderField> = {},
): HeaderField => ({
  name,
  kind: "bytes",
  size,
  ...more,
});
const integer = (name: keyof Header, size: number, since?: keyof ForkRules): HeaderField => ({
  name,
  kind: "integer",
  size,
  ...(since === undefined ? {} : { since }),
});

/** In the order of the encoding. */
export const HEADER_FIELDS: readonly HeaderField[] = [
  bytes("parentHash", 32),
  bytes("unclesHash", 32, { rpcName: "sha3Uncles" }),
  bytes("coinbase", 20, { rpcName: "miner" }),
  bytes("stateRoot", 32),
  bytes("transactionsRoot", 32),
  bytes("receiptsRoot", 32),
  bytes("logsBloom", 256),
  integer("difficulty", 32),
  integer("number", 8),
  // Wider than 2^63 - 1 is a matter of its own: see validateHeader.
  integer("gasLimit", 32),
  integer("gasUsed", 8),
  integer("timestamp", 8),
  bytes("extraData", undefined),
  bytes("mixHash", 32),
  bytes("nonce", 8),
  integer("baseFeePerGas", 32, "eip1559"),
  bytes("withdrawalsRoot", 32, { since: "eip4895" }),
  integer("blobGasUsed", 8, "eip4844"),
  integer("excessBlobGas", 8, "eip4844"),
  bytes("parentBeaconBlockRoot", 32, { since: "eip4788" }),
  bytes("requestsHash", 32, { since: "eip7685" }),
  bytes("blockAccessListHash", 32, { since: "eip7928" }),
  integer("slotNumber", 8, "eip7843"),
];
const NUMBER_FIELD = 8;
const TIMESTAMP_FIELD = 11;

/** The fields that a header has under these rules. */
export function fieldsOfHeader(rules: ForkRules): readonly HeaderField[] {
  return HEADER_FIELDS.filter(({ since }) => since === undefined || rules[since] === true);
}

/** The error of a block that cannot be decoded. */
export function malformedBlock(what: string, field?: string): InvalidBlockError {
  return new InvalidBlockError(
    "BRAID_BLOCK_MALFORMED",
    `The block cannot be decoded: ${what}.`,
    field === undefined ? {} : { field },
  );
}

/**
 * Decodes a header's RLP. The byte arrays of the result are copies.
 *
 * @param chain says which fields a header of that number and timestamp has.
 * @throws InvalidBlockError BRAID_BLOCK_MALFORMED; InvalidChainError BRAID_UNKNOWN_EIP when nobody here knows the fork's rules.
 */
export function decodeHeader(raw: Uint8Array, chain: Chain): Header {
  // A small copy: a header is kept for longer than the block that it was read from.
  const items = RlpFields.of(new Uint8Array(raw), malformedBlock, "the header");
  const number = items.integer(NUMBER_FIELD, "number", 8);
  const timestamp = items.integer(TIMESTAMP_FIELD, "timestamp", 8);
  const rules = chain.rulesAt({ number, timestamp });
  const fields = fieldsOfHeader(rules);
  if (items.length !== fields.length)
    throw malformedBlock(
      `its header has ${items.length} fields, a header of the fork ${rules.fork} has ${fields.length}`,
    );
  const header: Partial<Header> = {};
  fields.forEach(({ name, kind, size }, i) => {
    const value = kind === "bytes" ? items.bytes(i, name, size) : items.integer(i, name, size);
    Object.assign(header, { [name]: value });
  });
  return header as Header;
}

/** A header's RLP: the fields that it has, in their order. */
export function encodeHeader(header: Header): Uint8Array {
  // PERF: a header is hashed and encoded several times on its way; an array for each of its fields took most of that time.
  const items: Uint8Array[] = [];
  let payload = 0;
  for (const { name } of HEADER_FIELDS) {
    const value = header[name];
    if (value === undefined) continue;
    const bytes = typeof value === "bigint" ? minimalBytes(value) : value;
    items.push(bytes);
    payload += rlpStringLength(bytes);
  }
  const encoded = new Uint8Array(rlpListLength(payload));
  let at = writeRlpListHeader(encoded, 0, payload);
  for (const item of items) at = writeRlpString(encoded, at, item);
  return encoded;
}

/** The block's hash: keccak256 of its header's RLP (32 bytes). PERF: 3 microseconds. */
export function hashHeader(header: Header): Uint8Array {
  return keccak256(encodeHeader(header));
}

/**
 * Checks that a header which came as an object is one: that it has the fields of its fork and no others, each in its range.
 *
 * @throws InvalidBlockError BRAID_BLOCK_MALFORMED, `data.field` names the field.
 */
export function checkHeaderFields(header: Header, rules: ForkRules): void {
  for (const { name, kind, size, since } of HEADER_FIELDS) {
    const value: unknown = header[name];
    const expected = since === undefined || rules[since] === true;
    if (value === undefined || value === null) {
      if (expected)
        throw malformedBlock(`its header has no ${name}, which a header of ${rules.fork} has`, name);
      continue;
    }
    if (!expected)
      throw malformedBlock(`its header has a ${name}, which a header of ${rules.fork} does not have`, name);
    const fits =
      kind === "bytes"
        ? value instanceof Uint8Array && (size === undefined || value.length === size)
        : typeof value === "bigint" && value >= 0n && value >> (8n * BigInt(size ?? 0)) === 0n;
    if (!fits)
      throw malformedBlock(
        kind === "bytes"
          ? `${name} is not a Uint8Array${size === undefined ? "" : ` of ${size} bytes`}`
          : `${name} is not a bigint of at most ${size} bytes`,
        name,
      );
  }
}
