// The first block of a chain that a geth genesis file describes.

import { bigIntToBytes32 } from "@braid/primitives";
import { Chain } from "../chain/chain.ts";
import { type GethGenesis, specOfGenesis } from "../chain/genesis.ts";
import { InvalidGenesisFileError } from "../errors.ts";
import { JsonFields } from "../json/json-fields.ts";
import { createHeader } from "./create-header.ts";
import type { Header } from "./header.ts";

/** 0x-hex of a genesis file and the header's field; what is not there has the value of an empty block. */
const BYTES = { parentHash: 32, coinbase: 20, mixHash: 32, mixhash: 32, extraData: undefined } as const;
const QUANTITIES = [
  "difficulty",
  "gasLimit",
  "gasUsed",
  "baseFeePerGas",
  "excessBlobGas",
  "blobGasUsed",
] as const;

/**
 * The first block of a geth genesis file.
 *
 * @param stateRoot 32 bytes: that of the state after it, which its `alloc` describes.
 * @throws InvalidGenesisFileError, with the field's name; InvalidChainError.
 */
export function genesisHeader(genesis: GethGenesis, stateRoot: Uint8Array): Header {
  const chain = new Chain(specOfGenesis(genesis));
  const fields = new JsonFields(
    genesis,
    "",
    (reason, field) => new InvalidGenesisFileError(`${field} ${reason}`, field),
  );
  const quantity = (name: string): bigint => fields.optional(name, (key) => fields.number(key, 32)) ?? 0n;
  const number = quantity("number");
  const timestamp = quantity("timestamp");
  const header: Partial<Header> = { number, timestamp, stateRoot };
  for (const [name, length] of Object.entries(BYTES)) {
    const value = fields.optional(name, (key) => fields.bytes(key, length));
    if (value !== undefined) Object.assign(header, { [name === "mixhash" ? "mixHash" : name]: value });
  }
  for (const name of QUANTITIES) {
    const value = fields.optional(name, (key) => fields.number(key, 32));
    if (value !== undefined) header[name] = value;
  }
  return createHeader(
    { ...header, nonce: bigIntToBytes32(quantity("nonce")).subarray(24) },
    chain.rulesAt({ number, timestamp }),
  );
}
