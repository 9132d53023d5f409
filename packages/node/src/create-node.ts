// A node with all that it needs: store, executor, chain, accounts.

import { Blockchain, type GenesisFile, openGenesis } from "@braid/chain";
import { Executor } from "@braid/executor";
import { LmdbStateStore, MemoryStateStore, type StateStore } from "@braid/state";
import { deriveAccounts } from "./accounts/dev-accounts.ts";
import { devGenesis } from "./dev-chain.ts";
import { Node } from "./node.ts";
import type { NodeOptions } from "./options.ts";

const DEFAULT_ACCOUNTS = 10;
const GENESIS_KEY = new TextEncoder().encode("genesis");

/**
 * Opens a node: by default a development chain in memory. Rejects with what its parts reject with: MnemonicError, InvalidGenesisFileError, StoreError,
 * WorkerStartError.
 */
export async function openNode(options: NodeOptions = {}): Promise<Node> {
  const { mnemonic, derivationPath, passphrase, accounts: count = DEFAULT_ACCOUNTS } = options;
  const accounts = deriveAccounts({
    count,
    ...(mnemonic === undefined ? {} : { mnemonic }),
    ...(derivationPath === undefined ? {} : { path: derivationPath }),
    ...(passphrase === undefined ? {} : { passphrase }),
  });
  const { dataDir } = options;
  const kept = dataDir === undefined ? new MemoryStateStore() : await LmdbStateStore.open(dataDir);
  const genesis = options.genesis ?? (await keptGenesis(kept, () => devGenesis(options, accounts)));
  const { chain: rules, store, header } = await openGenesis(genesis, kept);
  const { workers, coinbase, mining, pool, callGasLimit } = options;
  const executor = new Executor(workers === undefined ? {} : { workers });
  return new Node({
    chain: new Blockchain({ chain: rules, store, executor, head: header }),
    store,
    executor,
    accounts,
    ...(coinbase === undefined ? {} : { coinbase }),
    ...(mining === undefined ? {} : { mining }),
    ...(pool === undefined ? {} : { pool }),
    ...(callGasLimit === undefined ? {} : { callGasLimit }),
  });
}

/** The development chain that a folder has: it begins when it was made, and not anew each time. */
async function keptGenesis(store: StateStore, make: () => GenesisFile): Promise<GenesisFile> {
  const kept = store.record(GENESIS_KEY);
  if (kept !== undefined) return JSON.parse(new TextDecoder().decode(kept)) as GenesisFile;
  const genesis = make();
  await store.write([{ key: GENESIS_KEY, value: new TextEncoder().encode(JSON.stringify(genesis)) }]);
  return genesis;
}
