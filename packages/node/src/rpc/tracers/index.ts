// Tracers by the names and options that geth has for them.

import { RpcError, SERVER_ERROR } from "@braid/rpc";
import { boolean, object, optional, quantity64, type Reader, text } from "../params.ts";
import { CallTracer } from "./call-tracer.ts";
import { FlatCallTracer } from "./flat-call-tracer.ts";
import { FourByteTracer } from "./four-byte-tracer.ts";
import { PrestateTracer } from "./prestate-tracer.ts";
import type { ResultTracer, TracedCall } from "./result-tracer.ts";
import { Room } from "./room.ts";
import { StructLogger } from "./struct-logger.ts";

export type { ResultTracer, TracedCall } from "./result-tracer.ts";

const flag = optional(boolean, false);

const looseLimit: Reader<bigint> = (value) =>
  typeof value === "number" ? BigInt(Math.trunc(value)) : quantity64(value);

const config = object({
  tracer: optional(text, ""),
  enableMemory: flag,
  disableStack: flag,
  disableStorage: flag,
  enableReturnData: flag,
  limit: optional(looseLimit, 0n),
  tracerConfig: (value) => value,
});

const callOptions = object({ onlyTopCall: flag, withLog: flag });
const flatOptions = object({ convertParityErrors: flag, includePrecompiles: flag });
const prestateOptions = object({
  diffMode: flag,
  disableCode: flag,
  disableStorage: flag,
  includeEmpty: flag,
});

/** Makes a tracer for a transaction. */
export type TracerMaker = (call: TracedCall) => ResultTracer;

/** The tracer that a call's options ask for. Throws ParameterError, RpcError. */
export const tracerOptions: Reader<TracerMaker> = (value) => {
  const { tracer, tracerConfig, ...logging } = config(value ?? {});
  const room = new Room();
  switch (tracer) {
    case "":
    case "structLogger":
      return (call) => new StructLogger(call, logging, room);
    case "callTracer": {
      const options = callOptions(tracerConfig ?? {});
      return (call) => new CallTracer(call, options, room);
    }
    case "flatCallTracer": {
      const options = flatOptions(tracerConfig ?? {});
      return (call) => new FlatCallTracer(call, options, room);
    }
    case "prestateTracer": {
      const options = prestateOptions(tracerConfig ?? {});
      return (call) => new PrestateTracer(call, options, room);
    }
    case "4byteTracer":
      return () => new FourByteTracer();
    case "noopTracer":
      return () => ({ result: () => ({}) });
    default:
      throw new RpcError(SERVER_ERROR, `tracer not found: ${tracer}`);
  }
};
