// What the plugin adds to Hardhat's configuration.

import "hardhat/types/config";

declare module "hardhat/types/config" {
  /** How Braid runs a network. */
  interface BraidUserConfig {
    /** Threads that execute blocks of many transactions; 0: none. Default: one for each core. */
    workers?: number;
  }

  interface EdrNetworkUserConfig {
    /** The network is answered by Braid. */
    braid?: boolean | BraidUserConfig;
  }

  interface BraidConfig {
    workers?: number;
    /** As the user gave it. The network's own key is empty, because Hardhat's own network would follow the remote chain as well. */
    forking?: EdrNetworkForkingConfig;
  }

  interface EdrNetworkConfig {
    braid?: BraidConfig;
  }
}
