// A project whose runs end in all ways in which runs end; hardhat-runs.test.ts looks at what is left of them.
import { createRequire } from "node:module";
import networkHelpers from "@nomicfoundation/hardhat-network-helpers";
import nodeTestRunner from "@nomicfoundation/hardhat-node-test-runner";
import { defineConfig } from "hardhat/config";
import braid from "hardhat-braid";

const require = createRequire(import.meta.url);

export default defineConfig({
  plugins: [networkHelpers, nodeTestRunner, braid],
  networks: { default: { type: "edr-simulated", braid: true } },
  // There is nothing to compile, but a compiler that is not here would be downloaded.
  solidity: { version: "0.8.37", path: require.resolve("solc/soljson.js"), preferWasm: true },
  paths: { cache: "../../build/hardhat-runs/cache", artifacts: "../../build/hardhat-runs/artifacts" },
});
