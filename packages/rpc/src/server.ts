// The server: HTTP and WebSocket on one port, and an IPC socket, over one dispatcher.

import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Server as NetServer, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { Dispatcher, type RpcCallRecord, type RpcHandler } from "./dispatcher.ts";
import { answerHttp, isAllowedOrigin } from "./http.ts";
import { listenIpc } from "./ipc.ts";
import { DEFAULT_LIMITS, type RpcLimits } from "./limits.ts";
import { RpcListenError } from "./listen-error.ts";
import { RpcMetrics } from "./metrics.ts";
import { serveWebSocket } from "./web-socket.ts";

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

/** How long clients may take to read their last answers when the server closes. */
const CLOSE_MS = 2_000;

export class RpcServer implements AsyncDisposable {
  readonly #http: Server;
  readonly #webSockets: WebSocketServer;
  #ipc: NetServer | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #limits: RpcLimits;
  readonly #cors: readonly string[];
  readonly #dispatcher: Dispatcher;
  readonly metrics: RpcMetrics;
  #ipcConnections = 0;

  /** Starts to listen. Throws RpcListenError. */
  static async listen(options: RpcServerOptions): Promise<RpcServer> {
    const server = new RpcServer(options);
    const { host = "127.0.0.1", port = 8545, ipcPath } = options;
    try {
      await server.#listen(host, port);
      if (ipcPath !== undefined)
        server.#ipc = await listenIpc(ipcPath, server.#dispatcher, server.#limits, (socket) =>
          server.#admit(socket, true),
        );
      return server;
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  private constructor({ handler, cors = ["*"], limits, ready = () => true, onCall }: RpcServerOptions) {
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    this.#cors = cors;
    this.#dispatcher = new Dispatcher({
      handler,
      limits: this.#limits,
      onCall: (record) => {
        this.metrics.count(record);
        onCall?.(record);
      },
    });
    this.metrics = new RpcMetrics(
      () => this.#dispatcher.running,
      () => this.#countConnections(),
    );
    const http = { dispatcher: this.#dispatcher, limits: this.#limits, cors, metrics: this.metrics, ready };
    const { bodyMs, bodyBytes } = this.#limits;
    this.#http = createServer(
      { headersTimeout: bodyMs, requestTimeout: bodyMs, connectionsCheckingInterval: 1_000 },
      (request, response) => {
        // A client that goes away in the middle of its request.
        answerHttp(request, response, http).catch(() => response.destroy());
      },
    );
    this.#webSockets = new WebSocketServer({
      noServer: true,
      maxPayload: bodyBytes,
      perMessageDeflate: { threshold: 1_400, concurrencyLimit: 2, zlibDeflateOptions: { level: 1 } },
    });
    this.#http.on("connection", (socket) => {
      if (!this.#admit(socket, false)) socket.destroy();
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

  /** Counts a socket, unless there are too many. */
  #admit(socket: Socket, isIpc: boolean): boolean {
    if (this.#sockets.size >= this.#limits.connections) return false;
    this.#sockets.add(socket);
    if (isIpc) this.#ipcConnections++;
    socket.once("close", () => {
      this.#sockets.delete(socket);
      if (isIpc) this.#ipcConnections--;
    });
    return true;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    if (!isAllowedOrigin(request, this.#cors)) {
      socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) =>
      serveWebSocket(webSocket, this.#dispatcher, this.#limits),
    );
  }

  #countConnections(): Record<string, number> {
    const webSocket = this.#webSockets.clients.size;
    const ipc = this.#ipcConnections;
    return { http: this.#sockets.size - webSocket - ipc, websocket: webSocket, ipc };
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
    for (const webSocket of this.#webSockets.clients) webSocket.close(1001, "the node is shutting down");
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, CLOSE_MS);
    await Promise.all(closed);
    clearTimeout(timer);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
