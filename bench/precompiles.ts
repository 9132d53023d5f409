// Each precompile on both engines: a contract that calls it again and again, in a block of one transaction on the caller's thread. Processor time, one engine
// after the other in an order that changes: so it says something on a machine that others use too.
//
//   npx -y pnpm@12 bench:precompiles [--rounds 9] [--ms 20] [--only MODEXP]
import { parseArgs } from "node:util";
import { Executor } from "@braid/executor";
import { bytesToBigInt } from "@braid/primitives";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder } from "@braid/testing/block-builder";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import type { PrecompileRow, PrecompilesMeasurement } from "./measurements.ts";
import { CALLS, type PrecompileCall } from "./precompile-calls.ts";
import { precompilesTable } from "./precompiles-table.ts";
import { writeResult } from "./results.ts";

type Engine = "ethereumjs" | "wasm";
const NOTHING = new Uint8Array();
const WARM_UP_ROUNDS = 2;
/** What a round of the contract takes besides the precompile. */
const LOOP_GAS = 142;
/** EIP-7825: of a transaction, from Osaka on. */
const MAX_GAS = 16_777_216;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    ms: { type: "string", default: "20" },
    only: { type: "string", default: "" },
  },
});
const environment = describeEnvironment("bench:precompiles");
const executor = new Executor({ workers: 0 });

/** Calls the precompile with the same data so many times, and returns how long its last answer was. The data are behind the code: call data has a floor price. */
function caller({ number, data }: PrecompileCall, times: number): Uint8Array {
  const short = (value: number): number[] => [0x61, value >> 8, value & 255];
  const start = (at: number): number[] => [
    ...short(data.length),
    ...short(at),
    ...[0x5f, 0x39, 0x62, times >> 16, (times >> 8) & 255, times & 255, 0x5b],
  ];
  const call = [0x5f, 0x5f, ...short(data.length), 0x5f, ...short(number), 0x5a, 0xfa, 0x50];
  const again = [0x60, 1, 0x90, 0x03, 0x80, 0x60, start(0).length - 1, 0x57];
  const end = [...call, ...again, 0x3d, 0x5f, 0x52, 0x60, 32, 0x5f, 0xf3];
  return Uint8Array.from([...start(start(0).length + end.length), ...end, ...data]);
}

interface Side {
  us: number[];
  /** A round: microseconds and gas of a call, from the difference between many and one. */
  round(): Promise<{ us: number; gas: number }>;
}

async function prepare(call: PrecompileCall, times: number, engine: Engine) {
  const { name, fork } = call;
  const builder = new BlockBuilder(fork, { gasLimit: 1_000_000_000_000n });
  builder.fund(keyed(0));
  const contract = builder.contract(plainAddress(500), caller(call, times));
  const gasLimit = fork === "osaka" ? MAX_GAS : 20_000_000_000;
  builder.send({ from: keyed(0), to: contract, gasLimit });
  const block = await builder.build();
  return async (): Promise<{ us: number; gas: number }> => {
    const before = process.cpuUsage();
    const result = await executor.executeBlock({
      block: block.input,
      chain: block.chain,
      source: block.source(),
      senders: block.signers.map(({ address }) => address),
      mode: "sequential",
      engine,
    });
    const { user, system } = process.cpuUsage(before);
    const [transaction] = result.transactions;
    if (transaction?.error !== undefined || bytesToBigInt(transaction?.output ?? NOTHING) === 0n)
      throw new Error(`${name} fails on ${engine}: ${transaction?.error ?? "it answers nothing"}`);
    return { us: user + system, gas: Number(result.gasUsed) };
  };
}

/** As many calls as take about --ms on the engine. */
async function sideOf(call: PrecompileCall, engine: Engine): Promise<Side> {
  const most = call.fork === "osaka" ? 2_000 : 100_000;
  const one = await prepare(call, 1, engine);
  for (let i = 0; i < WARM_UP_ROUNDS; i++) await one();
  for (let times = 9; ; times = Math.min(most, 4 * times)) {
    const many = await prepare(call, times, engine);
    await many();
    const { us } = await many();
    if (us < Number(values.ms) * 1_000 && times < most) continue;
    const round = async (): Promise<{ us: number; gas: number }> => {
      const [few, all] = [await one(), await many()];
      return { us: (all.us - few.us) / (times - 1), gas: (all.gas - few.gas) / (times - 1) - LOOP_GAS };
    };
    return { us: [], round };
  }
}

const rows: PrecompileRow[] = [];
for (const call of CALLS.filter(({ name }) => name.startsWith(values.only))) {
  const [ethereumjs, wasm] = [await sideOf(call, "ethereumjs"), await sideOf(call, "wasm")];
  let gas = 0;
  for (let round = 0; round < Number(values.rounds); round++)
    for (const side of round % 2 === 0 ? [ethereumjs, wasm] : [wasm, ethereumjs]) {
      const measured = await side.round();
      side.us.push(Math.max(0.01, measured.us));
      gas = measured.gas;
    }
  rows.push({ name: call.name, gas, ethereumjs: ethereumjs.us, wasm: wasm.us });
  console.error(call.name);
}
await executor.close();
const measurement: PrecompilesMeasurement = { environment, rows };
console.log(formatEnvironment(environment));
console.log(precompilesTable(measurement));
console.log(`written to ${writeResult("precompiles", measurement)}`);
