import { createRequire } from "node:module";
import ethers from "@nomicfoundation/hardhat-ethers";
import chaiMatchers from "@nomicfoundation/hardhat-ethers-chai-matchers";
import ignition from "@nomicfoundation/hardhat-ignition-viem";
import mocha from "@nomicfoundation/hardhat-mocha";
import networkHelpers from "@nomicfoundation/hardhat-network-helpers";
import nodeTestRunner from "@nomicfoundation/hardhat-node-test-runner";
import viem from "@nomicfoundation/hardhat-viem";
import viemAssertions from "@nomicfoundation/hardhat-viem-assertions";
import { defineConfig } from "hardhat/config";
import braid from "hardhat-braid";

const require = createRequire(import.meta.url);

export default defineConfig({
  plugins: [
    ethers,
    chaiMatchers,
    ignition,
    mocha,
    networkHelpers,
    nodeTestRunner,
    viem,
    viemAssertions,
    braid,
  ],
  // solc out of npm, so that nothing is downloaded.
  solidity: { version: "0.8.37", path: require.resolve("solc/soljson.js"), preferWasm: true },
  networks: {
    default: { type: "edr-simulated", braid: true },
    node: { type: "edr-simulated", braid: true },
    edr: { type: "edr-simulated" },
  },
  paths: { tests: { mocha: "test/ethers", nodejs: "test/viem" } },
});
