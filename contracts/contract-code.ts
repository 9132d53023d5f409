// The compiled contracts: creation code with constructor arguments, and call data for functions that really exist.
import { readFileSync } from "node:fs";
import { concatBytes, hexToBytes } from "@braid/primitives";
import { type AbiValue, encodeArguments, encodeCall } from "./abi.ts";
import type { CompiledContracts } from "./compile.ts";

const compiled: CompiledContracts = JSON.parse(
  readFileSync(new URL("compiled.json", import.meta.url), "utf8"),
);

/** Creation code followed by the constructor's arguments; `types` such as `"(address,address)"`. */
export function creationCode(contract: string, types = "()", ...values: AbiValue[]): Uint8Array {
  return concatBytes(hexToBytes(lookUp(contract).creationCode), encodeArguments(types, values));
}

/** Call data for `signature` of `contract`. Throws when the contract has no such function. */
export function callData(contract: string, signature: string, ...values: AbiValue[]): Uint8Array {
  if (!lookUp(contract).functions.includes(signature))
    throw new RangeError(`${contract} has no ${signature}`);
  return encodeCall(signature, ...values);
}

function lookUp(contract: string): CompiledContracts[string] {
  const found = compiled[contract];
  if (found === undefined) throw new RangeError(`no contract ${contract} in compiled.json`);
  return found;
}
