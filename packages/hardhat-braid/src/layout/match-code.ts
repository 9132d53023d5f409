// Which of the project's contracts a code on the chain is: immutables, libraries and metadata may differ.

import { equalBytes } from "@braid/primitives";
import type { BuiltCode, BuiltContract } from "./builds.ts";

/** solc ends code with CBOR and its length in two bytes; it begins as a map of a few entries. */
function withoutMetadata(code: Uint8Array): Uint8Array {
  const length = ((code.at(-2) ?? 0) << 8) | (code.at(-1) ?? 0);
  const begin = code.length - length - 2;
  const first = code[begin];
  return begin > 0 && first !== undefined && first >= 0xa1 && first <= 0xa4 ? code.subarray(0, begin) : code;
}

export class CodeMatcher {
  readonly #byLength = new Map<number, BuiltContract[]>();

  constructor(contracts: readonly BuiltContract[]) {
    for (const contract of contracts) {
      const { length } = withoutMetadata(contract.code.bytes);
      const others = this.#byLength.get(length);
      if (others === undefined) this.#byLength.set(length, [contract]);
      else others.push(contract);
    }
  }

  /** Of several with the same code, the one whose metadata are the same too. */
  find(code: Uint8Array): BuiltContract | undefined {
    const candidates = this.#byLength.get(withoutMetadata(code).length) ?? [];
    const fitting = candidates.filter(({ code: built }) => fits(code, built));
    return fitting.find(({ code: { bytes } }) => equalBytes(tail(bytes), tail(code))) ?? fitting[0];
  }
}

function tail(code: Uint8Array): Uint8Array {
  return code.subarray(withoutMetadata(code).length);
}

function fits(code: Uint8Array, { bytes, filledIn }: BuiltCode): boolean {
  const masked = withoutMetadata(code).slice();
  for (const { start, length } of filledIn) masked.fill(0, start, start + length);
  const built = withoutMetadata(bytes).slice();
  for (const { start, length } of filledIn) built.fill(0, start, start + length);
  return equalBytes(masked, built);
}
