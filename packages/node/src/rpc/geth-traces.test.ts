// Tracers against geth's own tests of them: real transactions, mostly, with the accounts that they need.

import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Executor, recoverSender } from "@braid/executor";
import { hexToBytes } from "@braid/primitives";
import {
  chainOf,
  createHeader,
  decodeTransaction,
  type GethGenesis,
  transactionsRoot,
} from "@braid/protocol";
import { type GenesisAlloc, MemoryStateStore } from "@braid/state";
import { afterAll, describe, expect, test } from "vitest";
import { openNetworkForm } from "../pool/blob-sidecar.ts";
import { FIXTURES } from "../testing/fixtures.ts";
import { tracedCall } from "./trace.ts";
import { type ResultTracer, tracerOptions } from "./tracers/index.ts";

const FOLDER = join(FIXTURES, "geth-tracetest");
const isPresent = existsSync(FOLDER);

const FOLDERS: Record<string, string> = {
  call_tracer: "callTracer",
  call_tracer_withLog: "callTracer",
  prestate_tracer: "prestateTracer",
  prestate_tracer_with_diff_mode: "prestateTracer",
};

interface TraceFixture {
  context: Record<"number" | "timestamp" | "difficulty" | "gasLimit" | "miner", string> & {
    baseFeePerGas?: string;
  };
  genesis: GethGenesis & { alloc: GenesisAlloc };
  input: string;
  tracerConfig?: unknown;
  result: unknown;
}

/** Older files leave out the number of a log when it is the first one. */
function withIndices(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withIndices);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, item]) => [name, withIndices(item)] as const);
  const isLog = "topics" in value && "position" in value;
  return Object.fromEntries(isLog ? [["index", "0x0"] as const, ...entries] : entries);
}

const executor = new Executor({ workers: 0 });
afterAll(() => executor.close());

describe.skipIf(!isPresent).each(Object.keys(FOLDERS))("%s", (folder) => {
  const files = isPresent ? globSync("*.json", { cwd: join(FOLDER, folder) }).sort() : [];

  test.each(files)("%s", async (file) => {
    const fixture = JSON.parse(readFileSync(join(FOLDER, folder, file), "utf8")) as TraceFixture;
    const { context, genesis, input, tracerConfig, result } = fixture;
    const chain = chainOf(genesis);
    const position = { number: BigInt(context.number), timestamp: BigInt(context.timestamp) };
    const rules = chain.rulesAt(position);
    const { raw } = openNetworkForm(hexToBytes(input));
    const header = createHeader(
      {
        ...position,
        coinbase: hexToBytes(context.miner),
        gasLimit: BigInt(context.gasLimit),
        transactionsRoot: transactionsRoot([raw]),
        ...(rules.proofOfWork ? { difficulty: BigInt(context.difficulty) } : {}),
        ...(rules.eip1559 ? { baseFeePerGas: BigInt(context.baseFeePerGas ?? 0) } : {}),
      },
      rules,
    );
    const store = MemoryStateStore.fromAlloc(genesis.alloc);
    const make = tracerOptions({ tracer: FOLDERS[folder], tracerConfig });
    let tracer: ResultTracer | undefined;
    const [traced] = await executor.trace({
      block: { header, transactions: [raw], uncles: [], ...(rules.eip4895 ? { withdrawals: [] } : {}) },
      chain,
      source: store.stateAt(store.head.hash),
      tracer: () => {
        const sender = recoverSender(raw, rules) ?? new Uint8Array(20);
        tracer = make(tracedCall(decodeTransaction(raw), sender, header.coinbase, rules));
        return tracer;
      },
    });
    if (traced === undefined) throw new Error("nothing was traced");
    expect(JSON.parse(JSON.stringify(tracer?.result(traced)))).toEqual(withIndices(result));
  });
});
