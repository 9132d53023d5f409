// Hardhat's configuration: it compiles contracts/src with the solc that npm installed, so nothing is downloaded.
import { createRequire } from "node:module";
import { defineConfig } from "hardhat/config";

const require = createRequire(import.meta.url);

export default defineConfig({
  solidity: {
    version: "0.8.37",
    path: require.resolve("solc/soljson.js"),
    preferWasm: true,
    settings: {
      evmVersion: "osaka",
      optimizer: { enabled: true, runs: 200 },
      // No metadata hash and no CBOR trailer: the bytecode depends on the code alone, never on comments or paths.
      metadata: { bytecodeHash: "none", appendCBOR: false },
    },
  },
  paths: {
    sources: "contracts/src",
    artifacts: "build/hardhat/artifacts",
    cache: "build/hardhat/cache",
  },
});
