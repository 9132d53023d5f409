// Hardhat's configuration: it compiles contracts/src with the solc that npm installed, so nothing is downloaded, and runs
// the contracts' tests in contracts/test: on Braid, and with `--network edr` on Hardhat's own network.
import { createRequire } from "node:module";
import networkHelpers from "@nomicfoundation/hardhat-network-helpers";
import nodeTestRunner from "@nomicfoundation/hardhat-node-test-runner";
import { defineConfig } from "hardhat/config";
import braid from "hardhat-braid";

const require = createRequire(import.meta.url);

export default defineConfig({
  plugins: [networkHelpers, nodeTestRunner, braid],
  networks: {
    default: { type: "edr-simulated", braid: true },
    edr: { type: "edr-simulated" },
  },
  solidity: {
    version: "0.8.37",
    path: require.resolve("solc/soljson.js"),
    preferWasm: true,
    settings: {
      evmVersion: "osaka",
      optimizer: { enabled: true, runs: 200 },
      // No metadata hash and no CBOR trailer: the bytecode depends on the code alone, never on comments or paths.
      metadata: { bytecodeHash: "none", appendCBOR: false },
      // Reports name storage locations by their variables.
      outputSelection: { "*": { "*": ["storageLayout"] } },
    },
  },
  paths: {
    sources: "contracts/src",
    tests: "contracts/test",
    artifacts: "build/hardhat/artifacts",
    cache: "build/hardhat/cache",
  },
});
