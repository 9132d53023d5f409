// JSON-RPC over WebSocket: requests and answers as text messages, and notifications of subscriptions.

import type { WebSocket } from "ws";
import type { Buffered } from "./buffered.ts";
import type { Connection } from "./connection.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { PARSE_ERROR } from "./errors.ts";
import { Inflow } from "./inflow.ts";
import type { RpcLimits } from "./limits.ts";

/** RFC 6455 section 7.4.1. */
const POLICY_VIOLATION = 1008;
/** A peer that has not answered by the next one is gone. */
const PING_MS = 30_000;

const BINARY = JSON.stringify({
  jsonrpc: "2.0",
  id: null,
  error: { code: PARSE_ERROR, message: "requests are sent as text messages" },
});

export interface WebSocketOptions {
  dispatcher: Dispatcher;
  limits: RpcLimits;
  buffered: Buffered;
}

/** Serves one socket until it is closed. */
export function serveWebSocket(
  socket: WebSocket,
  connection: Connection,
  { dispatcher, limits, buffered }: WebSocketOptions,
): void {
  const send = (text: string): void => {
    if (socket.readyState !== socket.OPEN) return;
    // Also called when the socket is closed with it.
    socket.send(text, buffered.hold(connection, text.length));
    connection.lastActive = performance.now();
    // Who does not read what it has subscribed to would be kept in memory for ever.
    if (socket.bufferedAmount <= limits.unreadBytes) return;
    socket.close(POLICY_VIOLATION, "too much is unread");
    socket.terminate();
  };
  connection.listenWith(send);
  const inflow = new Inflow(connection, limits, buffered, socket);
  socket.on("message", (data, isBinary) => {
    if (isBinary) return send(BINARY);
    const text = String(data);
    void inflow.serve(text, async () => {
      const answer = await dispatcher.answer(text, connection);
      if (answer !== undefined) send(answer);
    });
  });
  let alive = true;
  const pings = setInterval(() => {
    // Its answer may be among what is not read at present.
    if (inflow.isPaused) return;
    if (!alive) return socket.terminate();
    alive = false;
    socket.ping();
  }, PING_MS);
  pings.unref();
  socket.on("pong", () => {
    alive = true;
  });
  // A message that is too large or no WebSocket at all: ws closes the socket by itself.
  socket.on("error", () => {});
  socket.on("close", () => clearInterval(pings));
}
