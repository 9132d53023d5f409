// A node with all that it needs: store, executor, chain, accounts.

import { Executor } from "@braid/executor";
import { deriveAccounts, type FundedAccount } from "./accounts/dev-accounts.ts";
import { ChainMaker } from "./chain-maker.ts";
import { DEFAULT_BALANCE, WEI_PER_ETHER } from "./dev-chain.ts";
import { ForkOptionsError } from "./fork/fork-rules.ts";
import { HARDHAT_RANDOMNESS } from "./hardhat-chain.ts";
import { Clock } from "./mining/clock.ts";
import { Node } from "./node.ts";
import type { NodeOptions } from "./options.ts";

const DEFAULT_ACCOUNTS = 10;
/** PERF: a call of a contract that nobody has called before takes a fraction of the time that the ethereumjs engine's code needs to become warm. */
const NODE_ENGINE = "wasm";

/**
 * Opens a node: by default a development chain in memory. Rejects with what its parts reject with: MnemonicError, InvalidGenesisFileError, StoreError,
 * WorkerStartError, ExecutionError BRAID_ENGINE_UNKNOWN; with `fork` also RpcError of @braid/remote and ForkOptionsError.
 */
export async function openNode(options: NodeOptions = {}): Promise<Node> {
  const accounts = accountsOf(options);
  const { workers, engine = NODE_ENGINE, coinbase, mining, pool, limits, networkId, hardhat, fork } = options;
  if (fork !== undefined && options.dataDir !== undefined)
    throw new ForkOptionsError(
      "A chain that goes on from another node's block is kept in memory: leave out dataDir (--datadir), or fork.",
    );
  const executor = new Executor({
    ...(workers === undefined ? {} : { workers }),
    engine,
    singleClient: hardhat !== undefined,
    lazyWorkers: true,
  });
  const chains = new ChainMaker(options, accounts, executor);
  try {
    return new Node({
      ...(await (fork === undefined ? chains.own() : chains.forked(fork))),
      chains,
      executor,
      accounts,
      ...(fork === undefined ? {} : { forkedFrom: fork }),
      ...(networkId === undefined ? {} : { networkId: BigInt(networkId) }),
      ...(hardhat === undefined ? {} : { randomness: HARDHAT_RANDOMNESS, clock: hardhatClock(options) }),
      ...(hardhat?.minGasPrice === undefined ? {} : { minGasPrice: hardhat.minGasPrice }),
      ...(coinbase === undefined ? {} : { coinbase }),
      ...(mining === undefined ? {} : { mining }),
      ...(pool === undefined ? {} : { pool }),
      ...(limits === undefined ? {} : { limits }),
    });
  } catch (error) {
    await Promise.allSettled([chains.close(), executor.close()]);
    throw error;
  }
}

/** Those that are given, or the mnemonic's. */
function accountsOf(options: NodeOptions): readonly FundedAccount[] {
  const { mnemonic, derivationPath, passphrase, accounts = DEFAULT_ACCOUNTS } = options;
  if (typeof accounts !== "number") return accounts;
  const { balance = DEFAULT_BALANCE } = options;
  return deriveAccounts({
    count: accounts,
    ...(mnemonic === undefined ? {} : { mnemonic }),
    ...(derivationPath === undefined ? {} : { path: derivationPath }),
    ...(passphrase === undefined ? {} : { passphrase }),
  }).map((account) => ({ ...account, balance: balance * WEI_PER_ETHER }));
}

/** Hardhat's time goes on from the first block's. */
function hardhatClock({ hardhat, timestamp }: NodeOptions): Clock {
  const clock = new Clock({ sameTimestamps: hardhat?.sameTimestamps === true });
  if (timestamp === undefined) return clock;
  const { now } = clock;
  const started = hardhat?.startedAt === undefined ? now : BigInt(Math.floor(hardhat.startedAt / 1_000));
  clock.set(timestamp + now - started);
  return clock;
}
