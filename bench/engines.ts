// The two engines beside each other: blocks of one kind of transaction, loops that compute, mainnet's blocks, in order on the caller's thread, senders known.
// Processor time, one engine after the other in an order that changes: so it says something on a machine that others use too.
//
//   npx -y pnpm@12 bench:engines [--rounds 15] [--count 1000] [--no-mainnet]
import { parseArgs } from "node:util";
import { Executor } from "@braid/executor";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder } from "@braid/testing/block-builder";
import { type BenchBlock, mainnetOrigins, newSource, openBlock, workloadOrigins } from "./blocks.ts";
import { enginesTable } from "./engines-table.ts";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import type { EngineRow, EnginesMeasurement } from "./measurements.ts";
import { writeResult } from "./results.ts";

const ENGINES = ["ethereumjs", "wasm"] as const;
const WARM_UP_ROUNDS = 5;
/** From here on the wasm engine runs mainnet's blocks. */
const BYZANTIUM = 4_370_000n;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    count: { type: "string", default: "1000" },
    mainnet: { type: "boolean", default: true },
  },
  allowNegative: true,
});
const environment = describeEnvironment("bench:engines");
const executor = new Executor({ workers: 0 });

interface Measured {
  name: string;
  blocks: Pick<BenchBlock, "chain" | "block">[];
  sources: ReturnType<typeof newSource>[];
  senders: (Uint8Array | undefined)[][];
}

/** Code that runs `body` so many times; the counter is on top of the stack before and after it. */
function loop(times: number, body: readonly number[]): Uint8Array {
  const start = [0x62, (times >> 16) & 255, (times >> 8) & 255, times & 255, 0x5b];
  return Uint8Array.from([...start, ...body, 0x60, 1, 0x90, 0x03, 0x80, 0x60, start.length - 1, 0x57, 0x00]);
}

const LOOPS: Record<string, Uint8Array> = {
  // DUP1 DUP1 MUL DUP2 ADD POP
  "arithmetic loop": loop(150_000, [0x80, 0x80, 0x02, 0x81, 0x01, 0x50]),
  // KECCAK256 of 64 bytes
  "keccak loop": loop(60_000, [0x60, 64, 0x5f, 0x20, 0x50]),
  // MSTORE and MLOAD of 2 KiB, word by word
  "memory loop": loop(
    120_000,
    [0x80, 0x81, 0x61, 0x07, 0xe0, 0x16, 0x52, 0x80, 0x61, 0x07, 0xe0, 0x16, 0x51, 0x50],
  ),
  // SLOAD and SSTORE of 256 slots
  "storage loop": loop(20_000, [0x80, 0x60, 255, 0x16, 0x54, 0x60, 1, 0x01, 0x81, 0x60, 255, 0x16, 0x55]),
};

async function loopBlock(name: string, code: Uint8Array): Promise<Measured> {
  const builder = new BlockBuilder("osaka", { gasLimit: 200_000_000n });
  builder.fund(keyed(0));
  const contract = builder.contract(plainAddress(500), code);
  for (let i = 0; i < 4; i++) builder.send({ from: keyed(0), to: contract, gasLimit: 16_000_000 });
  const { chain, input, source, signers } = await builder.build();
  const senders = [signers.map(({ address }) => address)];
  return { name, blocks: [{ chain, block: { input } as BenchBlock["block"] }], sources: [source()], senders };
}

async function opened(name: string, blocks: BenchBlock[]): Promise<Measured> {
  const senders: Uint8Array[][] = [];
  for (const block of blocks) {
    const { transactions } = await executor.executeBlock({
      block: block.block.input,
      chain: block.chain,
      source: newSource(block),
      mode: "sequential",
    });
    senders.push(transactions.map(({ sender }) => sender));
  }
  return { name, blocks, sources: blocks.map(newSource), senders };
}

/** Milliseconds of processor time for all blocks on an engine. */
async function run({ blocks, sources, senders }: Measured, engine: string) {
  let gas = 0n;
  let transactions = 0;
  let unsupported = 0;
  const before = process.cpuUsage();
  for (const [i, { block, chain }] of blocks.entries()) {
    const result = await executor.executeBlock({
      block: block.input,
      chain,
      source: sources[i] as ReturnType<typeof newSource>,
      senders: senders[i] as Uint8Array[],
      mode: "sequential",
      engine,
    });
    gas += result.gasUsed;
    // Not the result's: its objects are made when somebody looks.
    transactions += (senders[i] as unknown[]).length;
    // Not the block's first and last unit, which never are transactions.
    unsupported += result.statistics.engine.unsupported;
  }
  const { user, system } = process.cpuUsage(before);
  return { ms: (user + system) / 1_000, gas, transactions, unsupported };
}

const measured: Measured[] = [];
for (const origin of await workloadOrigins(Number(values.count))) {
  const block = await openBlock(origin);
  measured.push(await opened(block.name, [block]));
}
for (const [name, code] of Object.entries(LOOPS)) measured.push(await loopBlock(name, code));
if (values.mainnet) {
  const blocks = await Promise.all((await mainnetOrigins()).map(openBlock));
  const covered = blocks.filter(({ block }) => block.number >= BYZANTIUM);
  measured.push(await opened(`${covered.length} mainnet blocks`, covered));
}
const rows: EngineRow[] = [];
for (const one of measured) {
  const row: EngineRow = {
    name: one.name,
    transactions: 0,
    gas: 0,
    unsupported: 0,
    ethereumjs: [],
    wasm: [],
  };
  for (let round = 0; round < WARM_UP_ROUNDS + Number(values.rounds); round++)
    for (let i = 0; i < ENGINES.length; i++) {
      const engine = ENGINES[(i + round) % ENGINES.length] as (typeof ENGINES)[number];
      const { ms, gas, transactions, unsupported } = await run(one, engine);
      Object.assign(row, { transactions, gas: Number(gas) }, engine === "wasm" ? { unsupported } : {});
      if (round >= WARM_UP_ROUNDS) row[engine].push(ms);
    }
  rows.push(row);
  console.error(one.name);
}
await executor.close();
const measurement: EnginesMeasurement = { environment, rows };
console.log(formatEnvironment(environment));
console.log(enginesTable(measurement));
console.log(`written to ${writeResult("engines", measurement)}`);
