// What the compiler makes of a contract, as it lies in compiled/<family>.json.
import { fileURLToPath } from "node:url";
import type { Hex } from "@braid/primitives";

/** One entry of Solidity's contract ABI, as the compiler writes it (without `internalType`). */
export interface AbiEntry {
  type: string;
  name?: string;
  inputs?: AbiParameter[];
  outputs?: AbiParameter[];
  stateMutability?: string;
  anonymous?: boolean;
}

export interface AbiParameter {
  name: string;
  type: string;
  indexed?: boolean;
  components?: AbiParameter[];
}

/** A state variable: where it lies, and which of `types` it has. */
export interface StorageVariable {
  label: string;
  /** Decimal. */
  slot: string;
  /** In bytes, from the low end of the slot. */
  offset: number;
  type: string;
}

/** What lies behind a type's name: Solidity's "JSON Output" of the storage layout. */
export interface StorageType {
  encoding: "inplace" | "mapping" | "dynamic_array" | "bytes";
  label: string;
  numberOfBytes: string;
  key?: string;
  value?: string;
  base?: string;
  members?: StorageVariable[];
}

export interface CompiledContract {
  creationCode: Hex;
  abi: AbiEntry[];
  storage: StorageVariable[];
  types: Record<string, StorageType>;
}

/** Contracts that can be deployed, by name. */
export type CompiledFamily = Record<string, CompiledContract>;

/** The folder of the compiled families. */
export const COMPILED = fileURLToPath(new URL("../../compiled", import.meta.url));

/** `transfer(address,uint256)`: what a selector is made of. A struct's type is "tuple" and its name nowhere. */
export function signatureOf({ name, inputs = [] }: AbiEntry): string {
  return `${name}${tupleOf(inputs)}`;
}

function tupleOf(parameters: AbiParameter[]): string {
  const types = parameters.map(({ type, components }) =>
    components === undefined ? type : type.replace("tuple", tupleOf(components)),
  );
  return `(${types.join(",")})`;
}
