// One run tests all packages and the suites in test/.

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "node",
    include: ["{packages,test,contracts,bench,scripts}/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/build/**", "**/dist/**"],
    // A process for each file: a worker thread that a test kills or a wasm memory of 4 GB must not reach another file.
    pool: "forks",
    maxWorkers: 2,
    // Blocks of real transactions take seconds when two files share two cores; a hang still ends.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
