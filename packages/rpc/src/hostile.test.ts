// Clients that keep to no protocol, over plain sockets: whatever comes, the server lives, gives up what is not worth waiting for, and answers others.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { RpcHandler } from "./dispatcher.ts";
import { RpcServer, type RpcServerOptions } from "./server.ts";

const handler: RpcHandler = {
  has: () => true,
  isHeavy: (method) => method !== "light",
  call: async (method, params) => {
    if (method === "long") return "x".repeat((params as number[])[0] ?? 0);
    if (method === "endless") return new Promise(() => {});
    return "answered";
  },
};

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(limits: RpcServerOptions["limits"] = {}): Promise<RpcServer> {
  const server = await RpcServer.listen({ handler, port: 0, limits });
  closing.push(() => server.close());
  return server;
}

const portOf = ({ url }: RpcServer): number => Number(new URL(url).port);

async function open(server: RpcServer): Promise<Socket> {
  const socket = connect(portOf(server));
  closing.push(() => socket.destroy());
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** Whether in an orderly way or not. */
async function untilClosed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
}

/** All that comes until the socket is closed. */
async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  await untilClosed(socket);
  return Buffer.concat(chunks).toString("latin1");
}

async function expectAlive({ url }: RpcServer): Promise<void> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "light" });
  const answer = await fetch(url, { method: "POST", body });
  expect(await answer.json()).toEqual({ jsonrpc: "2.0", id: 1, result: "answered" });
}

const post = (body: string, more = ""): string =>
  `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${more}\r\n${body}`;

const request = (method: string, params: unknown = []): string =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });

async function upgrade(server: RpcServer, extensions = ""): Promise<Socket> {
  const socket = await open(server);
  socket.write(
    `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n${extensions}\r\n`,
  );
  const [head] = (await once(socket, "data")) as [Buffer];
  expect(head.toString()).toMatch(/^HTTP\/1\.1 101/);
  return socket;
}

/** A frame as clients send them, its payload masked with zeros. */
function frame(head: number, payload: Uint8Array): Buffer {
  const length = payload.length;
  const size =
    length < 126
      ? Buffer.from([0x80 | length])
      : length < 65_536
        ? Buffer.from([0xfe, length >> 8, length & 0xff])
        : Buffer.from([0xff, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (length >>> shift) & 0xff)]);
  return Buffer.concat([Buffer.from([head]), size, Buffer.alloc(4), payload]);
}

describe("HTTP", () => {
  test.each([
    ["no HTTP at all", "\u0016\u0003\u0001 hello\r\n\r\n", /400/],
    ["a header of 100 KB", `GET / HTTP/1.1\r\nHost: x\r\nA: ${"a".repeat(100_000)}\r\n\r\n`, /431|^$/],
    ["10,000 headers", `GET / HTTP/1.1\r\nHost: x\r\n${"A: a\r\n".repeat(10_000)}\r\n`, /431|200/],
    ["two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", /400/],
    ["a length and chunks", `${post("{}", "Transfer-Encoding: chunked\r\n")}`, /400/],
    ["a negative length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", /400/],
    ["a length of a terabyte", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1099511627776\r\n\r\n", /413/],
    [
      "a chunk of no size",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      /400|^$/,
    ],
    ["a body that is no UTF-8", post("\u0000\uffff{"), /32700/],
    ["an expectation", post(request("light"), "Expect: the-unexpected\r\n"), /417|200/],
    ["another protocol", "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", /4\d\d/],
    ["a path of 5 KB", `GET /${"../".repeat(1_700)} HTTP/1.1\r\nHost: x\r\n\r\n`, /404/],
  ])("%s", async (_what, sent, expected) => {
    const server = await serve({ bodyMs: 500 });
    const socket = await open(server);
    const received = readAll(socket);
    socket.write(sent);
    socket.end();
    expect(await received).toMatch(expected);
    await expectAlive(server);
  });

  test("any bytes", { timeout: 60_000 }, async () => {
    const server = await serve({ bodyMs: 300 });
    const pieces = fc.array(
      fc.oneof(
        fc.constantFrom(
          "POST / HTTP/1.1\r\n",
          "GET /health HTTP/1.1\r\n",
          "Host: x\r\n",
          "Content-Length: 10\r\n",
          "\r\n",
          "{}",
        ),
        fc.constantFrom(
          "Transfer-Encoding: chunked\r\n",
          "Upgrade: websocket\r\nConnection: Upgrade\r\n",
          request("light"),
        ),
        fc.string({ unit: "binary", maxLength: 20 }),
      ),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(pieces, async (sent) => {
        const socket = await open(server);
        const received = readAll(socket);
        socket.end(Buffer.from(sent.join(""), "latin1"));
        const text = await received;
        expect(text === "" || text.startsWith("HTTP/1.1 ")).toBe(true);
      }),
      { numRuns: 300 },
    );
    await expectAlive(server);
  });

  test("heads and bodies that come a byte at a time are given up", async () => {
    const server = await serve({ bodyMs: 300 });
    const slow = await Promise.all(
      ["POST / HTTP/1.1\r\nHost: x\r\nA: ", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"].map(
        async (head) => {
          const socket = await open(server);
          socket.write(head);
          const drip = setInterval(() => socket.write("a"), 50);
          await readAll(socket);
          clearInterval(drip);
          return true;
        },
      ),
    );
    expect(slow).toEqual([true, true]);
    await expectAlive(server);
  });

  test("who sends request after request and reads nothing is closed", async () => {
    const server = await serve({ waitingPerConnection: 100, requestMs: 500, bodyMs: 500 });
    const many = await open(server);
    many.write(post(request("endless")).repeat(500));
    await readAll(many);
    const deaf = await open(server);
    deaf.pause();
    deaf.write(post(request("long", [20_000_000])));
    // Nothing is read of it: only the end of the connection can be seen, when something is written to it.
    const prod = setInterval(() => deaf.write("POST"), 100);
    await untilClosed(deaf);
    clearInterval(prod);
    await expectAlive(server);
  });

  test("bodies that are kept for all clients together have a limit; who has most of it goes", async () => {
    const server = await serve({ bufferedBytes: 1_000_000, bodyMs: 60_000 });
    const half = async (bytes: number): Promise<Socket> => {
      const socket = await open(server);
      socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n${"x".repeat(bytes)}`);
      return socket;
    };
    const small = await half(300_000);
    await sleep(100);
    const large = await half(900_000);
    await readAll(large);
    expect(small.closed).toBe(false);
    await expectAlive(server);
  });
});

describe("connections", () => {
  test("when there are as many as may be, the one that was silent for longest gives way", async () => {
    const server = await serve({ connections: 20, bodyMs: 60_000, concurrentPerConnection: 1 });
    const busy = await open(server);
    busy.write(post(request("endless")));
    const silent = await Promise.all(Array.from({ length: 19 }, () => open(server)));
    await sleep(1_100);
    await expectAlive(server);
    await sleep(50);
    expect(silent.filter(({ closed }) => closed).length).toBe(1);
    expect(busy.closed).toBe(false);
  });
});

describe("a queue that is full", () => {
  test("refuses who has most in it, and says when to try again", async () => {
    const server = await serve({ concurrent: 1, waiting: 1 });
    const busy = await open(server);
    busy.write(post(request("endless")));
    const ask = (): Promise<Response> => fetch(server.url, { method: "POST", body: request("heavy") });
    await sleep(50);
    const refused = await Promise.race([ask(), ask()]);
    expect([refused.status, refused.headers.get("Retry-After")]).toEqual([429, "1"]);
    expect(await refused.json()).toMatchObject({ id: 1, error: { code: -32005 } });
    busy.destroy();
    await expectAlive(server);
  });
});

describe("WebSocket", () => {
  test.each([
    ["an unknown opcode", Buffer.from([0x8f, 0x80, 0, 0, 0, 0])],
    ["a frame without a mask", Buffer.from([0x81, 0x01, 0x61])],
    ["reserved bits", frame(0xf1, Buffer.from("a"))],
    ["a continuation of nothing", frame(0x80, Buffer.from("a"))],
    ["a long ping", frame(0x89, Buffer.alloc(200))],
    ["a text that is no UTF-8", frame(0x81, Buffer.from([0xff, 0xfe, 0xc0]))],
    ["a message of a terabyte", Buffer.from([0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
    ["a close of one byte", frame(0x88, Buffer.from([1]))],
    ["anything", randomBytes(10_000)],
  ])("%s closes it", async (_what, sent) => {
    const server = await serve();
    const socket = await upgrade(server);
    socket.write(sent);
    await readAll(socket);
    await expectAlive(server);
  });

  test("a message that grows a thousandfold when it is unpacked closes it", async () => {
    const server = await serve({ bodyBytes: 1 << 20 });
    const socket = await upgrade(server, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    const bomb = deflateRawSync(Buffer.alloc(100 << 20, 0x20));
    socket.write(frame(0xc1, bomb));
    await readAll(socket);
    await expectAlive(server);
  });

  test("of a client that sends more than is answered nothing is read, and all is answered in the end", async () => {
    const server = await serve({ waitingPerConnection: 10, concurrentPerConnection: 5 });
    const socket = new WebSocket(server.url.replace("http", "ws"));
    closing.push(() => socket.terminate());
    await once(socket, "open");
    let answered = 0;
    socket.on("message", () => answered++);
    const padded = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "light", params: ["x".repeat(1_000)] });
    for (let i = 0; i < 5_000; i++) socket.send(padded);
    for (let i = 0; i < 500 && answered < 5_000; i++) await sleep(20);
    expect(answered).toBe(5_000);
    await expectAlive(server);
  });
});
