// The piscina worker that runs calls: it has a lane of its own, whose cache follows the state from call to call.

import { equalBytes, serializeError } from "@braid/primitives";
import { type CallJob, type CallResult, callWith } from "./call.ts";
import { CALL_ARENAS, Lane } from "./lane.ts";
import type { CallReport, CallTask } from "./pool/call-task.ts";
import { PortSource } from "./pool/port-source.ts";
import { ReadFailure } from "./pool/source-client.ts";

const lane = new Lane(CALL_ARENAS);

export default async function runCalls({
  job,
  stateRoot,
  port,
}: CallTask<CallJob>): Promise<CallReport<CallResult>> {
  const source = new PortSource(port, stateRoot);
  try {
    const results = await lane.run(undefined, async (resources) => {
      const { stateRoot: held } = resources.cache;
      if (held !== undefined && stateRoot !== undefined && !equalBytes(held, stateRoot))
        await source.follow(held);
      return callWith(resources, job, source);
    });
    return { results };
  } catch (error) {
    return error instanceof ReadFailure ? { read: error.failure } : { error: serializeError(error) };
  } finally {
    port.close();
  }
}
