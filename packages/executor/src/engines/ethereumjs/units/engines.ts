// A worker's EVMs: one for each fork of each chain, kept for the blocks to come.

import type { Kernel } from "@braid/kernel";
import type { ChainSetup } from "../../../block/prepare-block.ts";
import type { MissHandler } from "../../engine.ts";
import { BraidEvm } from "../evm/braid-evm.ts";
import { customCrypto } from "../evm/crypto.ts";
import { MemoizedCommon } from "../evm/memoized-common.ts";
import { CodeStore } from "../state/code-store.ts";
import { VersionedState } from "../state/versioned-state.ts";

export class Engines {
  readonly #kernel: Kernel;
  readonly #misses: MissHandler;
  readonly #engines = new Map<string, BraidEvm>();

  constructor(kernel: Kernel, misses: MissHandler) {
    this.#kernel = kernel;
    this.#misses = misses;
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
    const misses = this.#misses;
    const common = new MemoizedCommon({
      chain: chain.chain,
      hardfork: chain.hardfork,
      eips: chain.eips,
      customCrypto: await customCrypto(chain.hasBlobs),
    });
    const state = new VersionedState(kernel, new CodeStore(kernel, (hash) => misses.fetchCode(hash)), misses);
    const evm = await BraidEvm.create(common, state, {
      getBlock: async (number: number) => {
        const hash = await misses.blockHash(BigInt(number));
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
