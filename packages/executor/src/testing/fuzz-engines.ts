// For tests: a fuzzed block on both engines. What differs is shrunk to the contracts' pieces and transactions that it takes.

import { bytesToHex, concatBytes } from "@braid/primitives";
import { keyed } from "@braid/testing/accounts";
import { BlockBuilder, type TestBlock } from "@braid/testing/block-builder";
import type { ExecuteBlockInput } from "../block/block-input.ts";
import { Executor } from "../executor.ts";
import type { BlockResult } from "../result/block-result.ts";
import { fingerprint, inputOf } from "./agree.ts";
import { authorizationOf, type FuzzCase, type FuzzTransaction, fuzzAddress } from "./fuzz-case.ts";
import { readByRead } from "./sources.ts";

async function blockOf({ fork, contracts, transactions }: FuzzCase): Promise<TestBlock> {
  const block = new BlockBuilder(fork);
  block.fund(...Array.from({ length: 4 }, (_, i) => keyed(i)));
  for (const [i, pieces] of contracts.entries())
    block.contract(fuzzAddress(i), concatBytes(...pieces), { storage: [[1, 7]], balance: 10n });
  for (const tx of transactions) send(block, tx);
  return block.build();
}

function send(
  block: BlockBuilder,
  { from, to, data, value, gasLimit, warm, delegation }: FuzzTransaction,
): void {
  const creates = typeof to !== "number";
  const common = {
    from: keyed(from),
    to: creates ? undefined : fuzzAddress(to),
    data: creates ? to : data,
    value,
    gasLimit: gasLimit + (creates ? 60_000 : 0),
  };
  if (delegation !== undefined && !creates && block.since("prague"))
    block.send({
      ...common,
      type: 4,
      gasLimit: gasLimit + 40_000,
      authorizations: [authorizationOf(delegation)],
    });
  else if (warm !== undefined && !creates && block.since("berlin")) {
    const slots = Array.from({ length: warm }, (_, i) => new Uint8Array(32).fill(i, 31));
    block.send({
      ...common,
      type: 1,
      gasLimit: gasLimit + 12_000,
      accessList: [[fuzzAddress(to as number), slots]],
    });
  } else block.send(common);
}

/** What the engines say of a case. */
export interface FuzzVerdict {
  /** Of which transaction, or of the whole block (-1), they say something else; undefined: they agree. */
  difference: { transaction: number; ethereumjs: string; wasm: string } | undefined;
  /** Units that the wasm engine left to the other one. */
  unsupported: number;
}

export class EngineFuzzer {
  readonly #executor = new Executor({ workers: 0 });

  async run(one: FuzzCase): Promise<FuzzVerdict> {
    const block = await blockOf(one);
    const on = (engine: string, more: Partial<ExecuteBlockInput> = {}): Promise<BlockResult> =>
      this.#executor.executeBlock(inputOf(block, { mode: "sequential", engine, ...more }));
    // Every other case on state that has to be asked for, so that the EVM stops and goes on.
    const source = one.seed % 2 === 0 ? block.source() : readByRead(block.source());
    const [expected, found] = [await on("ethereumjs"), await on("wasm", { source })];
    const { unsupported } = found.statistics.engine;
    const [ethereumjs, wasm] = [fingerprint(expected), fingerprint(found)];
    if (ethereumjs === wasm) return { difference: undefined, unsupported };
    for (const [i, transaction] of expected.transactions.entries()) {
      const other = found.transactions[i];
      const [a, b] = [describe(transaction), other === undefined ? "none" : describe(other)];
      if (a !== b) return { difference: { transaction: i, ethereumjs: a, wasm: b }, unsupported };
    }
    return { difference: { transaction: -1, ethereumjs, wasm }, unsupported };
  }

  /** The case with all left out that the difference does without. */
  async shrink(one: FuzzCase): Promise<FuzzCase> {
    let smallest = one;
    for (let isSmaller = true; isSmaller; ) {
      isSmaller = false;
      for (const candidate of smallerCases(smallest)) {
        if ((await this.run(candidate)).difference === undefined) continue;
        smallest = candidate;
        isSmaller = true;
        break;
      }
    }
    return smallest;
  }

  close(): Promise<void> {
    return this.#executor.close();
  }
}

function describe({ gasUsed, error, output, reads, writes }: BlockResult["transactions"][number]): string {
  const text = (value: unknown): string =>
    JSON.stringify(value, (_key, part: unknown) =>
      typeof part === "bigint" ? `${part}n` : part instanceof Uint8Array ? bytesToHex(part) : part,
    );
  return `gas ${gasUsed}, ${error ?? "success"}, output ${bytesToHex(output)}, reads ${[...new Set(reads.map(text))].sort()}, writes ${writes.map(text).sort()}`;
}

/** Every case with one thing less, the largest things first. */
function* smallerCases(one: FuzzCase): Generator<FuzzCase> {
  const { contracts, transactions } = one;
  for (let i = transactions.length - 1; i >= 0 && transactions.length > 1; i--)
    yield { ...one, transactions: transactions.toSpliced(i, 1) };
  for (const [i, pieces] of contracts.entries()) {
    if (pieces.length > 0) yield { ...one, contracts: contracts.with(i, []) };
    for (let j = pieces.length - 1; j >= 0; j--)
      yield { ...one, contracts: contracts.with(i, pieces.toSpliced(j, 1)) };
  }
}

/** The case in words: what has to be looked at. */
export function describeCase({ seed, fork, contracts, transactions }: FuzzCase): string {
  const codes = contracts
    .map(
      (pieces, i) =>
        `  contract ${i} at ${bytesToHex(fuzzAddress(i))}: ${pieces.map((piece) => bytesToHex(piece).slice(2)).join(" ")}`,
    )
    .filter((line) => !line.endsWith(": "));
  const calls = transactions.map(({ from, to, data, value, gasLimit, warm, delegation }, i) => {
    const target =
      typeof to === "number" ? `contract ${to}, data ${bytesToHex(data)}` : `creation by ${bytesToHex(to)}`;
    return `  transaction ${i}: from ${from}, ${target}, value ${value}, gas ${gasLimit}, warm ${warm}, delegation ${JSON.stringify(delegation)}`;
  });
  return [`seed ${seed} in ${fork}`, ...codes, ...calls].join("\n");
}
