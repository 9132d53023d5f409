// What ethereumjs reports to its block access list (EIP-7928), passed on to the state as plain accesses: values and indices
// of the list come from the write sets of final incarnations.

import { hexToBytes } from "@braid/primitives";
import { BlockLevelAccessList } from "@ethereumjs/util";
import type { VersionedState } from "../state/versioned-state.ts";

/** Takes the place of ethereumjs's list, which would grow with every incarnation. */
export class AccessRecorder extends BlockLevelAccessList {
  readonly #state: VersionedState;

  constructor(state: VersionedState) {
    super();
    this.#state = state;
  }

  override addAddress(address: string): void {
    this.#state.markAccessed(hexToBytes(address));
  }

  override addStorageRead(address: string): void {
    this.addAddress(address);
  }

  override addStorageWrite(address: string): void {
    this.addAddress(address);
  }

  override addBalanceChange(address: string): void {
    this.addAddress(address);
  }

  override addNonceChange(address: string): void {
    this.addAddress(address);
  }

  override addCodeChange(address: string): void {
    this.addAddress(address);
  }

  // Accesses outlive the frames that made them, and all else is the state's business.
  override checkpoint(): void {}
  override commit(): void {}
  override revert(): void {}
}
