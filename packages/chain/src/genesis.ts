// A chain at its beginning: the first block of a geth genesis file, and the state after it.

import {
  type Chain,
  chainOf,
  type GethGenesis,
  genesisHeader,
  type Header,
  hashHeader,
} from "@braid/protocol";
import { changesOfAlloc, type GenesisAlloc, MemoryStateStore, type StateStore } from "@braid/state";

/** A geth genesis file with the accounts that its chain begins with. */
export type GenesisFile = GethGenesis & { alloc: GenesisAlloc };

/** A chain at its beginning. */
export interface GenesisState {
  chain: Chain;
  store: StateStore;
  header: Header;
}

/**
 * Makes the first block and the state after it out of a geth genesis file. A store that has that block already stays as it is. Rejects with
 * InvalidGenesisFileError, InvalidGenesisError, InvalidChainError, and KnownBlockError for a store with another first block.
 */
export async function openGenesis(
  genesis: GenesisFile,
  store: StateStore = new MemoryStateStore(),
): Promise<GenesisState> {
  const chain = chainOf(genesis);
  const state = store.prepare(undefined, changesOfAlloc(genesis.alloc));
  const header = genesisHeader(genesis, state.root);
  const hash = hashHeader(header);
  if (store.block(hash) === undefined) await state.commit({ hash, number: header.number });
  return { chain, store, header };
}
