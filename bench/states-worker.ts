// A worker thread of bench:states: how fast it reads a state that it opens by its handle.
import { parentPort, workerData } from "node:worker_threads";
import { openState, type StateHandle } from "@braid/state";

const { handle, addresses } = workerData as { handle: StateHandle; addresses: Uint8Array[] };
const { state, close } = openState(handle);
const rates = Array.from({ length: 5 }, () => {
  const start = performance.now();
  for (const address of addresses)
    if (state.getAccount(address) === undefined) throw new Error("an account is missing");
  return (addresses.length / (performance.now() - start)) * 1_000;
});
close();
parentPort?.postMessage(rates);
