// A project as a user has it, with the plugins whose tests lie in test/. The script scripts/suite runs it with the plugin hardhat-braid as well.
import { createRequire } from "node:module";
import ethers from "@nomicfoundation/hardhat-ethers";
import chaiMatchers from "@nomicfoundation/hardhat-ethers-chai-matchers";
import ignition from "@nomicfoundation/hardhat-ignition-viem";
import keystore from "@nomicfoundation/hardhat-keystore";
import mocha from "@nomicfoundation/hardhat-mocha";
import networkHelpers from "@nomicfoundation/hardhat-network-helpers";
import nodeTestRunner from "@nomicfoundation/hardhat-node-test-runner";
import verify from "@nomicfoundation/hardhat-verify";
import viem from "@nomicfoundation/hardhat-viem";
import viemAssertions from "@nomicfoundation/hardhat-viem-assertions";
import { defineConfig } from "hardhat/config";

const require = createRequire(import.meta.url);
const BUILD = "../../build/hardhat-project";

export default defineConfig({
  plugins: [
    ethers,
    chaiMatchers,
    networkHelpers,
    mocha,
    nodeTestRunner,
    viem,
    viemAssertions,
    ignition,
    verify,
    keystore,
  ],
  solidity: { version: "0.8.37", path: require.resolve("solc/soljson.js"), preferWasm: true },
  networks: { there: { type: "http", url: process.env.NODE_URL ?? "http://127.0.0.1:8545" } },
  paths: {
    tests: { mocha: "test/mocha", nodejs: "test/node" },
    artifacts: `${BUILD}/artifacts`,
    cache: `${BUILD}/cache`,
  },
  test: { mocha: { timeout: 120_000 } },
});
