// A header as JSON-RPC shows it (execution-apis: eth_getBlockByNumber).

import { bytesToHex, equalBytes } from "@braid/primitives";
import type { Chain } from "../chain/chain.ts";
import { InvalidBlockError } from "../errors.ts";
import { JsonFields } from "../json/json-fields.ts";
import { fieldsOfHeader, HEADER_FIELDS, type Header, hashHeader, malformedBlock } from "./header.ts";

/** A header as eth_getBlockByNumber gives it, and eth_getUncleByBlockNumberAndIndex. All values are 0x-hex; unknown fields are ignored. */
export interface RpcHeader {
  /** Checked when it is there; a block that is not mined yet has none. */
  hash?: string | null;
  parentHash: string;
  sha3Uncles: string;
  miner: string;
  stateRoot: string;
  transactionsRoot: string;
  receiptsRoot: string;
  logsBloom: string;
  difficulty: string;
  number: string;
  gasLimit: string;
  gasUsed: string;
  timestamp: string;
  extraData: string;
  mixHash: string;
  nonce: string;
  baseFeePerGas?: string | null;
  withdrawalsRoot?: string | null;
  blobGasUsed?: string | null;
  excessBlobGas?: string | null;
  parentBeaconBlockRoot?: string | null;
  requestsHash?: string | null;
  blockAccessListHash?: string | null;
  slotNumber?: string | null;
}

/** The error of a block's JSON. */
export function badBlockField(reason: string, field: string): InvalidBlockError {
  return malformedBlock(`${field === "" ? "it" : field} ${reason}`, field);
}

/**
 * The header in a block's or an uncle's JSON.
 *
 * @throws InvalidBlockError: BRAID_BLOCK_MALFORMED, `data.field` names the field; BRAID_BLOCK_WRONG_HASH when it does not have the hash that
 *   came with it: a field is wrong, or the chain is another one.
 */
export function decodeRpcHeader(json: RpcHeader, chain: Chain): Header {
  return readRpcHeader(new JsonFields(json, "", badBlockField), chain);
}

/** As decodeRpcHeader, of fields that are being read. */
export function readRpcHeader(json: JsonFields, chain: Chain): Header {
  const number = json.number("number", 8);
  const rules = chain.rulesAt({ number, timestamp: json.number("timestamp", 8) });
  const header: Partial<Header> = {};
  const fields = fieldsOfHeader(rules);
  for (const { name, rpcName = name, kind, size } of fields)
    Object.assign(header, {
      [name]: kind === "bytes" ? json.bytes(rpcName, size) : json.number(rpcName, size ?? 0),
    });
  const whole = header as Header;
  const hash = json.optional("hash", (name) => json.bytes(name, 32));
  if (hash !== undefined && equalBytes(hash, hashHeader(whole))) return whole;
  // Some servers write fields that a fork does not have; with the right hash they do no harm.
  for (const { name, rpcName = name } of HEADER_FIELDS)
    if (json.has(rpcName) && !fields.some((field) => field.name === name))
      throw json.bad(
        rpcName,
        `is not there in a header of the fork ${rules.fork} of the chain "${chain.name}"`,
      );
  if (hash === undefined) return whole;
  throw new InvalidBlockError(
    "BRAID_BLOCK_WRONG_HASH",
    `The header of block ${number} does not have the hash ${bytesToHex(hash)} that came with it: a field is wrong, or the chain is not "${chain.name}".`,
    { number: number.toString(), expected: bytesToHex(hash), found: bytesToHex(hashHeader(whole)) },
  );
}
