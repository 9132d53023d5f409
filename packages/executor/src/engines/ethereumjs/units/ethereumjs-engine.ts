// The engine over ethereumjs's EVM: one EVM for each fork of each chain, kept for the blocks to come.

import type { Kernel } from "@braid/kernel";
import type { EVMMockBlockchainInterface } from "@ethereumjs/evm";
import type { ChainSetup } from "../../../block/prepare-block.ts";
import type { Engine, EngineBlock, MissHandler } from "../../engine.ts";
import { BraidEvm } from "../evm/braid-evm.ts";
import { chainConfig } from "../evm/chain-config.ts";
import { customCrypto } from "../evm/crypto.ts";
import { MemoizedCommon } from "../evm/memoized-common.ts";
import { CodeStore } from "../state/code-store.ts";
import { VersionedState } from "../state/versioned-state.ts";
import { EthereumjsUnits } from "./ethereumjs-units.ts";

/** More than the forks of one chain; a run over test fixtures makes chains by the hundred. */
const MAX_EVMS = 24;

export class EthereumjsEngine implements Engine {
  readonly #kernel: Kernel;
  readonly #misses: MissHandler;
  /** Shared by all forks. */
  readonly #codes: CodeStore;
  /** In order of their last use. */
  readonly #evms = new Map<string, BraidEvm>();

  constructor(kernel: Kernel, misses: MissHandler) {
    this.#kernel = kernel;
    this.#misses = misses;
    this.#codes = new CodeStore(kernel, (hash) => misses.fetchCode(hash));
  }

  /** PERF: some milliseconds for the first block of a fork, next to nothing after that. */
  beginBlock(block: EngineBlock): EthereumjsUnits | Promise<EthereumjsUnits> {
    const evm = this.evmOf(block.chain);
    if (!(evm instanceof Promise)) return new EthereumjsUnits(this.#kernel, evm, block);
    return evm.then((created) => new EthereumjsUnits(this.#kernel, created, block));
  }

  /** The EVM of a fork of a chain. */
  evmOf(chain: ChainSetup): BraidEvm | Promise<BraidEvm> {
    const evm = this.#evms.get(chain.key);
    return evm === undefined ? this.#create(chain) : this.#keep(chain, evm);
  }

  #keep(chain: ChainSetup, evm: BraidEvm): BraidEvm {
    this.#evms.delete(chain.key);
    this.#evms.set(chain.key, evm);
    for (const oldest of this.#evms.keys()) {
      if (this.#evms.size <= MAX_EVMS) break;
      this.#evms.delete(oldest);
    }
    return evm;
  }

  async #create(chain: ChainSetup): Promise<BraidEvm> {
    const kernel = this.#kernel;
    const misses = this.#misses;
    const common = new MemoizedCommon({
      chain: chainConfig(chain.spec),
      hardfork: chain.fork,
      customCrypto: customCrypto(chain.hasBlobs),
    });
    const state = new VersionedState(kernel, this.#codes, misses);
    const blockchain: EVMMockBlockchainInterface = {
      getBlock: async (number: number) => {
        const hash = await misses.blockHash(BigInt(number));
        return { hash: () => hash };
      },
      putBlock: async () => {},
      shallowCopy() {
        return this;
      },
    };
    const evm = await BraidEvm.create(common, state, blockchain, {
      allowUnlimitedContractSize: chain.spec.unlimitedCodeSize === true,
    });
    state.precompiles = new Set(
      [...evm.precompiles.keys()].map((address) => Number.parseInt(address.slice(-4), 16)),
    );
    return this.#keep(chain, evm);
  }
}
