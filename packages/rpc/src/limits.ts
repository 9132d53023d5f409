// What one client may ask for. Each limit is an option of the server.

export interface RpcLimits {
  /** Bytes of a request body or WebSocket message. */
  bodyBytes: number;
  /** Requests in a batch. */
  batchLength: number;
  /** Bytes of an answer; of a batch, of all its answers. */
  responseBytes: number;
  /** Brackets within brackets. */
  depth: number;
  /** Milliseconds for one request; its signal is aborted then. */
  requestMs: number;
  /** Milliseconds in which a request's head and body must have come. */
  bodyMs: number;
  /** Sockets, over all transports; when there are so many, the one that was silent for longest gives way to a new one. */
  connections: number;
  /** Requests that may take long and run at the same time, over all clients; those that have gone on to other threads are not counted. */
  concurrent: number;
  /** Requests that have gone on elsewhere, on other threads for one: as long as there are so many, a connection has no more than one under way. */
  elsewhere: number;
  /** Of these, of one connection: a client that asks for much waits for itself. */
  concurrentPerConnection: number;
  /** Requests that may take long and wait for their turn, over all clients; beyond, one is refused of the client that has most of them. */
  waiting: number;
  /** Requests of one connection that have no answer yet; of a WebSocket or IPC client nothing more is read then, an HTTP client is closed. */
  waitingPerConnection: number;
  /** Bytes that a WebSocket or IPC client has not read yet; beyond, its connection is closed. */
  unreadBytes: number;
  /** Bytes of requests and answers that are kept for all clients together; beyond, the connection is closed that has most of them. */
  bufferedBytes: number;
}

const MIB = 1024 * 1024;

/** geth allows 5 MiB, 1,000 requests and 25 MB; the others keep a development node alive under a fuzzer and are out of reach of ordinary use. */
export const DEFAULT_LIMITS: RpcLimits = {
  bodyBytes: 5 * MIB,
  batchLength: 1_000,
  responseBytes: 25 * MIB,
  depth: 64,
  requestMs: 30_000,
  bodyMs: 15_000,
  connections: 2_000,
  concurrent: 8,
  elsewhere: 1_024,
  concurrentPerConnection: 16,
  waiting: 10_000,
  waitingPerConnection: 1_000,
  unreadBytes: 16 * MIB,
  bufferedBytes: 512 * MIB,
};
