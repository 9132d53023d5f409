// A worker's EVMs: one for each fork of each chain, kept for the blocks to come.

import type { Kernel } from "@braid/kernel";
import { BraidEvm } from "../engine/braid-evm.ts";
import { customCrypto } from "../engine/crypto.ts";
import { MemoizedCommon } from "../engine/memoized-common.ts";
import { CodeStore } from "../state/code-store.ts";
import { VersionedState } from "../state/versioned-state.ts";
import type { SourceClient } from "./source-client.ts";
import type { ChainSetup } from "./task.ts";

export class Engines {
  readonly #kernel: Kernel;
  readonly #source: SourceClient;
  readonly #engines = new Map<string, BraidEvm>();

  constructor(kernel: Kernel, source: SourceClient) {
    this.#kernel = kernel;
    this.#source = source;
  }

  /** The EVM of a fork. PERF: some milliseconds at first sight, a look-up after that. */
  async get(chain: ChainSetup): Promise<BraidEvm> {
    let evm = this.#engines.get(chain.key);
    if (evm === undefined) {
      evm = await this.#create(chain);
      this.#engines.set(chain.key, evm);
    }
    return evm;
  }

  async #create(chain: ChainSetup): Promise<BraidEvm> {
    const kernel = this.#kernel;
    const source = this.#source;
    const common = new MemoizedCommon({
      chain: chain.chain,
      hardfork: chain.hardfork,
      eips: chain.eips,
      customCrypto: await customCrypto(chain.hasBlobs),
    });
    const state = new VersionedState(kernel, new CodeStore(kernel, (hash) => source.fetchCode(hash)), source);
    const evm = await BraidEvm.create(common, state, {
      getBlock: async (number: number) => {
        const hash = await source.blockHash(BigInt(number));
        return { hash: () => hash };
      },
      putBlock: async () => {},
      shallowCopy() {
        return this;
      },
    });
    state.precompiles = new Set(
      [...evm.precompiles.keys()].map((address) => Number.parseInt(address.slice(-4), 16)),
    );
    return evm;
  }
}
