// The plugin: a network with the key `braid` is answered by Braid, in this process.

import "./type-extensions.ts";
import { definePlugin } from "hardhat/plugins";

const plugin = definePlugin({
  id: "hardhat-braid",
  npmPackage: "hardhat-braid",
  hookHandlers: {
    config: () => import("./hooks/config.ts"),
    network: () => import("./hooks/network.ts"),
  },
});

export default plugin;
