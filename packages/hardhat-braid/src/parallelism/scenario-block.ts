// A block as a scenario wants it, out of recorded calls.

import type { Executor } from "@braid/executor";
import { bytesToHex } from "@braid/primitives";
import { HardhatPluginError } from "hardhat/plugins";
import { CallData } from "./call-data.ts";
import { Copies, lookAt } from "./copies.ts";
import { EditedState } from "./edited-state.ts";
import { evaluate } from "./expression.ts";
import { Look } from "./look.ts";
import type { RecordedCall, Recorder } from "./recorder.ts";
import type { ScenarioBlock, ScenarioCall } from "./scenario.ts";
import { type CalledFunction, spread } from "./traffic.ts";
import { type FormedBlock, succeeding, type UserCall } from "./user-block.ts";

interface Wanted extends ScenarioCall {
  called: CalledFunction;
  copies: Copies;
}

/** Makes the block on the state in which most of its calls succeed. Rejects with HardhatPluginError for a function that the tests have not called. */
export async function blockOfScenario(
  executor: Executor,
  recorder: Recorder,
  functions: readonly CalledFunction[],
  { calls }: ScenarioBlock,
  users: number,
): Promise<FormedBlock> {
  const wanted: Wanted[] = [];
  for (const call of calls) {
    const called = find(functions, call.function);
    const [recorded] = spread(called.calls);
    if (recorded === undefined) continue;
    const look = await lookAt(executor, recorded);
    wanted.push({ users, ...call, called, copies: new Copies(recorded, look, recorder.people) });
  }
  let best: FormedBlock | undefined;
  for (const at of wanted.flatMap(({ called }) => spread(called.calls))) {
    const formed = await formOn(executor, at, wanted);
    if (best === undefined || formed.failed < best.failed) best = formed;
    if (best.failed === 0) break;
  }
  if (best === undefined) throw new HardhatPluginError("hardhat-braid", "The scenario calls nothing.");
  return best;
}

function find(functions: readonly CalledFunction[], wanted: string): CalledFunction {
  const found = functions.filter(({ name }) => name === wanted || name.replace(/\(.*$/, "") === wanted);
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  const known = (found.length > 0 ? found : functions).map(({ name }) => name).join(", ");
  throw new HardhatPluginError(
    "hardhat-braid",
    found.length > 0
      ? `The scenario's ${wanted} may be one of several functions: ${known}. Name it with its parameters.`
      : `The scenario calls ${wanted}, which the tests do not call: it needs one recorded call to begin with. There are ${known}.`,
  );
}

/** The functions' users take turns. */
async function formOn(executor: Executor, at: RecordedCall, wanted: readonly Wanted[]): Promise<FormedBlock> {
  const state = new EditedState(at.state);
  const queues: UserCall[][] = [];
  let copy = 0;
  for (const call of wanted) {
    const queue: UserCall[] = [];
    queues.push(queue);
    for (let index = 0; index < (call.users ?? 1); index++, copy++) {
      const made = await call.copies.make(state, copy, []);
      for (let time = 0; time < (call.times ?? 1); time++)
        queue.push({ ...made, data: dataOf(call, made, index, time) });
    }
  }
  const longest = Math.max(...queues.map(({ length }) => length));
  const turns = Array.from({ length: longest }, (_, i) => queues.flatMap((queue) => queue[i] ?? [])).flat();
  const look = Look.ofAll(wanted.map(({ copies }) => copies.look));
  return {
    ...(await succeeding(executor, { call: at, look }, state, turns)),
    users: "as the scenario says",
  };
}

function dataOf(
  { args, called, function: name }: Wanted,
  made: UserCall,
  index: number,
  time: number,
): Uint8Array {
  if (args === undefined) return made.data;
  const selector = bytesToHex(made.data.subarray(0, 4)).slice(2);
  const coder = new CallData(selector, called.parameters);
  const recorded = coder.decode(made.data);
  const address = bytesToHex(made.sender);
  const values =
    typeof args === "function"
      ? args({ index, time, address, recorded })
      : recorded.map((own, i) => {
          const arg = args[i] ?? null;
          if (typeof arg === "number") return BigInt(arg);
          const names = { index: BigInt(index), time: BigInt(time), user: address, recorded: own };
          return arg === null ? own : evaluate(arg, names);
        });
  try {
    return coder.encode(values);
  } catch (error) {
    throw new HardhatPluginError(
      "hardhat-braid",
      `The scenario's arguments do not fit ${name}: ${error instanceof Error ? error.message : error}`,
    );
  }
}
