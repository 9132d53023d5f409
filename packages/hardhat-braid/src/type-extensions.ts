// What the plugin adds to Hardhat's configuration.

import "hardhat/types/config";

declare module "hardhat/types/config" {
  /** How Braid runs a network. */
  interface BraidUserConfig {
    /** Threads that execute blocks of many transactions; 0: none. Default: one for each core. */
    workers?: number;
    /** Which EVM executes: "ethereumjs" or "wasm". Default: the one that Braid holds for the best. */
    engine?: string;
  }

  interface EdrNetworkUserConfig {
    /** The network is answered by Braid. */
    braid?: boolean | BraidUserConfig;
  }

  /**
   * As the user gave it. What Hardhat's own network would do as well, which is there on every connection and is to be idle, stands here and not in the
   * network's own keys: follow a remote chain, mine by time, print requests, keep to itself what fails.
   */
  interface BraidConfig {
    workers?: number;
    engine?: string;
    forking?: EdrNetworkForkingConfig;
    mining: EdrNetworkMiningConfig;
    loggingEnabled: boolean;
    throwOnCallFailures: boolean;
  }

  interface EdrNetworkConfig {
    braid?: BraidConfig;
  }
}
