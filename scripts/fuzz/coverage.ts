// What the fuzzer's cases reach: by fork, the share of its opcodes that run, and those that do not.

import { gasIn, OPCODES } from "../../packages/executor/src/engines/wasm/opcodes.ts";
import { FUZZ_FORKS, fuzzCase } from "../../packages/executor/src/testing/fuzz-case.ts";
import { OpcodeCoverage } from "../../packages/executor/src/testing/fuzz-steps.ts";
import { realCodes } from "./codes.ts";
import type { FuzzOptions } from "./options.ts";

export async function showCoverage({ seconds, seed }: FuzzOptions): Promise<void> {
  const codes = await realCodes();
  console.log(`${codes.length} real contracts`);
  const coverage = new OpcodeCoverage();
  const reached = new Map(FUZZ_FORKS.map((fork) => [fork, { cases: 0, names: new Map<string, number>() }]));
  const end = performance.now() + 1_000 * seconds;
  for (let next = seed; performance.now() < end; next++) {
    const one = fuzzCase(next, codes);
    const row = reached.get(one.fork);
    if (row === undefined) throw new Error(`a case of ${one.fork}`);
    row.cases++;
    for (const name of await coverage.of(one)) row.names.set(name, (row.names.get(name) ?? 0) + 1);
  }
  for (const [fork, { cases, names }] of reached) {
    const all = OPCODES.filter((opcode) => gasIn(opcode, fork) !== undefined).map(({ name }) => name);
    const missing = all.filter((name) => !names.has(name));
    const rare = all.filter((name) => names.has(name) && (names.get(name) as number) < cases / 20);
    console.log(
      `${fork}: ${all.length - missing.length} of ${all.length} opcodes in ${cases} blocks; never: ${missing.join(" ") || "none"}; in less than one of 20: ${rare.join(" ") || "none"}`,
    );
  }
}
