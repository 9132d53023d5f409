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
  /** Of its class, which `deserializeError` looks for. */
  name: string;
  code: string;
  message: string;
  data?: Record<string, unknown>;
  stack?: string;
  /** What a subclass keeps in fields of its own. */
  fields?: Record<string, unknown>;
}

type ErrorClass = abstract new (...args: never[]) => BaseError;

/** Error classes by their names. */
export type ErrorClasses = ReadonlyMap<string, ErrorClass>;

/** The code that an error gets in `serializeError` when it brings none of its own. */
const UNKNOWN_CODE = "BRAID_UNKNOWN_ERROR";

/**
 * Turns anything that was thrown into a plain object.
 *
 * A `BaseError` keeps all but its cause. Another error keeps its `code` when that is a string (as Node's errors have), and
 * its name and stack go into `data`, because it arrives as a `BaseError`. Never throws: what cannot be cloned is replaced, value by
 * value, by its description.
 */
export function serializeError(error: unknown): SerializedError {
  if (error instanceof BaseError) {
    const { name, code, data, ...fields } = error;
    return {
      name,
      code,
      message: error.message,
      ...(data === undefined ? {} : { data: cloneableData(data) }),
      ...(error.stack === undefined ? {} : { stack: error.stack }),
      ...(Object.keys(fields).length === 0 ? {} : { fields: cloneableData(fields) }),
    };
  }
  if (error instanceof Error) {
    const code = "code" in error && typeof error.code === "string" ? error.code : UNKNOWN_CODE;
    const message = typeof error.message === "string" ? error.message : describe(error.message);
    const data = cloneableData({ name: error.name, stack: error.stack });
    return { name: BaseError.name, code, message, data };
  }
  return { name: BaseError.name, code: UNKNOWN_CODE, message: describe(error) };
}

/** The error classes among the exports of modules: what `deserializeError` can make again. */
export function errorClasses(...modules: object[]): ErrorClasses {
  const exported = modules.flatMap((module) => Object.values(module));
  return new Map(exported.filter(isErrorClass).map((one) => [one.name, one]));
}

function isErrorClass(value: unknown): value is ErrorClass {
  return typeof value === "function" && (value === BaseError || value.prototype instanceof BaseError);
}

/**
 * Makes an error again of what `serializeError` gave: of its own class when `classes` has it, else a `BaseError` with the same name.
 * The class's constructor is not run, for its arguments are not known any more.
 */
export function deserializeError(serialized: SerializedError, classes: ErrorClasses): BaseError {
  const { name, code, message, data, stack, fields } = serialized;
  const error: BaseError = Reflect.construct(Error, [message], classes.get(name) ?? BaseError);
  Object.assign(error, { name, code }, data === undefined ? {} : { data }, fields);
  if (stack !== undefined) error.stack = stack;
  return error;
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
