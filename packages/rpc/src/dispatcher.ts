// From the text of a request to the text of its answer (JSON-RPC 2.0), whatever transport brought it.

import { BaseError, type Payer } from "@braid/primitives";
import { Deadlines } from "./deadlines.ts";
import {
  INTERNAL_ERROR,
  INVALID_REQUEST,
  LIMIT_EXCEEDED,
  methodNotFound,
  PARSE_ERROR,
  RESPONSE_TOO_LARGE,
  RpcError,
  TIMED_OUT,
} from "./errors.ts";
import { FairQueue } from "./fair-queue.ts";
import { nestsDeeperThan } from "./json-text.ts";
import type { RpcLimits } from "./limits.ts";
import { Turns } from "./turns.ts";
import { Usage } from "./usage.ts";

/** A client's connection, as far as methods see it. */
export interface RpcConnection {
  /** Sends a notification; false where the transport has none (HTTP). */
  notify?(method: string, params: unknown): void;
  /** Aborted when the client has gone. */
  readonly closed: AbortSignal;
  /** Where the client is: what comes from one place has its part together. Undefined: it is one of its own. */
  readonly place?: string | undefined;
  /** Ends it; what runs in the same process has none to end. */
  close?(): void;
}

/** What a method gets besides its parameters. */
export interface RpcContext {
  connection: RpcConnection;
  /** Aborted when the client has gone, or the request has run out of time. */
  signal: AbortSignal;
  /** Who pays for what the request takes; of several that wait for the same, who has had least has their turn. Without one it is the node's own. */
  payer?: Payer;
  /** A method that takes long calls it when it goes on elsewhere, or waits for others: then the next one may begin. */
  leave?: () => void;
}

/** Answers requests. Rejects with RpcError for what the client is to know; other errors are bugs. */
export interface RpcHandler {
  has(method: string): boolean;
  /** May the method take long, or much memory? Only so many of these run at the same time. Default: all may. */
  isHeavy?(method: string): boolean;
  /** `params` as they came: an array, an object, or undefined. The answer must be what JSON can carry. */
  call(method: string, params: unknown, context: RpcContext): Promise<unknown>;
}

/** What was asked and how it ended, for logs and metrics. */
export interface RpcCallRecord {
  /** "unknown" for what the handler does not have: anybody can make up names. */
  method: string;
  /** 0 for a result, else the error's code. */
  code: number;
  seconds: number;
  /** What a bug threw. */
  bug?: unknown;
}

type Id = string | number | null;
type Answer = { id: Id; result: unknown } | { id: Id; error: RpcError };

export interface DispatcherOptions {
  handler: RpcHandler;
  limits: RpcLimits;
  onCall?: (record: RpcCallRecord) => void;
}

export class Dispatcher {
  readonly #handler: RpcHandler;
  readonly #limits: RpcLimits;
  readonly #usage = new Usage();
  readonly #turns = new Turns(this.#usage);
  readonly #queue: FairQueue;
  readonly #deadlines: Deadlines;
  readonly #onCall: ((record: RpcCallRecord) => void) | undefined;

  constructor({ handler, limits, onCall }: DispatcherOptions) {
    this.#handler = handler;
    this.#limits = limits;
    this.#queue = new FairQueue(limits, this.#usage);
    this.#deadlines = new Deadlines(limits.requestMs);
    this.#onCall = onCall;
  }

  /** Requests that run now, of those that may take long. */
  get running(): number {
    return this.#queue.running;
  }

  /** Requests that wait for their turn, of those that may take long. */
  get waiting(): number {
    return this.#queue.waiting;
  }

  /**
   * The answer to a request or a batch; undefined when there is none to give, because all were notifications. Never rejects.
   *
   * @param text or what gives it when it is the client's turn.
   * @param onRefused called when the request is answered with -32005, and may succeed later.
   */
  async answer(
    text: string | (() => string),
    connection: RpcConnection,
    onRefused?: () => void,
  ): Promise<string | undefined> {
    const turn = this.#turns.take(connection);
    if (turn !== undefined) await turn;
    const parsed = this.#paid(connection, () => this.#parse(typeof text === "string" ? text : text()));
    if (parsed instanceof RpcError) return encode({ id: null, error: parsed });
    if (!Array.isArray(parsed))
      return this.#answerOne(parsed, connection, this.#limits.responseBytes, onRefused);
    const { batchLength, responseBytes } = this.#limits;
    if (parsed.length === 0) return encode({ id: null, error: new RpcError(INVALID_REQUEST, "empty batch") });
    if (parsed.length > batchLength)
      return encode({
        id: null,
        error: new RpcError(
          INVALID_REQUEST,
          `batch too large: ${parsed.length} requests, ${batchLength} are allowed`,
        ),
      });
    const answers: string[] = [];
    let left = responseBytes;
    // One after the other: a batch may send transactions that depend on each other.
    for (const request of parsed) {
      if (connection.closed.aborted) return undefined;
      if (answers.length > 0) await this.#turns.take(connection);
      const answer = await this.#answerOne(request, connection, left);
      if (answer === undefined) continue;
      left -= answer.length;
      answers.push(answer);
    }
    return answers.length === 0 ? undefined : `[${answers.join(",")}]`;
  }

  #parse(text: string): unknown {
    const { depth } = this.#limits;
    if (nestsDeeperThan(text, depth))
      return new RpcError(INVALID_REQUEST, `the request nests deeper than ${depth} brackets`);
    try {
      return JSON.parse(text);
    } catch (error) {
      return new RpcError(PARSE_ERROR, `the request is not JSON: ${(error as SyntaxError).message}`);
    }
  }

  async #answerOne(
    request: unknown,
    connection: RpcConnection,
    room: number,
    onRefused?: () => void,
  ): Promise<string | undefined> {
    const checked = checkRequest(request);
    if (checked instanceof RpcError) return encode({ id: idOf(request), error: checked });
    const { id, method, params } = checked;
    const answer = await this.#call(id ?? null, method, params, connection);
    if ("error" in answer && answer.error.code === LIMIT_EXCEEDED) onRefused?.();
    if (id === undefined) return undefined;
    const text = this.#paid(connection, () => encode(answer));
    if (text.length <= room) return text;
    const error = new RpcError(RESPONSE_TOO_LARGE, "the answer is too large; ask for less at a time");
    return encode({ id, error });
  }

  async #call(id: Id, method: string, params: unknown, connection: RpcConnection): Promise<Answer> {
    const known = this.#handler.has(method);
    const begin = performance.now();
    const ended = (code: number, bug?: unknown): void =>
      this.#onCall?.({
        method: known ? method : "unknown",
        code,
        seconds: (performance.now() - begin) / 1_000,
        ...(bug === undefined ? {} : { bug }),
      });
    try {
      if (!known) throw methodNotFound(method);
      const result = await this.#run(method, params, connection);
      ended(0);
      return { id, result: result ?? null };
    } catch (error) {
      if (error instanceof RpcError) {
        ended(error.code);
        return { id, error };
      }
      ended(INTERNAL_ERROR, error);
      const code = error instanceof BaseError ? ` (${error.code})` : "";
      return {
        id,
        error: new RpcError(INTERNAL_ERROR, `internal error${code}; the node's log has the details`),
      };
    }
  }

  /** What takes long waits for its turn. */
  #run(method: string, params: unknown, connection: RpcConnection): Promise<unknown> {
    const payer = this.#usage.of(connection);
    if (this.#handler.isHeavy?.(method) === false)
      return this.#limited(method, params, new RequestContext(connection, payer));
    return this.#queue.run(connection, (leave) =>
      this.#limited(method, params, new RequestContext(connection, payer, leave)),
    );
  }

  /** Does something at once that the client pays for. What a method does later it charges itself: waiting costs nothing. */
  #paid<T>(connection: RpcConnection, action: () => T): T {
    const begin = performance.now();
    try {
      return action();
    } finally {
      this.#usage.of(connection).charge(performance.now() - begin);
    }
  }

  /** Runs a method for no longer than is allowed, and no longer than the client stays. */
  #limited(method: string, params: unknown, context: RequestContext): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const cancel = this.#deadlines.begin(() => {
        end();
        context.giveUp();
        reject(new RpcError(TIMED_OUT, `the request took longer than ${this.#limits.requestMs} ms`));
      });
      let hasEnded = false;
      const end = (): void => {
        if (hasEnded) return;
        hasEnded = true;
        cancel();
        context.close();
      };
      this.#paid(context.connection, () => this.#handler.call(method, params, context)).then(
        (result) => {
          end();
          resolve(result);
        },
        (error: unknown) => {
          end();
          reject(error);
        },
      );
    });
  }
}

/** What a method gets. PERF: few look at the signal, and it costs as much as a small method: it is made for those who do. */
class RequestContext implements RpcContext {
  readonly connection: RpcConnection;
  readonly payer: Payer;
  readonly leave?: NonNullable<RpcContext["leave"]>;
  #over: AbortController | undefined;
  #isOver = false;
  readonly #giveUp = (): void => this.giveUp();

  constructor(connection: RpcConnection, payer: Payer, leave?: RpcContext["leave"]) {
    this.connection = connection;
    this.payer = payer;
    if (leave !== undefined) this.leave = leave;
  }

  get signal(): AbortSignal {
    if (this.#over === undefined) {
      this.#over = new AbortController();
      const { closed } = this.connection;
      if (this.#isOver || closed.aborted) this.#over.abort();
      else closed.addEventListener("abort", this.#giveUp);
    }
    return this.#over.signal;
  }

  giveUp(): void {
    this.#isOver = true;
    this.#over?.abort();
  }

  /** It has ended. */
  close(): void {
    if (this.#over !== undefined) this.connection.closed.removeEventListener("abort", this.#giveUp);
  }
}

/** A request as JSON-RPC 2.0 wants it; without `id` it is a notification. Its version is not looked at: clients leave it out. */
function checkRequest(request: unknown): { id?: Id; method: string; params: unknown } | RpcError {
  if (typeof request !== "object" || request === null || Array.isArray(request))
    return new RpcError(INVALID_REQUEST, "a request must be an object");
  const { id, method, params } = request as Record<string, unknown>;
  if (typeof method !== "string")
    return new RpcError(INVALID_REQUEST, "a request must have a method, as a string");
  if (params !== undefined && params !== null && typeof params !== "object")
    return new RpcError(INVALID_REQUEST, "params must be an array or an object");
  if (id === undefined) return { method, params };
  if (id !== null && typeof id !== "string" && typeof id !== "number")
    return new RpcError(INVALID_REQUEST, "id must be a string, a number or null");
  return { id, method, params };
}

function idOf(request: unknown): Id {
  const id = typeof request === "object" && request !== null && "id" in request ? request.id : null;
  return typeof id === "string" || typeof id === "number" ? id : null;
}

function encode(answer: Answer): string {
  const head = { jsonrpc: "2.0" as const, id: answer.id };
  if ("result" in answer) return JSON.stringify({ ...head, result: answer.result });
  const { code, message, data } = answer.error;
  return JSON.stringify({ ...head, error: data === undefined ? { code, message } : { code, message, data } });
}
