// The state of an incarnation for whoever looks on: reading it does nothing that the transaction would notice.

import type { TracedAccount, TraceState } from "../../../block/tracer.ts";
import type { VersionedState } from "./versioned-state.ts";

export class StateView implements TraceState {
  readonly #state: VersionedState;

  constructor(state: VersionedState) {
    this.#state = state;
  }

  async account(address: Uint8Array): Promise<TracedAccount> {
    const state = this.#state;
    const entry = await state.account(address);
    const code = state.hasCode(entry) ? await state.code(entry) : new Uint8Array(0);
    return { balance: state.balance(entry), nonce: state.nonce(entry), code };
  }

  async slot(address: Uint8Array, slot: Uint8Array): Promise<bigint> {
    const state = this.#state;
    const entry = state.slotByBytes(await state.account(address), slot);
    if (!state.tryLoadSlot(entry)) await state.fetchSlot(entry);
    return entry.value;
  }
}
