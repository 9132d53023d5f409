// A worker thread of commits.ts: how fast it reads a state that it opens by its handle.
import { parentPort, workerData } from "node:worker_threads";
import { openState, type StateHandle } from "@braid/state";

interface Order {
  handle: StateHandle;
  addresses: Uint8Array[];
  rounds: number;
}

const { handle, addresses, rounds } = workerData as Order; // only commits.ts starts it
const { state, close } = openState(handle);
const rates = Array.from({ length: rounds }, () => {
  const start = performance.now();
  for (const address of addresses)
    if (state.getAccount(address) === undefined) throw new Error("an account is missing");
  return (addresses.length / (performance.now() - start)) * 1_000;
});
close();
parentPort?.postMessage(rates);
