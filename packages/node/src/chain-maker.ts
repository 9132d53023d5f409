// The chains that a node can have: one of its own, in memory or in a folder, or one that goes on from another node's block.

import { Blockchain, type GenesisFile, openGenesis } from "@braid/chain";
import type { Executor } from "@braid/executor";
import { equalBytes, hexToBytes } from "@braid/primitives";
import { chainOf, type ForkName } from "@braid/protocol";
import { AnswerCache, type RemoteCodes } from "@braid/remote";
import {
  EMPTY_CODE_HASH,
  LmdbStateStore,
  MemoryStateStore,
  OverlayStateStore,
  type StateStore,
} from "@braid/state";
import type { FundedAccount } from "./accounts/dev-accounts.ts";
import { devGenesis } from "./dev-chain.ts";
import { Fork, type ForkOptions } from "./fork/fork.ts";
import { hardhatRules } from "./hardhat-chain.ts";
import type { ChainParts } from "./node.ts";
import type { NodeOptions } from "./options.ts";
import { type AccountEdit, changesOfEdits } from "./state-edits.ts";
import { systemContracts } from "./system-contracts.ts";

const GENESIS_KEY = new TextEncoder().encode("genesis");

export class ChainMaker {
  readonly #options: NodeOptions;
  readonly #accounts: readonly FundedAccount[];
  readonly #executor: Executor;
  /** By their folders: an answer that one chain was given serves the next one. */
  readonly #caches = new Map<string, Promise<AnswerCache>>();
  readonly #codes: RemoteCodes = new Map();
  readonly #end = new AbortController();

  constructor(options: NodeOptions, accounts: readonly FundedAccount[], executor: Executor) {
    this.#options = options;
    this.#accounts = accounts;
    this.#executor = executor;
  }

  /** The chain of the node's own, as far as its folder has it. Rejects with InvalidGenesisFileError, StoreError. */
  async own(): Promise<ChainParts> {
    const { dataDir } = this.#options;
    const kept = dataDir === undefined ? new MemoryStateStore() : await LmdbStateStore.open(dataDir);
    const genesis =
      this.#options.genesis ?? (await keptGenesis(kept, () => devGenesis(this.#options, this.#accounts)));
    const { chain, store, header } = await openGenesis(genesis, kept);
    return { chain: new Blockchain({ chain, store, executor: this.#executor, head: header }), store };
  }

  /**
   * A chain in memory that goes on from another node's block, with ether in the accounts.
   *
   * @throws RpcError of @braid/remote, ForkOptionsError, StoreError for the cache.
   */
  async forked(options: ForkOptions): Promise<ChainParts> {
    const { chainId, hardfork, genesis, hardhat, timestamp, gasLimit, baseFee } = this.#options;
    const rules = {
      ...(chainId === undefined ? {} : { chainId }),
      ...(hardfork === undefined ? {} : { hardfork }),
      ...(hardhat === undefined
        ? {}
        : { changes: (forks: readonly ForkName[]) => hardhatRules(forks, hardhat) }),
      ...(genesis === undefined ? {} : { chain: chainOf(genesis) }),
    };
    const cache = await this.#cacheOf(options);
    const fork = await Fork.open(options, rules, { cache, codes: this.#codes, signal: this.#end.signal });
    const { hash, number, header } = fork.block;
    const store = new OverlayStateStore(fork.source, { hash, number, stateRoot: header.stateRoot });
    const chain = new Blockchain({ chain: fork.chain, store, executor: this.#executor, head: header });
    const edits = await this.#firstEdits(fork);
    if (edits.length > 0) await chain.changeState(await changesOfEdits(chain.stateAfter(hash), edits));
    return {
      chain,
      store,
      fork,
      start: {
        timestamp: timestamp ?? header.timestamp,
        ...(gasLimit === undefined ? {} : { gasLimit }),
        ...(baseFee === undefined ? {} : { baseFee }),
      },
    };
  }

  /** Ends all requests to other nodes. */
  stopAsking(): void {
    this.#end.abort();
  }

  /** Rejects with StoreError when an answer could not be kept. */
  async close(): Promise<void> {
    this.stopAsking();
    await Promise.all([...this.#caches.values()].map(async (cache) => (await cache).close()));
  }

  async #cacheOf({ cache }: ForkOptions): Promise<AnswerCache | undefined> {
    if (typeof cache !== "string") return cache;
    const opened = this.#caches.get(cache) ?? AnswerCache.open(cache);
    this.#caches.set(cache, opened);
    opened.catch(() => this.#caches.delete(cache));
    return opened;
  }

  /**
   * What must be another way than in the other node's state: the node's accounts have ether, and no code that somebody delegated them to, for
   * their keys are known to all; what a block calls is there.
   */
  async #firstEdits(fork: Fork): Promise<AccountEdit[]> {
    const { source, block, chain } = fork;
    const hasCode = async (address: Uint8Array): Promise<boolean> => {
      const account = await source.getAccount(address);
      return account !== undefined && !equalBytes(account.codeHash, EMPTY_CODE_HASH);
    };
    const rich = this.#accounts.map(async ({ address, balance }): Promise<AccountEdit[]> => {
      return [{ address, balance, ...((await hasCode(address)) ? { code: new Uint8Array(0) } : {}) }];
    });
    // A chain of its own has its own rules about them, and all of them.
    const { number, timestamp } = block.header;
    const needed = fork.isKnownChain
      ? []
      : Object.entries(systemContracts(chain.rulesAt({ number: number + 1n, timestamp: timestamp + 1n })));
    const contracts = needed.map(async ([at, { code }]): Promise<AccountEdit[]> => {
      const address = hexToBytes(at);
      return (await hasCode(address)) ? [] : [{ address, nonce: 1n, code: hexToBytes(code ?? "0x") }];
    });
    return (await Promise.all([...rich, ...contracts])).flat();
  }
}

/** The development chain that a folder has: it begins when it was made, and not anew each time. */
async function keptGenesis(store: StateStore, make: () => GenesisFile): Promise<GenesisFile> {
  const kept = store.record(GENESIS_KEY);
  if (kept !== undefined) return JSON.parse(new TextDecoder().decode(kept)) as GenesisFile;
  const genesis = make();
  await store.write([{ key: GENESIS_KEY, value: new TextEncoder().encode(JSON.stringify(genesis)) }]);
  return genesis;
}
