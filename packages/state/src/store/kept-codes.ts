// Codes in memory, as long as a block is kept that gave them to accounts.
import { bytesToHex, type Hex, hexToBytes } from "@braid/primitives";
import { CHANGED_HAS_CODE_HASH, type StateChanges } from "../state-changes.ts";

interface Code {
  /** undefined when it lies elsewhere. */
  bytes: Uint8Array | undefined;
  /** Blocks that need it. */
  users: number;
}

export class KeptCodes {
  readonly #codes = new Map<Hex, Code>();

  get(hash: Uint8Array): Uint8Array | undefined {
    return this.#codes.get(bytesToHex(hash))?.bytes;
  }

  entries(): [hash: Uint8Array, code: Uint8Array][] {
    return [...this.#codes].flatMap(([hash, { bytes }]) => (bytes ? [[hexToBytes(hash), bytes]] : []));
  }

  /** What `release` takes: codes that the changes bring along, or that accounts get by them. */
  use(changes: StateChanges): readonly Hex[] {
    const used = new Map<Hex, Uint8Array | undefined>();
    for (let i = 0; i < changes.accountCount; i++)
      if (changes.flagsAt(i) & CHANGED_HAS_CODE_HASH) used.set(bytesToHex(changes.codeHashAt(i)), undefined);
    for (let i = 0; i < changes.codeCount; i++)
      used.set(bytesToHex(changes.codeHashOf(i)), changes.codeAt(i).slice());
    for (const [hash, bytes] of used) {
      const code = this.#codes.get(hash) ?? { bytes: undefined, users: 0 };
      code.bytes ??= bytes;
      code.users++;
      this.#codes.set(hash, code);
    }
    return [...used.keys()];
  }

  release(used: readonly Hex[]): void {
    for (const hash of used) {
      const code = this.#codes.get(hash);
      if (code !== undefined && --code.users === 0) this.#codes.delete(hash);
    }
  }
}
