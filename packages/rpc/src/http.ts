// JSON-RPC over HTTP: POST with a request or a batch, OPTIONS for browsers, GET for health, readiness and metrics.

import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Buffered } from "./buffered.ts";
import type { Connection } from "./connection.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { RpcLimits } from "./limits.ts";
import type { RpcMetrics } from "./metrics.ts";
import type { Outbox } from "./outbox.ts";

const gzipAsync = promisify(gzip);
const brotliAsync = promisify(brotliCompress);
/** Below this a compressed answer saves no packet. */
const MIN_COMPRESSED = 1_400;

export interface HttpOptions {
  dispatcher: Dispatcher;
  limits: RpcLimits;
  /** Origins of pages that may call: "*" for all. */
  cors: readonly string[];
  metrics: RpcMetrics;
  buffered: Buffered;
  outbox: Outbox;
  /** Is the node ready to serve? */
  ready: () => boolean;
}

type Answer = { status: number; body?: string; type?: string; close?: boolean; retryAfter?: number };
type Headers = Record<string, string | number>;

/** Seconds after which a client that was refused may try again. */
const RETRY_AFTER = 1;

/** Answers one HTTP request. Rejects when the client goes away in the middle of it. */
export async function answerHttp(
  request: IncomingMessage,
  response: ServerResponse,
  connection: Connection,
  options: HttpOptions,
): Promise<void> {
  // They are answered one after the other, and the socket is read all the same: nobody has reason to send so many.
  if (connection.underWay >= options.limits.waitingPerConnection) return connection.close();
  await connection.serve(() => answer(request, response, connection, options));
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  connection: Connection,
  options: HttpOptions,
): Promise<void> {
  const allowed = isAllowedOrigin(request, options.cors);
  const headers = allowed ? corsHeaders(request, options.cors) : {};
  // A page could not read the answer, but its request would have been carried out.
  const found = allowed
    ? await respond(request, connection, options)
    : { status: 403, body: "This origin may not call\n" };
  if (found.close === true) headers.Connection = "close";
  if (found.retryAfter !== undefined) headers["Retry-After"] = found.retryAfter;
  const { length = 0 } = found.body ?? {};
  if (response.destroyed) return;
  if (length >= MIN_COMPRESSED) {
    response.once("close", options.buffered.hold(connection, length));
    return sendLarge(request, response, found, headers);
  }
  await options.outbox.turn();
  if (response.destroyed) return;
  send(request, response, found, headers);
  // Most are on their way by now, and nothing of them is kept.
  if (length > 0 && !isWritten(response)) response.once("close", options.buffered.hold(connection, length));
}

/** Has the system taken all of it? */
function isWritten({ socket }: ServerResponse): boolean {
  return socket !== null && socket.writableLength === 0;
}

async function respond(
  request: IncomingMessage,
  connection: Connection,
  options: HttpOptions,
): Promise<Answer> {
  switch (request.method) {
    case "POST":
      return post(request, connection, options);
    case "OPTIONS":
      return { status: 204 };
    case "GET":
    case "HEAD":
      return get(request, options);
    default:
      return { status: 405, body: "JSON-RPC requests are sent by POST\n" };
  }
}

async function get({ url }: IncomingMessage, { metrics, ready }: HttpOptions): Promise<Answer> {
  switch (url?.split("?")[0]) {
    case "/":
      return {
        status: 200,
        body: "Braid answers JSON-RPC requests that are sent here by POST or WebSocket.\n",
      };
    case "/health":
      return { status: 200, body: '{"status":"ok"}', type: "application/json" };
    case "/ready": {
      const isReady = ready();
      return {
        status: isReady ? 200 : 503,
        body: JSON.stringify({ ready: isReady }),
        type: "application/json",
      };
    }
    case "/metrics":
      return { status: 200, body: await metrics.text(), type: metrics.contentType };
    default:
      return {
        status: 404,
        body: "There is /health, /ready and /metrics; JSON-RPC requests are sent by POST\n",
      };
  }
}

async function post(
  request: IncomingMessage,
  connection: Connection,
  { dispatcher, limits, buffered }: HttpOptions,
): Promise<Answer> {
  const releases: (() => void)[] = [];
  try {
    const hold = (bytes: number): unknown => releases.push(buffered.hold(connection, bytes));
    const body = await readBody(request, limits.bodyBytes, hold);
    if (body === undefined)
      return { status: 413, body: `The body is larger than ${limits.bodyBytes} bytes\n`, close: true };
    let isRefused = false;
    const text = await dispatcher.answer(body, connection, () => {
      isRefused = true;
    });
    // All were notifications.
    if (text === undefined) return { status: 204 };
    if (isRefused) return { status: 429, body: text, type: "application/json", retryAfter: RETRY_AFTER };
    return { status: 200, body: text, type: "application/json" };
  } finally {
    for (const release of releases) release();
  }
}

/** The body, whose text is made when it is needed: it may be long. Undefined when it is too large. Rejects when the client goes away in the middle. */
async function readBody(
  request: IncomingMessage,
  limit: number,
  hold: (bytes: number) => void,
): Promise<(() => string) | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > limit) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  // PERF: iterating over the request takes three times as long.
  return new Promise((resolve, reject) => {
    let isWhole = false;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > limit) {
        request.pause();
        return resolve(undefined);
      }
      hold(chunk.length);
      chunks.push(chunk);
    });
    request.on("end", () => {
      isWhole = true;
      resolve(() => textOf(chunks));
    });
    // PERF: it comes after every request, and an error costs more than all the rest of this.
    request.on("close", () => {
      if (!isWhole) reject(new Error("the client has gone"));
    });
  });
}

function textOf(chunks: readonly Buffer[]): string {
  const [only] = chunks;
  return (chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)).toString("utf8");
}

/** May the page that sends this request call? What is no page sends no origin. */
export function isAllowedOrigin({ headers }: IncomingMessage, cors: readonly string[]): boolean {
  const { origin } = headers;
  return origin === undefined || cors.includes("*") || cors.includes(origin);
}

/** https://fetch.spec.whatwg.org/#http-cors-protocol */
function corsHeaders({ headers }: IncomingMessage, cors: readonly string[]): Headers {
  const { origin } = headers;
  const all = cors.includes("*");
  const vary: Headers = all ? {} : { Vary: "Origin" };
  if (origin === undefined) return vary;
  return {
    ...vary,
    "Access-Control-Allow-Origin": all ? "*" : origin,
    "Access-Control-Allow-Methods": "POST, GET, OPTIONS",
    "Access-Control-Allow-Headers": headers["access-control-request-headers"] ?? "content-type",
    "Access-Control-Max-Age": "600",
  };
}

/** PERF: head and body go in one piece. */
function send(
  { method }: IncomingMessage,
  response: ServerResponse,
  { status, body = "", type = "text/plain; charset=utf-8" }: Answer,
  headers: Headers,
): void {
  if (body !== "") headers["Content-Type"] = type;
  if (status !== 204) headers["Content-Length"] = Buffer.byteLength(body);
  response.writeHead(status, headers);
  response.end(method === "HEAD" || status === 204 ? undefined : body);
}

/** Compresses what the client takes compressed. */
async function sendLarge(
  request: IncomingMessage,
  response: ServerResponse,
  { status, body = "", type = "text/plain; charset=utf-8" }: Answer,
  headers: Headers,
): Promise<void> {
  const accepted = String(request.headers["accept-encoding"] ?? "");
  const [encoding, content] = await compress(Buffer.from(body), accepted);
  headers["Content-Type"] = type;
  headers.Vary = headers.Vary === undefined ? "Accept-Encoding" : `${headers.Vary}, Accept-Encoding`;
  if (response.destroyed) return;
  if (encoding !== undefined) headers["Content-Encoding"] = encoding;
  headers["Content-Length"] = content.length;
  response.writeHead(status, headers);
  response.end(request.method === "HEAD" ? undefined : content);
}

/** PERF: the fastest levels, off the main thread: answers are compressed once and read once. */
async function compress(
  bytes: Buffer,
  accepted: string,
): Promise<[encoding: string | undefined, bytes: Buffer]> {
  if (/\bgzip\b/.test(accepted)) return ["gzip", await gzipAsync(bytes, { level: 1 })];
  if (/\bbr\b/.test(accepted))
    return ["br", await brotliAsync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })];
  return [undefined, bytes];
}
