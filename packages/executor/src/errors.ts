// The typed errors of execution itself. What is wrong with a block or a transaction has its errors in @braid/protocol.

import { BaseError, serializeError } from "@braid/primitives";

/** Execution itself broke: an engine bug, a worker that died twice, a state source that failed or does not answer. */
export class ExecutionError extends BaseError {
  constructor(
    code:
      | "BRAID_ENGINE_FAILURE"
      | "BRAID_ENGINE_UNKNOWN"
      | "BRAID_WORKER_DIED"
      | "BRAID_SOURCE_FAILED"
      | "BRAID_SOURCE_TIMEOUT"
      | "BRAID_EXECUTOR_CLOSED"
      | "BRAID_TIME_LIMIT"
      | "BRAID_ABORTED",
    message: string,
    options: { data?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(code, message, options);
  }
}

/** Is it what `timeLimitError` gives? */
export function isTimeLimit(error: unknown): boolean {
  return error instanceof ExecutionError && error.code === "BRAID_TIME_LIMIT";
}

export function timeLimitError(milliseconds: number): ExecutionError {
  return new ExecutionError(
    "BRAID_TIME_LIMIT",
    `The execution was ended after its time limit of ${milliseconds} ms. Give it more time, or less gas.`,
    { data: { milliseconds } },
  );
}

/** Something that executeBlock was given is not what it must be; `data.field` says which. Code BRAID_INVALID_INPUT. */
export class InvalidInputError extends BaseError {
  constructor(field: string, message: string, data: Record<string, unknown> = {}) {
    super("BRAID_INVALID_INPUT", message, { data: { field, ...data } });
  }
}

/** Worker threads cannot be started: what they need is not installed, or must not be read. Code BRAID_WORKER_START; the reason is the cause. */
export class WorkerStartError extends BaseError {
  constructor(cause: unknown) {
    const { code, message } = serializeError(cause);
    super("BRAID_WORKER_START", `The workers could not be started: ${message}\n${remedy(code)}`, {
      data: { reason: message, reasonCode: code },
      cause,
    });
  }
}

const NOT_INSTALLED = ["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND", "ERR_DLOPEN_FAILED"];

/** Something that was to be loaded is not there, or not made for this machine. */
export function isNotInstalled(error: unknown): boolean {
  return NOT_INSTALLED.includes(serializeError(error).code);
}

function remedy(code: string): string {
  if (NOT_INSTALLED.includes(code))
    return "Install the dependencies again on this machine, with optional ones, for its platform and its version of Node.";
  if (/^(EACCES|EPERM|EROFS|ENOENT)$/.test(code))
    return "Let this user read what Braid is installed from, and write where the message says.";
  if (code === "ERR_WORKER_OUT_OF_MEMORY" || code === "ENOMEM" || code === "EAGAIN")
    return "Use fewer workers (option workers), or allow the process more memory and threads.";
  return "If nothing on this machine explains it, report it.";
}
