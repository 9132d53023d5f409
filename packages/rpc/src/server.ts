// The server: HTTP and WebSocket on one port, and an IPC socket, over one dispatcher.

import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Server as NetServer } from "node:net";
import type { Duplex } from "node:stream";
import type { WebSocketServer } from "ws";
import { Buffered } from "./buffered.ts";
import { Connections } from "./connections.ts";
import { Dispatcher, type RpcCallRecord, type RpcHandler } from "./dispatcher.ts";
import { answerHttp, isAllowedOrigin } from "./http.ts";
import { listenIpc } from "./ipc.ts";
import { DEFAULT_LIMITS, type RpcLimits } from "./limits.ts";
import { RpcListenError } from "./listen-error.ts";
import type { RpcMetrics } from "./metrics.ts";
import { Outbox } from "./outbox.ts";
import { serveWebSocket, type WebSocketOptions } from "./web-socket.ts";

export interface RpcServerOptions {
  handler: RpcHandler;
  /** Default "127.0.0.1". */
  host?: string;
  /** Default 8545; 0 for any free one. */
  port?: number;
  /** A Unix socket or Windows pipe to listen on as well. */
  ipcPath?: string;
  /** Origins of pages that may call. Default: all ("*"). */
  cors?: readonly string[];
  limits?: Partial<RpcLimits>;
  /** What GET /ready says. Default: always. */
  ready?: () => boolean;
  /** For logs; called after each request. */
  onCall?: (record: RpcCallRecord) => void;
}

/** Milliseconds that requests which are under way may still take when the server closes, and clients to read their last answers. */
const CLOSE_MS = 2_000;

/** PERF: loaded when there is a server. Who imports this package for its errors, as a node in another program does, starts 70 ms sooner. */
async function loadParts() {
  const [metrics, ws] = await Promise.all([import("./metrics.ts"), import("ws")]);
  return { Metrics: metrics.RpcMetrics, Sockets: ws.WebSocketServer };
}

export class RpcServer implements AsyncDisposable {
  readonly #http: Server;
  readonly #webSockets: WebSocketServer;
  #ipc: NetServer | undefined;
  readonly #connections: Connections;
  readonly #buffered: Buffered;
  readonly #limits: RpcLimits;
  readonly #cors: readonly string[];
  readonly #dispatcher: Dispatcher;
  readonly metrics: RpcMetrics;
  #ipcConnections = 0;

  /** Starts to listen. Throws RpcListenError. */
  static async listen(options: RpcServerOptions): Promise<RpcServer> {
    const server = new RpcServer(options, await loadParts());
    const { host = "127.0.0.1", port = 8545, ipcPath } = options;
    try {
      await server.#listen(host, port);
      if (ipcPath !== undefined)
        server.#ipc = await listenIpc(ipcPath, server.#streams, (socket) => {
          const connection = server.#connections.admit(socket);
          if (connection === undefined) return undefined;
          server.#ipcConnections++;
          socket.once("close", () => server.#ipcConnections--);
          return connection;
        });
      return server;
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  private constructor(
    { handler, cors = ["*"], limits, ready = () => true, onCall }: RpcServerOptions,
    { Metrics, Sockets }: Awaited<ReturnType<typeof loadParts>>,
  ) {
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    this.#cors = cors;
    this.#connections = new Connections(this.#limits.connections);
    this.#buffered = new Buffered(this.#limits.bufferedBytes);
    this.#dispatcher = new Dispatcher({
      handler,
      limits: this.#limits,
      onCall: (record) => {
        this.metrics.count(record);
        onCall?.(record);
      },
    });
    this.metrics = new Metrics({
      running: () => this.#dispatcher.running,
      waiting: () => this.#dispatcher.waiting,
      buffered: () => this.#buffered.bytes,
      connections: () => this.#countConnections(),
    });
    const http = { ...this.#streams, cors, metrics: this.metrics, ready, outbox: new Outbox() };
    const { bodyMs, bodyBytes, requestMs } = this.#limits;
    this.#http = createServer(
      { headersTimeout: bodyMs, requestTimeout: bodyMs, connectionsCheckingInterval: 1_000 },
      (request, response) => {
        const connection = this.#connections.of(request.socket);
        // It had to go.
        if (connection === undefined) return;
        // A client that goes away in the middle of its request.
        answerHttp(request, response, connection, http).catch(() => response.destroy());
      },
    );
    // Nobody reads the answer: so long nothing happens on no other connection.
    this.#http.setTimeout(bodyMs + requestMs);
    this.#webSockets = new Sockets({
      noServer: true,
      maxPayload: bodyBytes,
      perMessageDeflate: { threshold: 1_400, concurrencyLimit: 2, zlibDeflateOptions: { level: 1 } },
    });
    this.#http.on("connection", (socket) => {
      if (this.#connections.admit(socket) === undefined) socket.destroy();
    });
    this.#http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Where the server listens, as a URL. */
  get url(): string {
    const { address, port, family } = this.#http.address() as AddressInfo;
    return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
  }

  #listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#http.once("error", (error) => reject(new RpcListenError(`${host}:${port}`, error)));
      this.#http.listen(port, host, resolve);
    });
  }

  /** What the transports share. */
  get #streams(): WebSocketOptions {
    return { dispatcher: this.#dispatcher, limits: this.#limits, buffered: this.#buffered };
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    if (!isAllowedOrigin(request, this.#cors)) {
      socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
      return;
    }
    const connection = this.#connections.of(socket);
    if (connection === undefined) return;
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) =>
      serveWebSocket(webSocket, connection, this.#streams),
    );
  }

  #countConnections(): Record<string, number> {
    const webSocket = this.#webSockets.clients.size;
    const ipc = this.#ipcConnections;
    return { http: this.#connections.size - webSocket - ipc, websocket: webSocket, ipc };
  }

  /** Stops listening, lets requests that are under way end for a moment, and closes all connections. */
  async close(): Promise<void> {
    const closed = [this.#http, this.#ipc].map(
      (server) =>
        new Promise<void>((resolve) => {
          if (server?.listening === true) server.close(() => resolve());
          else resolve();
        }),
    );
    this.#http.closeIdleConnections();
    await this.#connections.untilAnswered(CLOSE_MS);
    for (const webSocket of this.#webSockets.clients) webSocket.close(1001, "the node is shutting down");
    const timer = setTimeout(() => {
      this.#connections.closeAll();
    }, CLOSE_MS);
    await Promise.all(closed);
    clearTimeout(timer);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
