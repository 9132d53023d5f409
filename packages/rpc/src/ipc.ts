// JSON-RPC over a Unix socket or a Windows pipe: requests follow each other in the stream, each answer ends with a line break.

import { chmod, stat, unlink } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { Connection } from "./connection.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { JsonSplitter } from "./json-text.ts";
import type { RpcLimits } from "./limits.ts";
import { RpcListenError } from "./listen-error.ts";

/** Listens on `path`, which only its owner may open. A socket file that nobody listens on is replaced. Throws RpcListenError. */
export async function listenIpc(
  path: string,
  dispatcher: Dispatcher,
  limits: RpcLimits,
  admit: (socket: Socket) => boolean,
): Promise<Server> {
  if (!isPipe(path)) await removeStale(path);
  const server = createServer((socket) => {
    if (admit(socket)) serve(socket, dispatcher, limits);
    else socket.destroy();
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

function serve(socket: Socket, dispatcher: Dispatcher, limits: RpcLimits): void {
  const splitter = new JsonSplitter();
  const send = (text: string): void => {
    socket.write(`${text}\n`);
    if (socket.writableLength > limits.unreadBytes) socket.destroy();
  };
  const connection = new Connection(send);
  socket.setEncoding("utf8");
  socket.on("data", (piece: string) => {
    for (const request of splitter.push(piece))
      void dispatcher.answer(request, connection).then((text) => {
        if (text !== undefined && !socket.destroyed) send(text);
      });
    if (splitter.pending > limits.bodyBytes) socket.destroy();
  });
  // Whatever went wrong with it, the connection is over.
  socket.on("error", () => socket.destroy());
  socket.on("close", () => connection.end());
}
