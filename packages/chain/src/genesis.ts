// A chain at its beginning: the first block of a geth genesis file, and the state after it.

import {
  type Chain,
  chainOf,
  type GethGenesis,
  genesisHeader,
  type Header,
  hashHeader,
} from "@braid/protocol";
import { changesOfAlloc, type GenesisAlloc, MemoryStateStore } from "@braid/state";

/** A geth genesis file with the accounts that its chain begins with. */
export type GenesisFile = GethGenesis & { alloc: GenesisAlloc };

/** A chain at its beginning. */
export interface GenesisState {
  chain: Chain;
  store: MemoryStateStore;
  header: Header;
}

/** Makes the first block and the state after it out of a geth genesis file. Throws InvalidGenesisFileError, InvalidGenesisError, InvalidChainError. */
export async function openGenesis(genesis: GenesisFile): Promise<GenesisState> {
  const chain = chainOf(genesis);
  const store = new MemoryStateStore();
  const state = store.prepare(undefined, changesOfAlloc(genesis.alloc));
  const header = genesisHeader(genesis, state.root);
  await state.commit({ hash: hashHeader(header), number: header.number });
  return { chain, store, header };
}
