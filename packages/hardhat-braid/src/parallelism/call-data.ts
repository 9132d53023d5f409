// Arguments of a function as call data, and back.

import { concatBytes, hexToBytes } from "@braid/primitives";
import { createContract } from "micro-eth-signer/abi.js";
import type { AbiParameter } from "../layout/index.ts";

/** What encodes and decodes a list of values: the library's contract with one function that takes and returns them. */
interface Coder {
  encodeInput(value: unknown): Uint8Array;
  decodeOutput(bytes: Uint8Array): unknown;
}

export class CallData {
  readonly #selector: Uint8Array;
  readonly #count: number;
  readonly #coder: Coder | undefined;

  /** @param selector eight hex digits. */
  constructor(selector: string, parameters: readonly AbiParameter[]) {
    this.#selector = hexToBytes(`0x${selector}`);
    this.#count = parameters.length;
    // Without names, values come and go as a list.
    const values = parameters.map(({ type, components }) =>
      components === undefined ? { type } : { type, components },
    );
    const abi = [{ type: "function", name: "values", inputs: values, outputs: values }] as const;
    if (values.length > 0)
      this.#coder = (createContract(abi as Parameters<typeof createContract>[0]) as { values: Coder }).values;
  }

  decode(data: Uint8Array): unknown[] {
    if (this.#coder === undefined) return [];
    const value = this.#coder.decodeOutput(data.subarray(this.#selector.length));
    return this.#count === 1 ? [value] : (value as unknown[]);
  }

  /** Throws whatever the library throws for a value that does not fit. */
  encode(values: readonly unknown[]): Uint8Array {
    if (this.#coder === undefined) return this.#selector;
    const encoded = this.#coder.encodeInput(this.#count === 1 ? values[0] : [...values]);
    return concatBytes(this.#selector, encoded.subarray(this.#selector.length));
  }
}
