// For tests: a JSON-RPC server over HTTP with the limits and the faults that nodes have.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** An error as JSON-RPC has it. */
export class Refusal extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Throws Refusal; anything else that it throws is the test's own error. */
export type Methods = (method: string, params: readonly unknown[]) => unknown;

/** What happens to one HTTP request instead of an answer. */
type Fault =
  | { kind: "drop" }
  | { kind: "truncate" }
  | { kind: "silence" }
  | { kind: "status"; status: number; body?: string; headers?: Record<string, string> };

export interface RpcServerOptions {
  /** Calls of one batch at most; 0: batches are refused as such. */
  batchLimit?: number;
  /** Milliseconds before each answer. */
  delayMs?: number;
  /** Asked before each request; `index` counts them from 0. */
  fault?: (index: number, calls: readonly string[]) => Fault | undefined;
}

interface RpcRequest {
  id: unknown;
  method: string;
  params: readonly unknown[];
}

export class RpcServer {
  /** The methods of each HTTP request. */
  readonly requests: string[][] = [];
  /** The headers of the last request. */
  headers: IncomingMessage["headers"] = {};
  readonly #methods: Methods;
  readonly #options: RpcServerOptions;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  private constructor(methods: Methods, options: RpcServerOptions) {
    this.#methods = methods;
    this.#options = options;
  }

  static async start(methods: Methods, options: RpcServerOptions = {}): Promise<RpcServer> {
    const server = new RpcServer(methods, options);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How often a method was called. */
  count(method: string): number {
    return this.requests.flat().filter((name) => name === method).length;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const json = JSON.parse(await text(request)) as RpcRequest | RpcRequest[];
    const calls = Array.isArray(json) ? json : [json];
    const names = calls.map(({ method }) => method);
    const fault = this.#options.fault?.(this.requests.length, names);
    this.requests.push(names);
    this.headers = request.headers;
    const { batchLimit = 100, delayMs = 0 } = this.#options;
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (fault?.kind === "silence") return;
    if (fault?.kind === "drop") {
      request.socket.destroy();
      return;
    }
    if (fault?.kind === "status") {
      response.writeHead(fault.status, fault.headers).end(fault.body ?? "");
      return;
    }
    const answer =
      Array.isArray(json) && json.length > batchLimit
        ? error(null, -32600, batchLimit === 0 ? "batches are not supported" : `more than ${batchLimit}`)
        : Array.isArray(json)
          ? await Promise.all(json.map((call) => this.#answer(call)))
          : await this.#answer(json);
    const body = JSON.stringify(answer);
    response.setHeader("content-type", "application/json");
    response.end(fault?.kind === "truncate" ? body.slice(0, body.length >> 1) : body);
  }

  async #answer({ id, method, params }: RpcRequest): Promise<object> {
    try {
      return { jsonrpc: "2.0", id, result: (await this.#methods(method, params)) ?? null };
    } catch (reason) {
      if (reason instanceof Refusal) return error(id, reason.code, reason.message);
      return error(id, -32000, `the test's server is wrong: ${String(reason)}`);
    }
  }
}

function error(id: unknown, code: number, message: string): object {
  return { jsonrpc: "2.0", id, error: { code, message } };
}
