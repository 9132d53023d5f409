// JSON-RPC over a Unix socket or a Windows pipe: requests follow each other in the stream, each answer ends with a line break.

import { chmod, stat, unlink } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Connection } from "./connection.ts";
import { Inflow } from "./inflow.ts";
import { JsonSplitter } from "./json-text.ts";
import { RpcListenError } from "./listen-error.ts";
import type { WebSocketOptions } from "./web-socket.ts";

/** As for WebSockets. */
type IpcOptions = WebSocketOptions;

/** Listens on `path`, which only its owner may open. A socket file that nobody listens on is replaced. Throws RpcListenError. */
export async function listenIpc(
  path: string,
  options: IpcOptions,
  admit: (socket: Socket) => Connection | undefined,
): Promise<Server> {
  if (!isPipe(path)) await removeStale(path);
  const server = createServer((socket) => {
    const connection = admit(socket);
    if (connection === undefined) socket.destroy();
    else serve(socket, connection, options);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(new RpcListenError(path, error)));
    server.listen(path, resolve);
  });
  if (!isPipe(path)) await chmod(path, 0o600);
  return server;
}

function isPipe(path: string): boolean {
  return path.startsWith("\\\\.\\pipe\\");
}

/** A node that was killed leaves its socket file behind. */
async function removeStale(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) throw new RpcListenError(path, new Error("there is a file of that name"));
  const alive = await new Promise<boolean>((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", () => resolve(false));
  });
  if (alive) throw new RpcListenError(path, new Error("another process listens there"));
  await unlink(path);
}

function serve(socket: Socket, connection: Connection, { dispatcher, limits, buffered }: IpcOptions): void {
  const splitter = new JsonSplitter();
  const send = (text: string): void => {
    if (socket.destroyed) return;
    // Also called when the socket is closed with it.
    socket.write(`${text}\n`, buffered.hold(connection, text.length));
    connection.lastActive = performance.now();
    if (socket.writableLength > limits.unreadBytes) socket.destroy();
  };
  connection.listenWith(send);
  const inflow = new Inflow(connection, limits, buffered, socket);
  let release = (): void => {};
  socket.setEncoding("utf8");
  socket.on("data", (piece: string) => {
    for (const request of splitter.push(piece))
      void inflow.serve(request, async () => {
        const answer = await dispatcher.answer(request, connection);
        if (answer !== undefined) send(answer);
      });
    release();
    release = buffered.hold(connection, splitter.pending);
    if (splitter.pending > limits.bodyBytes) socket.destroy();
  });
  // Whatever went wrong with it, the connection is over.
  socket.on("error", () => socket.destroy());
  socket.on("close", () => release());
}
