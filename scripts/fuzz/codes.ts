// Real contracts for the fuzzer to mutate: those of the mainnet blocks that the repository has, in one order everywhere.

import { fileURLToPath } from "node:url";
import { listFiles, loadBlockFile } from "../../packages/replay/src/index.ts";

const FOLDER = fileURLToPath(new URL("../../packages/cli/data/mainnet", import.meta.url));
/** Longer ones are mostly data to a program of a few hundred opcodes. */
const MAX_CODE = 12_000;

export async function realCodes(): Promise<Uint8Array[]> {
  const codes = new Map<string, Uint8Array>();
  for (const { path } of await listFiles(FOLDER)) {
    const { parentState } = await loadBlockFile(path);
    if (parentState.kind !== "flat") continue;
    for (const [, code] of parentState.pre.codes)
      if (code.length <= MAX_CODE) codes.set(Buffer.from(code).toString("hex"), code);
  }
  return [...codes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, code]) => code);
}
