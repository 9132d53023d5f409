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
import { tracedCall } from "./trace-block.ts";
import { type ResultTracer, tracerOptions } from "./tracers/index.ts";

const FOLDER = join(FIXTURES, "geth-tracetest");
const isPresent = existsSync(FOLDER);

const FOLDERS: Record<string, string> = {
  call_tracer: "callTracer",
  call_tracer_flat: "flatCallTracer",
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

/** Some files have forks in another order than any chain: those that have begun by the block have begun together. Go reads keys in any case. */
function begun(config: GethGenesis["config"], number: bigint): GethGenesis["config"] {
  const entries = Object.entries(config ?? {}).map(([key, value]) => [
    key.replace(/^I/, "i"),
    key.endsWith("Block") && typeof value === "number" && BigInt(value) <= number ? 0 : value,
  ]);
  return Object.fromEntries(entries);
}

const NOBODY = "0x0000000000000000000000000000000000000000";

/** As geth's test of it: where the transaction is does not count, and what is left out is nothing. */
function asFlatCalls(value: unknown): unknown {
  const isNothing = (item: unknown): boolean => item === "0x0" || item === "0x" || item === NOBODY;
  const fields = (object: object = {}): object =>
    Object.fromEntries(Object.entries(object).filter(([, item]) => !isNothing(item)));
  return (value as Record<"action" | "result", object>[]).map((call) => {
    const { blockHash, blockNumber, transactionHash, transactionPosition, ...rest } = call as Record<
      string,
      unknown
    >;
    return { ...rest, action: fields(call.action), result: fields(call.result) };
  });
}

const executor = new Executor({ workers: 0 });
afterAll(() => executor.close());

describe.skipIf(!isPresent).each(Object.keys(FOLDERS))("%s", (folder) => {
  const files = isPresent ? globSync("*.json", { cwd: join(FOLDER, folder) }).sort() : [];

  test.each(files)("%s", async (file) => {
    const fixture = JSON.parse(readFileSync(join(FOLDER, folder, file), "utf8")) as TraceFixture;
    const { context, genesis, input, tracerConfig, result } = fixture;
    const position = { number: BigInt(context.number), timestamp: BigInt(context.timestamp) };
    const chain = chainOf({ ...genesis, config: begun(genesis.config, position.number) });
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
        const tx = decodeTransaction(raw);
        const sender = recoverSender(raw, tx, rules) ?? new Uint8Array(20);
        tracer = make(tracedCall(tx, sender, header.coinbase, rules));
        return tracer;
      },
    });
    if (traced === undefined) throw new Error("nothing was traced");
    const found: unknown = JSON.parse(JSON.stringify(tracer?.result(traced)));
    if (folder === "call_tracer_flat") expect(asFlatCalls(found)).toEqual(asFlatCalls(result));
    else expect(found).toEqual(withIndices(result));
  });
});
