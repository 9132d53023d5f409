// The server against real clients: fetch, ws, plain sockets. What a hostile one sends must end in an answer, and reach nobody else.

import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { RpcContext, RpcHandler } from "./dispatcher.ts";
import { invalidParams, RpcError } from "./errors.ts";
import { RpcServer, type RpcServerOptions } from "./server.ts";

type Method = (params: unknown, context: RpcContext) => unknown;

/** Methods for the tests: what a node's may do. */
const METHODS: Record<string, Method> = {
  echo: (params) => params,
  nothing: () => undefined,
  long: (params) => "x".repeat((params as number[])[0] ?? 0),
  refuse: () => {
    throw invalidParams("no such thing");
  },
  revert: () => {
    throw new RpcError(3, "execution reverted", "0x08c379a0");
  },
  bug: () => {
    throw new TypeError("a secret");
  },
  endless: () => new Promise(() => {}),
  wait: (params) => sleep((params as number[])[0] ?? 0, "waited"),
  subscribe: (params, { connection }) => {
    if (connection.notify === undefined) throw new RpcError(-32601, "notifications not supported");
    const [count, size] = params as [number, number];
    for (let i = 0; i < count; i++) connection.notify("eth_subscription", { i, filler: "x".repeat(size) });
    return "0x1";
  },
};

function handlerOf(methods: Record<string, Method>): RpcHandler {
  return {
    has: (method) => Object.hasOwn(methods, method),
    call: async (method, params, context) => methods[method]?.(params, context),
  };
}

const servers: RpcServer[] = [];

async function serve(options: Partial<RpcServerOptions> = {}): Promise<RpcServer> {
  const server = await RpcServer.listen({ handler: handlerOf(METHODS), port: 0, ...options });
  servers.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function post(
  { url }: RpcServer,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return fetch(url, {
    method: "POST",
    body: text,
    headers: { "content-type": "application/json", ...headers },
  });
}

const ask = async (server: RpcServer, body: unknown): Promise<unknown> => (await post(server, body)).json();

const request = (method: string, params: unknown = [], id: unknown = 1) => ({
  jsonrpc: "2.0",
  id,
  method,
  params,
});

describe("requests over HTTP", () => {
  test("a result, an error with data, and no result", async () => {
    const server = await serve();
    expect(await ask(server, request("echo", [1, "a"]))).toEqual({ jsonrpc: "2.0", id: 1, result: [1, "a"] });
    expect(await ask(server, request("nothing", undefined, "abc"))).toEqual({
      jsonrpc: "2.0",
      id: "abc",
      result: null,
    });
    expect(await ask(server, request("revert"))).toEqual({
      jsonrpc: "2.0",
      id: 1,
      error: { code: 3, message: "execution reverted", data: "0x08c379a0" },
    });
  });

  test("a batch is answered in its order; notifications are not", async () => {
    const server = await serve();
    const batch = [request("wait", [20], 1), { jsonrpc: "2.0", method: "echo" }, request("echo", [], 2), 7];
    expect(await ask(server, batch)).toMatchObject([
      { id: 1, result: "waited" },
      { id: 2 },
      { error: { code: -32600 } },
    ]);
    expect((await post(server, [{ method: "echo" }])).status).toBe(204);
  });

  test.each([
    ["no JSON", "{", -32700],
    ["nothing", "", -32700],
    ["a number", "1", -32600],
    ["an empty batch", "[]", -32600],
    ["no method", "{}", -32600],
    ["a method that is no name", `{"id":1,"method":{}}`, -32600],
    ["params that are a number", `{"id":1,"method":"echo","params":1}`, -32600],
    ["an id that is an object", `{"id":{},"method":"echo"}`, -32600],
    ["an unknown method", `{"id":1,"method":"eth_x"}`, -32601],
    ["a name of the prototype", `{"id":1,"method":"constructor"}`, -32601],
    ["too deep a nest", `{"id":1,"method":"echo","params":${"[".repeat(100_000)}`, -32600],
    ["too long a batch", JSON.stringify(Array(1_001).fill(request("echo"))), -32600],
  ])("%s is refused with its code", async (_what, body, code) => {
    const server = await serve();
    expect(await ask(server, body)).toMatchObject({ error: { code } });
    expect(await ask(server, request("echo"))).toMatchObject({ result: [] });
  });

  test("what a bug threw is told to the log and not to the client", async () => {
    const bugs: unknown[] = [];
    const server = await serve({ onCall: ({ bug }) => bugs.push(bug) });
    const answer = await ask(server, request("bug"));
    expect(answer).toMatchObject({ error: { code: -32603 } });
    expect(JSON.stringify(answer)).not.toContain("secret");
    expect(bugs).toMatchObject([{ message: "a secret" }]);
  });

  test("limits: the body with and without its length, the answer, the time", async () => {
    const server = await serve({ limits: { bodyBytes: 1_000, responseBytes: 2_000, requestMs: 50 } });
    expect((await post(server, request("echo", ["x".repeat(1_000)]))).status).toBe(413);
    const pieces = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 20; i++) controller.enqueue(new TextEncoder().encode("x".repeat(100)));
        controller.close();
      },
    });
    const streamed = await fetch(server.url, { method: "POST", body: pieces, duplex: "half" } as RequestInit);
    expect(streamed.status).toBe(413);
    expect(await ask(server, request("long", [3_000]))).toMatchObject({ error: { code: -32003 } });
    expect(await ask(server, [request("long", [1_500], 1), request("long", [1_500], 2)])).toMatchObject([
      { id: 1, result: expect.any(String) },
      { id: 2, error: { code: -32003 } },
    ]);
    expect(await ask(server, request("endless"))).toMatchObject({ error: { code: -32002 } });
  });

  test("large answers are compressed for who takes it", async () => {
    const server = await serve();
    const socket = connect(Number(new URL(server.url).port));
    const body = JSON.stringify(request("long", [100_000]));
    socket.write(
      `POST / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const chunks: Buffer[] = [];
    for await (const chunk of socket as AsyncIterable<Buffer>) chunks.push(chunk);
    const answer = Buffer.concat(chunks);
    const head = answer.indexOf("\r\n\r\n");
    expect(answer.subarray(0, head).toString()).toMatch(/Content-Encoding: gzip/i);
    expect(answer.length).toBeLessThan(2_000);
    expect(JSON.parse(gunzipSync(answer.subarray(head + 4)).toString()).result).toHaveLength(100_000);
  });

  test("pages of allowed origins may call, others may not", async () => {
    const open = await serve();
    expect(
      (await post(open, request("echo"), { origin: "http://a" })).headers.get("access-control-allow-origin"),
    ).toBe("*");
    const closed = await serve({ cors: ["http://a"] });
    const preflight = await fetch(closed.url, { method: "OPTIONS", headers: { origin: "http://a" } });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("http://a");
    expect((await post(closed, request("echo"), { origin: "http://b" })).status).toBe(403);
    expect((await post(closed, request("echo"))).status).toBe(200);
  });

  test("health, readiness and metrics", async () => {
    let ready = false;
    const server = await serve({ ready: () => ready });
    const get = (path: string) => fetch(server.url + path);
    expect((await get("/health")).status).toBe(200);
    expect((await get("/ready")).status).toBe(503);
    ready = true;
    expect((await get("/ready")).status).toBe(200);
    expect((await get("/nowhere")).status).toBe(404);
    expect((await fetch(server.url, { method: "PUT" })).status).toBe(405);
    await ask(server, request("revert"));
    await ask(server, request(`made-up-${"x".repeat(50)}`));
    const text = await (await get("/metrics")).text();
    expect(text).toContain('braid_rpc_requests_total{method="revert",code="3"} 1');
    expect(text).toContain('braid_rpc_requests_total{method="unknown",code="-32601"} 1');
    expect(text).not.toContain("made-up");
    expect(text).toMatch(/braid_rpc_connections\{transport="http"\} \d/);
  });
});

describe("WebSocket", () => {
  async function open({
    url,
  }: RpcServer): Promise<{ socket: WebSocket; received: Record<string, unknown>[] }> {
    const socket = new WebSocket(url.replace("http", "ws"));
    const received: Record<string, unknown>[] = [];
    socket.on("message", (data) => received.push(JSON.parse(String(data)) as Record<string, unknown>));
    await once(socket, "open");
    return { socket, received };
  }

  const until = async (condition: () => boolean): Promise<void> => {
    for (let i = 0; i < 500 && !condition(); i++) await sleep(10);
    expect(condition()).toBe(true);
  };

  test("requests, batches and notifications", async () => {
    const { socket, received } = await open(await serve());
    socket.send(JSON.stringify(request("subscribe", [2, 1])));
    socket.send(JSON.stringify([request("echo", [], 2), request("eth_x", [], 3)]));
    socket.send(Buffer.from([1, 2, 3]));
    await until(() => received.length === 5);
    expect(received).toContainEqual({
      jsonrpc: "2.0",
      method: "eth_subscription",
      params: { i: 1, filler: "x" },
    });
    expect(received).toContainEqual({ jsonrpc: "2.0", id: 1, result: "0x1" });
    expect(received).toContainEqual(
      expect.objectContaining({ error: expect.objectContaining({ code: -32700 }) }),
    );
    socket.close();
  });

  test("a client that does not read what it subscribed to is closed, and one that sends too much", async () => {
    const server = await serve({ limits: { unreadBytes: 1 << 20, bodyBytes: 10_000 } });
    const deaf = await open(server);
    deaf.socket.pause();
    deaf.socket.send(JSON.stringify(request("subscribe", [200, 1 << 17])));
    const { socket: loud } = await open(server);
    loud.send("x".repeat(20_000));
    await once(loud, "close");
    const text = (): Promise<string> => fetch(`${server.url}/metrics`).then((answer) => answer.text());
    for (let i = 0; i < 500 && !(await text()).includes('{transport="websocket"} 0'); i++) await sleep(10);
    expect(await text()).toContain('{transport="websocket"} 0');
    deaf.socket.terminate();
  });

  test("over HTTP there are no notifications", async () => {
    expect(await ask(await serve(), request("subscribe", [1, 1]))).toMatchObject({ error: { code: -32601 } });
  });
});

describe("IPC", () => {
  const folder = mkdtempSync(join(tmpdir(), "braid-rpc-"));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function talk(path: string, text: string, lines: number): Promise<unknown[]> {
    const socket: Socket = connect(path);
    await once(socket, "connect");
    socket.setEncoding("utf8");
    // Cut anywhere, as streams do.
    for (let i = 0; i < text.length; i += 7) socket.write(text.slice(i, i + 7));
    let received = "";
    for await (const piece of socket as AsyncIterable<string>) {
      received += piece;
      if (received.split("\n").length > lines) break;
    }
    socket.destroy();
    return received
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
  }

  test("answers what follows each other in the stream, for its owner alone", async () => {
    const ipcPath = join(mkdtempSync(join(tmpdir(), "braid-rpc-")), "node.ipc");
    await serve({ ipcPath });
    expect(statSync(ipcPath).mode & 0o777).toBe(0o600);
    const text = `${JSON.stringify(request("echo", ['}{\\"['], 1))} ${JSON.stringify([request("echo", [], 2)])}`;
    expect(await talk(ipcPath, text, 2)).toEqual([
      { jsonrpc: "2.0", id: 1, result: ['}{\\"['] },
      [{ jsonrpc: "2.0", id: 2, result: [] }],
    ]);
    await expect(serve({ ipcPath })).rejects.toMatchObject({ code: "BRAID_RPC_LISTEN" });
  });

  test("a socket file that a killed node left is replaced, another file is not", async () => {
    const place = mkdtempSync(join(tmpdir(), "braid-rpc-"));
    const ipcPath = join(place, "file");
    writeFileSync(ipcPath, "precious");
    await expect(serve({ ipcPath })).rejects.toMatchObject({ code: "BRAID_RPC_LISTEN" });
  });
});

describe("many clients", () => {
  test("one that asks for much waits for itself", async () => {
    const server = await serve({ limits: { concurrent: 4, concurrentPerConnection: 4 } });
    const greedy = new WebSocket(server.url.replace("http", "ws"));
    await once(greedy, "open");
    let answered = 0;
    greedy.on("message", () => answered++);
    for (let i = 0; i < 200; i++) greedy.send(JSON.stringify(request("wait", [5], i)));
    await sleep(20);
    // Four at a time: if the modest client stood behind all of the greedy one's, 200 would be answered before it.
    expect(await ask(server, request("wait", [5]))).toMatchObject({ result: "waited" });
    expect(answered).toBeLessThan(100);
    greedy.terminate();
  });

  test("connections have a number", async () => {
    const server = await serve({ limits: { connections: 3 } });
    const sockets = Array.from({ length: 7 }, () => connect(Number(new URL(server.url).port)));
    const closed = await Promise.all(
      sockets.map((one) => Promise.race([once(one, "close").then(() => true), sleep(500, false)])),
    );
    expect(closed.filter(Boolean).length).toBe(4);
    for (const one of sockets) one.destroy();
  });

  test("a body that does not come is given up", async () => {
    const server = await serve({ limits: { bodyMs: 300 } });
    const socket = connect(Number(new URL(server.url).port));
    socket.resume();
    socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
    await once(socket, "close");
    expect(await ask(server, request("echo"))).toMatchObject({ result: [] });
  });

  test("closing lets answers that are under way come, over HTTP and WebSocket", async () => {
    const server = await serve();
    const socket = new WebSocket(server.url.replace("http", "ws"));
    await once(socket, "open");
    const received: string[] = [];
    socket.on("message", (data) => received.push(String(data)));
    const ended = once(socket, "close");
    socket.send(JSON.stringify(request("wait", [300])));
    const answer = ask(server, request("wait", [300]));
    await sleep(100);
    await server.close();
    expect(await answer).toMatchObject({ result: "waited" });
    expect(await ended).toMatchObject([1001, expect.anything()]);
    expect(received).toHaveLength(1);
  });

  test("closing ends requests that never would, and a port that is taken is an error with advice", async () => {
    const server = await serve();
    const port = Number(new URL(server.url).port);
    await expect(serve({ port })).rejects.toMatchObject({
      code: "BRAID_RPC_LISTEN",
      data: { reason: "EADDRINUSE" },
    });
    const hanging = post(server, request("endless")).catch((error: unknown) => error);
    await sleep(50);
    await server.close();
    expect(await hanging).toBeInstanceOf(Error);
  });
});
