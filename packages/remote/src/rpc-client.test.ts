// The client against a server with the limits and the faults of real ones.

import { jsonText } from "@braid/primitives";
import { type Methods, Refusal, RpcServer, type RpcServerOptions } from "@braid/testing/rpc-server";
import { afterEach, describe, expect, test } from "vitest";
import { meaningOf, RpcError } from "./errors.ts";
import { RpcClient, type RpcClientOptions } from "./rpc-client.ts";

const echo: Methods = (_method, [value]) => value;
const readText = (answer: unknown): string => jsonText(answer, "answer");

let server: RpcServer | undefined;
afterEach(() => server?.close());

async function connect(
  methods: Methods,
  options: RpcServerOptions = {},
  client: RpcClientOptions = {},
): Promise<RpcClient> {
  server = await RpcServer.start(methods, options);
  return new RpcClient(`${server.url}/v2/a-secret-key?token=another-secret`, { backoffMs: 2, ...client });
}

/** The results of so many calls made at once. */
const manyCalls = (client: RpcClient, count: number): Promise<string[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => client.call("echo", [`value ${i}`], readText)));
const manyValues = (count: number): string[] => Array.from({ length: count }, (_, i) => `value ${i}`);

/** What a call fails with. */
async function failure(promise: Promise<unknown>): Promise<RpcError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof RpcError)) throw new Error(`no RpcError but ${String(error)}`);
  return error;
}

describe("batches", () => {
  test("calls made together go in one request, in as many as the batch has room for", async () => {
    const client = await connect(echo, {}, { batch: 40 });
    expect(await manyCalls(client, 100)).toEqual(manyValues(100));
    expect(server?.requests.map((calls) => calls.length)).toEqual([40, 40, 20]);
  });

  test("a node that takes fewer calls, or no batches, gets smaller ones", async () => {
    for (const batchLimit of [30, 1, 0]) {
      const client = await connect(echo, { batchLimit });
      expect(await manyCalls(client, 150)).toEqual(manyValues(150));
      const before = server?.requests.length ?? 0;
      expect(await manyCalls(client, 10)).toEqual(manyValues(10));
      // What was found out is remembered.
      expect((server?.requests.length ?? 0) - before).toBe(batchLimit === 30 ? 1 : 10);
      await server?.close();
    }
  });

  test("a node that says so with HTTP's words gets smaller ones too", async () => {
    const client = await connect(echo, {
      fault: (_, calls) =>
        calls.length > 8 ? { kind: "status", status: 413, body: "too large" } : undefined,
    });
    expect(await manyCalls(client, 50)).toEqual(manyValues(50));
  });

  test("calls that a node leaves out of its answer are made again", async () => {
    let refused = 0;
    const client = await connect((method, params) => {
      if (params[0] === "value 3" && refused++ < 1) throw new Refusal(-32003, "response too large");
      return echo(method, params);
    });
    expect(await manyCalls(client, 10)).toEqual(manyValues(10));
  });

  test("a trace goes alone", async () => {
    const client = await connect(echo);
    await Promise.all(
      ["echo", "debug_trace", "debug_trace", "echo", "echo"].map((name) =>
        client.call(name, ["a"], readText),
      ),
    );
    expect(server?.requests.map((calls) => calls.length).toSorted()).toEqual([1, 1, 1, 2]);
  });
});

describe("faults that pass", () => {
  test.each([
    { kind: "drop" },
    { kind: "truncate" },
    { kind: "status", status: 429, headers: { "retry-after": "0.01" } },
    { kind: "status", status: 502, body: "<html>Bad gateway</html>" },
    { kind: "status", status: 200, body: "no JSON" },
    { kind: "status", status: 200, body: '{"jsonrpc":"2.0","id":0}' },
    { kind: "silence" },
  ] as const)("$kind $status", async (fault) => {
    const client = await connect(
      echo,
      { fault: (index) => (index % 3 < 2 ? fault : undefined) },
      { timeoutMs: fault.kind === "silence" ? 100 : 5000, attempts: 12, batch: 5 },
    );
    expect(await manyCalls(client, 12)).toEqual(manyValues(12));
    expect(client.statistics.retries).toBeGreaterThan(0);
  });

  test("rate limits of single calls slow the client down, and nothing is lost", async () => {
    let window = Date.now();
    let inWindow = 0;
    const client = await connect(
      (method, params) => {
        if (Date.now() - window > 20) {
          window = Date.now();
          inWindow = 0;
        }
        if (++inWindow > 30) throw new Refusal(-32005, "rate limit exceeded");
        return echo(method, params);
      },
      {},
      { batch: 10, attempts: 50, backoffMs: 10 },
    );
    expect(await manyCalls(client, 200)).toEqual(manyValues(200));
  });
});

describe("faults that stay", () => {
  test("a node that is not there", async () => {
    const client = await connect(echo, {}, { attempts: 3 });
    await server?.close();
    const error = await failure(client.call("echo", ["a"], readText));
    expect(error.code).toBe("BRAID_RPC_UNREACHABLE");
    expect(error.data).toEqual({ host: client.host, method: "echo", attempts: 3 });
  });

  test("a node that dies in the middle ends all calls", async () => {
    const client = await connect(
      (method, params) => {
        if (params[0] === "value 30") void server?.close();
        return echo(method, params);
      },
      {},
      { batch: 10, concurrency: 1, attempts: 3 },
    );
    const ends = await Promise.allSettled(
      manyValues(100).map((value) => client.call("echo", [value], readText)),
    );
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(30);
    for (const end of ends)
      if (end.status === "rejected") expect(end.reason).toMatchObject({ code: "BRAID_RPC_UNREACHABLE" });
  });

  test("an answer that does not end is not read to its end", async () => {
    const client = await connect(() => "x".repeat(100_000), {}, { maxAnswerBytes: 50_000 });
    expect((await failure(client.call("echo", [], readText))).code).toBe("BRAID_RPC_TOO_LARGE");
  });

  test("an answer of another shape", async () => {
    const client = await connect(() => ({ not: "text" }));
    expect((await failure(client.call("echo", [], readText))).code).toBe("BRAID_RPC_BAD_ANSWER");
  });

  test("one failed call of a batch leaves the others alone", async () => {
    const client = await connect((method, params) => {
      if (params[0] === "value 2") throw new Refusal(-32000, "missing trie node 00 (path )");
      return echo(method, params);
    });
    const ends = await Promise.allSettled(
      manyValues(5).map((value) => client.call("echo", [value], readText)),
    );
    expect(ends.map(({ status }) => status)).toEqual([
      "fulfilled",
      "fulfilled",
      "rejected",
      "fulfilled",
      "fulfilled",
    ]);
    expect((ends[2] as PromiseRejectedResult).reason).toMatchObject({ code: "BRAID_RPC_ARCHIVE_NEEDED" });
  });

  test("an abort ends what is under way and what waits", async () => {
    const abort = new AbortController();
    const client = await connect(
      echo,
      { fault: () => ({ kind: "silence" }) },
      { signal: abort.signal, batch: 1, concurrency: 2 },
    );
    const calls = Promise.allSettled(manyValues(10).map((value) => client.call("echo", [value], readText)));
    setTimeout(() => abort.abort(new Error("enough")), 50);
    for (const end of await calls)
      expect(end).toMatchObject({ status: "rejected", reason: { message: "enough" } });
    await expect(client.call("echo", [], readText)).rejects.toThrow("enough");
  });
});

describe("secrets", () => {
  test("no error holds more of the URL than its host, even when the node repeats it", async () => {
    const methods: Methods = () => {
      throw new Refusal(
        -32000,
        `key a-secret-key of ${server?.url}/v2/a-secret-key?token=another-secret is wrong`,
      );
    };
    const errors = [await failure((await connect(methods)).call("echo", [], readText))];
    await server?.close();
    const html = { kind: "status", status: 403, body: "<b>a-secret-key</b> is unknown" } as const;
    errors.push(await failure((await connect(methods, { fault: () => html })).call("echo", [], readText)));
    expect(errors.map(({ code }) => code)).toEqual(["BRAID_RPC_FAILED", "BRAID_RPC_UNAUTHORIZED"]);
    for (const error of errors) {
      const all = JSON.stringify([error.message, error.data, String(error.cause), error.stack]);
      expect(all).not.toMatch(/secret/);
      expect(all).toContain("127.0.0.1");
    }
  });

  test("a name and password go into a header, and are refused nowhere", async () => {
    server = await RpcServer.start(echo);
    const client = new RpcClient(server.url.replace("http://", "http://user:pass%20word@"));
    expect(await client.call("echo", ["a"], readText)).toBe("a");
    expect(server.headers.authorization).toBe(`Basic ${Buffer.from("user:pass word").toString("base64")}`);
  });

  test.each(["", "localhost:8545", "ws://localhost/secret-key", "no url/secret-key"])(
    "%s is no URL of a node",
    (url) => {
      let error: unknown;
      try {
        new RpcClient(url);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({ code: "BRAID_RPC_URL" });
      expect(String(error)).not.toContain("secret");
    },
  );
});

describe("what nodes say", () => {
  test.each([
    // geth
    [
      "BRAID_RPC_ARCHIVE_NEEDED",
      -32000,
      "missing trie node 0b6f…41 (path ) state 0x12…ef is not available, not found",
    ],
    ["BRAID_RPC_ARCHIVE_NEEDED", -32000, "required historical state unavailable (reexec=128)"],
    ["BRAID_RPC_ARCHIVE_NEEDED", -32000, "historical state 0x77 is not available"],
    ["BRAID_RPC_UNSUPPORTED", -32601, "the method debug_executionWitness does not exist/is not available"],
    ["BRAID_RPC_UNSUPPORTED", -32000, "ReferenceError: prestateTracer is not defined"],
    ["BRAID_RPC_UNKNOWN_BLOCK", -32000, "header not found"],
    ["BRAID_RPC_INVALID_PARAMS", -32602, "invalid argument 1: json: cannot unmarshal object into Go value"],
    // erigon, nethermind, reth, besu, anvil
    ["BRAID_RPC_ARCHIVE_NEEDED", -32000, "old data not available due to pruning"],
    ["BRAID_RPC_ARCHIVE_NEEDED", -32002, "No state available for block 0x00"],
    ["BRAID_RPC_ARCHIVE_NEEDED", 4444, "pruned history unavailable"],
    ["BRAID_RPC_ARCHIVE_NEEDED", -32000, "state at block #100 is pruned"],
    ["BRAID_RPC_ARCHIVE_NEEDED", -32000, "distance to target block exceeds maximum proof window"],
    ["BRAID_RPC_ARCHIVE_NEEDED", -32000, "World state unavailable"],
    ["BRAID_RPC_UNKNOWN_BLOCK", -32602, "BlockOutOfRangeError: block height is 3 but requested was 9"],
    // services
    ["BRAID_RPC_RATE_LIMITED", 429, "Your app has exceeded its compute units per second capacity."],
    ["BRAID_RPC_RATE_LIMITED", -32005, "daily request count exceeded, request rate limited"],
    ["BRAID_RPC_RATE_LIMITED", -32007, "50/second request limit reached"],
    ["BRAID_RPC_ARCHIVE_NEEDED", -32000, "Archive requests require a personal token"],
    ["BRAID_RPC_UNSUPPORTED", -32600, "debug_traceBlockByHash is not available on the Free tier"],
    ["BRAID_RPC_UNAUTHORIZED", -32000, "Must be authenticated!"],
    ["BRAID_RPC_FAILED", -32000, "execution aborted (timeout = 5s)"],
  ])("%s: %i %s", (expected, code, message) => {
    expect(meaningOf({ code, message }).code).toBe(expected);
  });
});
