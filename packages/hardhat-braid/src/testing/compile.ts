// The compiler by itself, for tests that want all that it says.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { contractsOf } from "../layout/builds.ts";

const require = createRequire(import.meta.url);

type Output = Parameters<typeof contractsOf>[0];
type Sources = Parameters<typeof contractsOf>[1];

/** The storage layout as solc writes it. */
export interface SolcLayout {
  storage: { label: string; slot: string; offset: number; type: string }[];
  types: Record<string, { numberOfBytes: string }>;
}

/** Compiles files of this folder, as a project would hold them. Throws when one has an error. */
export function compile(...files: string[]): {
  output: Output;
  sources: Sources;
  layouts: Record<string, Record<string, { storageLayout: SolcLayout }>>;
} {
  const sources = Object.fromEntries(
    files.map((file) => [
      `project/${file}`,
      { content: readFileSync(join(import.meta.dirname, file), "utf8") },
    ]),
  );
  const outputSelection = {
    "*": { "": ["ast"], "*": ["storageLayout", "abi", "evm.deployedBytecode"] },
  };
  const settings = { evmVersion: "osaka", optimizer: { enabled: true }, outputSelection };
  const solc = require("solc") as { compile(input: string): string };
  const output = JSON.parse(solc.compile(JSON.stringify({ language: "Solidity", sources, settings })));
  const errors = (output.errors ?? []).filter(({ severity }: { severity: string }) => severity === "error");
  if (errors.length > 0) throw new Error(errors[0].formattedMessage);
  return { output, sources, layouts: output.contracts };
}
