// A JSON-RPC client for reading much from a node over HTTP: calls made together go as one batch where the node takes batches, few requests
// are under way at once, and what fails for a passing reason is tried again, later and later.

import { setTimeout as sleep } from "node:timers/promises";
import { FileError } from "@braid/primitives";
import { Endpoint } from "./endpoint.ts";
import { ADVICE, type Meaning, meaningOf, type NodeFailure, RpcError } from "./errors.ts";
import { type Exchange, exchange } from "./transport.ts";

export interface RpcClientOptions {
  /** Requests under way at once; default 16. After a rate limit fewer, and slowly more again. */
  concurrency?: number;
  /** Calls of one request at most; default 100. Fewer when the node refuses so many. */
  batch?: number;
  /** For one request; default 60,000. */
  timeoutMs?: number;
  /** How often a call is made before it has failed, when the reason may pass; default 8. */
  attempts?: number;
  /** The wait before the second attempt; it doubles from one to the next; default 250. */
  backoffMs?: number;
  /** Bytes that one answer may have, and take in memory; default 256 MiB. */
  maxAnswerBytes?: number;
  /** Sent with each request; never shown. */
  headers?: Readonly<Record<string, string>>;
  /** Ends all calls. */
  signal?: AbortSignal;
}

/** What a client did. */
export interface RpcStatistics {
  /** Over HTTP. */
  requests: number;
  calls: number;
  /** Calls that were made again. */
  retries: number;
  /** Of answers, unfolded. */
  bytes: number;
}

/** How often a call is made that may fail for good. */
const SELDOM = 3;
const MAX_BACKOFF_MS = 10_000;
/** Requests that must succeed before one more is under way at once. */
const RECOVERY = 20;

interface Call {
  method: string;
  params: readonly unknown[];
  /** Times that it was made. */
  attempts: number;
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
}

export class RpcClient {
  readonly statistics: RpcStatistics = { requests: 0, calls: 0, retries: 0, bytes: 0 };
  #endpoint: Endpoint;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #options: Required<Omit<RpcClientOptions, "signal" | "headers">>;
  readonly #signal: AbortSignal;
  readonly #queue: Call[] = [];
  /** Requests that may be under way now, those that are, and those that succeeded since that changed. */
  #concurrency: number;
  #underWay = 0;
  #succeeded = 0;
  #batch: number;
  #gathering: NodeJS.Immediate | undefined;
  /** Before this nothing is sent: the node asked for a pause. By performance.now. */
  #pausedUntil = 0;

  /** Throws RpcError BRAID_RPC_URL. */
  constructor(url: string, options: RpcClientOptions = {}) {
    this.#headers = options.headers ?? {};
    this.#endpoint = new Endpoint(url, this.#headers);
    const {
      concurrency = 16,
      batch = 100,
      timeoutMs = 60_000,
      attempts = 8,
      backoffMs = 250,
      maxAnswerBytes = 2 ** 28,
    } = options;
    this.#options = { concurrency, batch, timeoutMs, attempts, backoffMs, maxAnswerBytes };
    this.#concurrency = concurrency;
    this.#batch = batch;
    this.#signal = options.signal ?? new AbortController().signal;
    this.#signal.addEventListener("abort", () => {
      for (const { reject } of this.#queue.splice(0)) reject(this.#signal.reason);
    });
  }

  /** The node's host and port: all of its URL that may be shown. */
  get host(): string {
    return this.#endpoint.host;
  }

  /** Makes all further requests to another URL. Throws RpcError BRAID_RPC_URL. */
  redirect(url: string): void {
    this.#endpoint = new Endpoint(url, this.#headers);
  }

  /**
   * Makes a call; those made in the same turn of the event loop go together.
   *
   * @param read makes the value of the answer; what it finds wrong (FileError, as `jsonBytes` and its like throw it) is BRAID_RPC_BAD_ANSWER.
   * @throws RpcError; the signal's reason.
   */
  async call<T>(method: string, params: readonly unknown[], read: (answer: unknown) => T): Promise<T> {
    const answer = await this.#enqueue(method, params);
    try {
      return read(answer);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      throw new RpcError(
        "BRAID_RPC_BAD_ANSWER",
        `${this.host} answers ${method} with something else than expected: ${error.message}`,
        { host: this.host, method },
      );
    }
  }

  #enqueue(method: string, params: readonly unknown[]): Promise<unknown> {
    if (this.#signal.aborted) return Promise.reject(this.#signal.reason);
    this.statistics.calls++;
    return new Promise((resolve, reject) => {
      this.#queue.push({ method, params, attempts: 0, resolve, reject });
      this.#gathering ??= setImmediate(() => {
        this.#gathering = undefined;
        this.#send();
      });
    });
  }

  /** Sends as many requests as may be under way. */
  #send(): void {
    while (this.#queue.length > 0 && this.#underWay < this.#concurrency) {
      const batch = this.#takeBatch();
      this.#underWay++;
      void this.#exchange(batch).finally(() => {
        this.#underWay--;
        this.#send();
      });
    }
  }

  /** A trace or a witness is long enough alone. */
  #takeBatch(): Call[] {
    const isLong = ({ method }: Call): boolean => method.startsWith("debug_");
    const end = this.#queue.findIndex((call, i) => i >= this.#batch || isLong(call));
    if (end === 0) return this.#queue.splice(0, 1);
    return this.#queue.splice(0, end === -1 ? this.#queue.length : end);
  }

  async #exchange(batch: Call[]): Promise<void> {
    try {
      for (let wait = this.#pause(); wait > 0; wait = this.#pause())
        await sleep(wait, undefined, { signal: this.#signal });
      this.statistics.requests++;
      for (const call of batch) call.attempts++;
      const requests = batch.map(({ method, params }, id) => ({ jsonrpc: "2.0", id, method, params }));
      const body = JSON.stringify(requests.length === 1 ? requests[0] : requests);
      await this.#settle(batch, await exchange(this.#endpoint, body, this.#options, this.#signal));
    } catch (error) {
      const reason = this.#signal.aborted ? this.#signal.reason : error;
      for (const { reject } of batch) reject(reason);
    }
  }

  #pause(): number {
    return Math.ceil(this.#pausedUntil - performance.now());
  }

  async #settle(batch: Call[], end: Exchange): Promise<void> {
    if (end.kind === "failed") {
      const { meaning, reason, status = 0, retryAfterMs } = end;
      const refused =
        meaning.code === "BRAID_RPC_TOO_LARGE" ||
        (status >= 400 && status < 500 && meaning.code === "BRAID_RPC_FAILED");
      if (batch.length > 1 && refused) return this.#split(batch);
      // Too much for the time there is, maybe.
      if (meaning.code === "BRAID_RPC_TIMEOUT") this.#shrink(batch.length);
      return this.#retry(batch, meaning, reason, retryAfterMs);
    }
    this.statistics.bytes += end.bytes;
    if (batch.length === 1) return this.#settleOne(batch[0] as Call, end.json, end.status);
    if (Array.isArray(end.json)) return this.#settleMany(batch, end.json, end.status);
    // One error for the whole batch: the node takes none, or none so long.
    const failure = this.#failureIn(end.json, end.status);
    const meaning = failure === undefined ? undefined : meaningOf(failure);
    if (failure === undefined || meaning === undefined || !concernsAll(meaning)) return this.#split(batch);
    return this.#retry(batch, meaning, failure.message);
  }

  async #settleMany(batch: Call[], answers: unknown[], status: number): Promise<void> {
    const byId = new Map<unknown, object>();
    for (const answer of answers)
      if (typeof answer === "object" && answer !== null && "id" in answer && !byId.has(answer.id))
        byId.set(answer.id, answer);
    if (![...batch.keys()].some((id) => byId.has(id))) return this.#split(batch);
    // A node that stops in the middle of a batch answers the rest with errors, or not at all.
    const unanswered: Call[] = [];
    const settled: (Promise<void> | undefined)[] = batch.map((call, id) => {
      const answer = byId.get(id);
      const message = answer === undefined ? "" : (this.#failureIn(answer, status)?.message ?? "");
      if (answer !== undefined && !BATCH_LIMIT.test(message)) return this.#settleOne(call, answer, status);
      unanswered.push(call);
      return undefined;
    });
    if (unanswered.length === batch.length) return this.#split(batch);
    if (unanswered.length > 0) {
      this.#shrink(batch.length);
      settled.push(
        this.#retry(
          unanswered,
          { code: "BRAID_RPC_BAD_ANSWER", retry: "often" },
          "the answer lacks calls of its batch",
        ),
      );
    }
    await Promise.all(settled);
  }

  async #settleOne(call: Call, answer: unknown, status: number): Promise<void> {
    const failure = this.#failureIn(answer, status);
    if (failure !== undefined) return this.#retry([call], meaningOf(failure), failure.message, 0, failure);
    if (typeof answer !== "object" || answer === null || !("result" in answer))
      return this.#retry(
        [call],
        { code: "BRAID_RPC_BAD_ANSWER", retry: "often" },
        "the answer is not JSON-RPC",
      );
    this.#recover();
    call.resolve(answer.result);
  }

  #failureIn(answer: unknown, status: number): NodeFailure | undefined {
    if (typeof answer !== "object" || answer === null || !("error" in answer)) return undefined;
    const { error } = answer;
    if (error === null || error === undefined) return undefined;
    const { code, message, data } = (typeof error === "object" ? error : { message: error }) as Record<
      string,
      unknown
    >;
    const words = [message, data].filter((text) => typeof text === "string" && !text.startsWith("0x"));
    return {
      ...(typeof code === "number" ? { code } : {}),
      ...(status >= 400 ? { status } : {}),
      ...(typeof data === "string" && data.startsWith("0x") ? { data } : {}),
      message: this.#endpoint.redact(words.length === 0 ? "an error without words" : words.join(": ")),
    };
  }

  /** Makes calls again after a while, those that have not failed for good. */
  async #retry(
    calls: Call[],
    meaning: Meaning,
    reason: string,
    retryAfterMs = 0,
    answered?: NodeFailure,
  ): Promise<void> {
    const { attempts, backoffMs } = this.#options;
    const allowed = meaning.retry === "often" ? attempts : meaning.retry === "seldom" ? SELDOM : 1;
    const again = calls.filter((call) => call.attempts < Math.min(allowed, attempts));
    for (const call of calls)
      if (!again.includes(call)) call.reject(this.#error(call, meaning, reason, answered));
    const [first] = again;
    if (first === undefined) return;
    this.statistics.retries += again.length;
    const backoff = Math.min(backoffMs * 2 ** (first.attempts - 1), MAX_BACKOFF_MS);
    // Not all at the same time again.
    const wait = Math.max(Math.min(retryAfterMs, 3 * MAX_BACKOFF_MS), backoff * (0.5 + Math.random() / 2));
    if (meaning.code === "BRAID_RPC_RATE_LIMITED") {
      this.#pausedUntil = Math.max(this.#pausedUntil, performance.now() + wait);
      this.#concurrency = Math.max(1, this.#concurrency >> 1);
      this.#succeeded = 0;
    } else {
      await sleep(wait, undefined, { signal: this.#signal }).catch(() => {});
    }
    this.#again(again);
  }

  #recover(): void {
    if (this.#concurrency === this.#options.concurrency || ++this.#succeeded < RECOVERY) return;
    this.#succeeded = 0;
    this.#concurrency++;
  }

  /** Sends the calls of a batch in smaller ones; it does not count as an attempt. */
  #split(batch: Call[]): void {
    this.#shrink(batch.length);
    for (const call of batch) call.attempts--;
    this.#again(batch);
  }

  #shrink(refused: number): void {
    this.#batch = Math.max(1, Math.min(this.#batch, refused >> 1));
  }

  #again(calls: Call[]): void {
    if (this.#signal.aborted) for (const { reject } of calls) reject(this.#signal.reason);
    else this.#queue.unshift(...calls);
  }

  #error(
    { method, attempts }: Call,
    { code }: Meaning,
    reason: string,
    answered: NodeFailure | undefined,
  ): RpcError {
    const times = attempts > 1 ? ` (${attempts} attempts)` : "";
    const advice = ADVICE[code];
    const sentence = `${this.host} does not answer ${method}: ${reason.replace(/\.$/, "")}${times}.`;
    return new RpcError(code, advice === undefined ? sentence : `${sentence} ${advice}`, {
      host: this.host,
      method,
      attempts,
      ...(answered === undefined ? {} : { answered }),
    });
  }
}

/** What nodes say of the calls of a batch that they left out. */
const BATCH_LIMIT = /batch|response.{0,20}too (large|big)|response size/i;

/** An error that has nothing to do with how many calls there are. */
function concernsAll({ code, retry }: Meaning): boolean {
  return code === "BRAID_RPC_RATE_LIMITED" || code === "BRAID_RPC_UNAUTHORIZED" || retry === "often";
}
