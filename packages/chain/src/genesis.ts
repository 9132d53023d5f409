// A chain at its beginning: the first block of a geth genesis file, and the state after it.

import { createHash } from "node:crypto";
import { concatBytes } from "@braid/primitives";
import {
  type Chain,
  chainOf,
  decodeHeader,
  encodeHeader,
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

/** Followed by the fingerprint of a genesis file: the header of its first block, which the store has. */
const PREFIX = 0x67;

/**
 * Makes the first block and the state after it out of a geth genesis file. A store that has that block already stays as it is, and does not
 * make its state again, which takes long for many accounts. Rejects with InvalidGenesisFileError, InvalidGenesisError, InvalidChainError, and
 * KnownBlockError for a store with another first block.
 */
export async function openGenesis(
  genesis: GenesisFile,
  store: StateStore = new MemoryStateStore(),
): Promise<GenesisState> {
  const chain = chainOf(genesis);
  const key = concatBytes(Uint8Array.of(PREFIX), fingerprint(genesis));
  const made = store.record(key);
  if (made !== undefined) return { chain, store, header: decodeHeader(made, chain) };
  const state = await store.prepareFirst(changesOfAlloc(genesis.alloc));
  const header = genesisHeader(genesis, state.root);
  const hash = hashHeader(header);
  const records = [{ key, value: encodeHeader(header) }];
  if (store.block(hash) === undefined) await state.commit({ hash, number: header.number }, records);
  else await store.write(records);
  return { chain, store, header };
}

/** Of all that it says. Account by account: a text of all of them may be longer than a string can be. */
function fingerprint({ alloc, ...rest }: GenesisFile): Uint8Array {
  const hash = createHash("sha256").update(JSON.stringify(rest));
  for (const [address, account] of Object.entries(alloc))
    hash.update(address).update(JSON.stringify(account));
  return hash.digest();
}
