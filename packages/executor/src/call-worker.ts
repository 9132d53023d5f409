// The piscina worker that runs calls: for each executor it has a lane of its own, whose cache follows the state from call to call.

import { equalBytes, promised, serializeError, wait } from "@braid/primitives";
import { type CallJob, type CallResult, callWith } from "./call.ts";
import { DEFAULT_ENGINE, ENGINES } from "./engines/registry.ts";
import { CALL_ARENAS, Lane } from "./lane.ts";
import type { CallReport, CallTask } from "./pool/call-task.ts";
import { PortSource } from "./pool/port-source.ts";
import { ReadFailure } from "./pool/source-client.ts";
import { serveTasks } from "./pool/thread-side.ts";

/** Executors whose lanes are kept. */
const MAX_LANES = 8;

// PERF: before the first call asks for it.
await ENGINES[DEFAULT_ENGINE]?.();

export default serveTasks({ limit: MAX_LANES, make: makeLane, run: runCalls });

function makeLane({ engine }: CallTask<CallJob>): Lane {
  return new Lane({ ...CALL_ARENAS, engine });
}

async function runCalls(
  lane: Lane,
  { job, stateRoot, port }: CallTask<CallJob>,
): Promise<CallReport<CallResult>> {
  const source = new PortSource(port, stateRoot);
  const gone = new AbortController();
  port.once("close", () => gone.abort());
  try {
    const results = await promised(
      lane.run(gone.signal, function* (resources) {
        const { stateRoot: held } = resources.cache;
        if (held !== undefined && stateRoot !== undefined && !equalBytes(held, stateRoot))
          yield* wait(source.follow(held));
        return yield* callWith(resources, job, source, { signal: gone.signal });
      }),
    );
    return { results };
  } catch (error) {
    return error instanceof ReadFailure ? { read: error.failure } : { error: serializeError(error) };
  } finally {
    port.close();
  }
}
