// What a tracer throws belongs to who asked for the trace: it goes back as it is, and not as a failure of the engine that it went through.

import type { Steps } from "@braid/primitives";
import type { Tracer } from "./tracer.ts";

/** Who looks on while the transaction or message with this index runs. */
export type TracerOf = (index: number) => Tracer | undefined;

type Look<Event> = (event: Event) => void | Promise<void>;

/** Does something with tracers that look on. Throws what the first of them threw, if one did. */
export function* withTracers<Result>(
  tracerOf: TracerOf,
  action: (tracerOf: TracerOf) => Steps<Result>,
): Steps<Result> {
  let failed = false;
  let failure: unknown;
  const note = (error: unknown): never => {
    if (!failed) failure = error;
    failed = true;
    throw error;
  };
  try {
    return yield* action((index) => {
      try {
        return guarded(tracerOf(index), note);
      } catch (error) {
        return note(error);
      }
    });
  } catch (error) {
    throw failed ? failure : error;
  }
}

function guarded(tracer: Tracer | undefined, note: (error: unknown) => never): Tracer | undefined {
  if (tracer === undefined) return undefined;
  const guard =
    <Event>(look: Look<Event>): Look<Event> =>
    (event) => {
      try {
        return look.call(tracer, event)?.catch(note);
      } catch (error) {
        return note(error);
      }
    };
  const { begin, end, step, codeEnd, beforeMessage, afterMessage, newContract } = tracer;
  return {
    ...(begin === undefined ? {} : { begin: guard(begin) }),
    ...(end === undefined ? {} : { end: guard(end) }),
    ...(step === undefined ? {} : { step: guard(step) }),
    ...(codeEnd === undefined ? {} : { codeEnd: guard(codeEnd) }),
    ...(beforeMessage === undefined ? {} : { beforeMessage: guard(beforeMessage) }),
    ...(afterMessage === undefined ? {} : { afterMessage: guard(afterMessage) }),
    ...(newContract === undefined ? {} : { newContract: guard(newContract) }),
  };
}
