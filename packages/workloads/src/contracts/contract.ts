// A contract at an address, by its compiled ABI: calls by the name of the function.
import { concatBytes, hexToBytes } from "@braid/primitives";
import { type AbiValue, encodeArguments, selectorOf } from "./abi.ts";
import { type AbiEntry, signatureOf } from "./compiled-contract.ts";
import { compiledContract } from "./contract-code.ts";

/** Where to and with which data: what a transaction adds to is who sends it. */
export interface Message {
  to: Uint8Array;
  data: Uint8Array;
}

export class Contract {
  /** As in Solidity. */
  readonly name: string;
  /** 20 bytes. */
  readonly address: Uint8Array;

  constructor(name: string, address: Uint8Array) {
    this.name = name;
    this.address = address;
  }

  /** A message that calls `name`; of functions of one name, that with as many parameters. Throws a RangeError when there is none. */
  call(name: string, ...args: AbiValue[]): Message {
    const entry = functionOf(this.name, name, args.length);
    return { to: this.address, data: concatBytes(entry.selector, encodeArguments(entry.types, args)) };
  }
}

/** Creation code with the constructor's arguments. */
export function creationOf(name: string, args: readonly AbiValue[]): Uint8Array {
  const { abi, creationCode } = compiledContract(name);
  const types = abi.find(({ type }) => type === "constructor");
  const signature = signatureOf({ type: "constructor", name: "", inputs: types?.inputs ?? [] });
  return concatBytes(hexToBytes(creationCode), encodeArguments(signature, args));
}

interface KnownFunction {
  selector: Uint8Array;
  /** `(address,uint256)` */
  types: string;
}

const known = new Map<string, KnownFunction>();

function functionOf(contract: string, name: string, parameters: number): KnownFunction {
  const key = `${contract}.${name}/${parameters}`;
  let found = known.get(key);
  if (found === undefined) {
    const isMeant = (entry: AbiEntry): boolean =>
      entry.type === "function" && entry.name === name && (entry.inputs ?? []).length === parameters;
    const entry = compiledContract(contract).abi.find(isMeant);
    if (entry === undefined)
      throw new RangeError(`${contract} has no function ${name} of ${parameters} parameters`);
    const signature = signatureOf(entry);
    found = { selector: selectorOf(signature), types: signature.slice(name.length) };
    known.set(key, found);
  }
  return found;
}
