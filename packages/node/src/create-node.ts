// A node with all that it needs: store, executor, chain, accounts.

import { Executor } from "@braid/executor";
import { deriveAccounts } from "./accounts/dev-accounts.ts";
import { ChainMaker } from "./chain-maker.ts";
import { ForkOptionsError } from "./fork/fork-rules.ts";
import { Node } from "./node.ts";
import type { NodeOptions } from "./options.ts";

const DEFAULT_ACCOUNTS = 10;

/**
 * Opens a node: by default a development chain in memory. Rejects with what its parts reject with: MnemonicError, InvalidGenesisFileError, StoreError,
 * WorkerStartError; with `fork` also RpcError of @braid/remote and ForkOptionsError.
 */
export async function openNode(options: NodeOptions = {}): Promise<Node> {
  const { mnemonic, derivationPath, passphrase, accounts: count = DEFAULT_ACCOUNTS } = options;
  const accounts = deriveAccounts({
    count,
    ...(mnemonic === undefined ? {} : { mnemonic }),
    ...(derivationPath === undefined ? {} : { path: derivationPath }),
    ...(passphrase === undefined ? {} : { passphrase }),
  });
  const { workers, coinbase, mining, pool, callGasLimit, fork } = options;
  if (fork !== undefined && options.dataDir !== undefined)
    throw new ForkOptionsError(
      "A chain that goes on from another node's block is kept in memory: leave out dataDir (--datadir), or fork.",
    );
  const executor = new Executor(workers === undefined ? {} : { workers });
  const chains = new ChainMaker(options, accounts, executor);
  try {
    return new Node({
      ...(await (fork === undefined ? chains.own() : chains.forked(fork))),
      chains,
      executor,
      accounts,
      ...(fork === undefined ? {} : { forkedFrom: fork }),
      ...(coinbase === undefined ? {} : { coinbase }),
      ...(mining === undefined ? {} : { mining }),
      ...(pool === undefined ? {} : { pool }),
      ...(callGasLimit === undefined ? {} : { callGasLimit }),
    });
  } catch (error) {
    await Promise.allSettled([chains.close(), executor.close()]);
    throw error;
  }
}
