// Errors with a code: what every Braid error is, and how one crosses the boundary between workers.

/** What an error adds to its code and message. */
export interface BaseErrorOptions {
  /** Facts about the failure for programs; values must survive `structuredClone` to cross a worker boundary unchanged. */
  data?: Record<string, unknown>;
  /** The error that led to this one. Stays on its side of a worker boundary. */
  cause?: unknown;
}

/**
 * The base of all errors that Braid throws. Programs look at `code`, people read `message`.
 *
 * The message says what happened, what was expected and what was found, and what to try next.
 */
export class BaseError extends Error {
  /** A stable name in capitals, such as `BRAID_MISSING_CODE`. */
  readonly code: string;
  readonly data?: Record<string, unknown>;

  constructor(code: string, message: string, options: BaseErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    // The class that was really constructed: a stack trace then names the subclass.
    this.name = new.target.name;
    this.code = code;
    if (options.data !== undefined) this.data = options.data;
  }
}

/** An error as a plain object that `postMessage` can carry. */
export interface SerializedError {
  code: string;
  message: string;
  data?: Record<string, unknown>;
}

/** The code that an error gets in `serializeError` when it brings none of its own. */
const UNKNOWN_CODE = "BRAID_UNKNOWN_ERROR";

/**
 * Turns anything that was thrown into a plain object.
 *
 * A `BaseError` keeps its code, message and data. Another error keeps its `code` when that is a string (as Node's errors have), and
 * its name and stack go into `data`, because the stack would otherwise be lost with the worker. Never throws: data that
 * cannot be cloned is replaced, value by value, by its description.
 */
export function serializeError(error: unknown): SerializedError {
  if (error instanceof BaseError) {
    const { code, message, data } = error;
    return data === undefined ? { code, message } : { code, message, data: cloneableData(data) };
  }
  if (error instanceof Error) {
    const code = "code" in error && typeof error.code === "string" ? error.code : UNKNOWN_CODE;
    return { code, message: error.message, data: { name: error.name, stack: error.stack } };
  }
  return { code: UNKNOWN_CODE, message: describe(error) };
}

/** Makes an error again of what `serializeError` gave. It is a `BaseError` with the same code, whatever class it was before. */
export function deserializeError(serialized: SerializedError): BaseError {
  const { code, message, data } = serialized;
  return new BaseError(code, message, data === undefined ? {} : { data });
}

function cloneableData(data: Record<string, unknown>): Record<string, unknown> {
  if (isCloneable(data)) return data;
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, isCloneable(value) ? value : describe(value)]),
  );
}

function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch (_reason) {
    // Whatever the reason, a DataCloneError or a getter that throws: the value cannot be sent.
    return false;
  }
}

/** Like `String`, which throws for objects without a prototype. */
function describe(value: unknown): string {
  return typeof value === "object" || typeof value === "function"
    ? Object.prototype.toString.call(value)
    : String(value);
}
