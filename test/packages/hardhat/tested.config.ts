// The config of the plugin's README, with what this project's tests need: a compiler that is not downloaded, a test runner, viem.
import { createRequire } from "node:module";
import nodeTestRunner from "@nomicfoundation/hardhat-node-test-runner";
import viem from "@nomicfoundation/hardhat-viem";
import readme from "./hardhat.config.js";

const require = createRequire(import.meta.url);

export default {
  ...readme,
  plugins: [...readme.plugins, nodeTestRunner, viem],
  solidity: { version: "0.8.37", path: require.resolve("solc/soljson.js"), preferWasm: true },
};
