// Whatever text comes, the dispatcher answers with JSON-RPC, and never rejects.

import { Socket } from "node:net";
import { comesFirst, type Payer } from "@braid/primitives";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Connection } from "./connection.ts";
import { Connections, placeOf } from "./connections.ts";
import { Dispatcher } from "./dispatcher.ts";
import { FairQueue } from "./fair-queue.ts";
import { JsonSplitter, nestsDeeperThan } from "./json-text.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { Turns } from "./turns.ts";
import { Usage } from "./usage.ts";

const dispatcher = new Dispatcher({
  handler: { has: (method) => method === "echo", call: async (_method, params) => params },
  limits: { ...DEFAULT_LIMITS, batchLength: 5, depth: 10 },
});
const connection = new Connection();

const request = fc.record(
  {
    jsonrpc: fc.constantFrom("2.0", "1.0", 2),
    id: fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.object()),
    method: fc.oneof(fc.constant("echo"), fc.string(), fc.integer()),
    params: fc.oneof(fc.array(fc.jsonValue()), fc.object(), fc.integer()),
  },
  { requiredKeys: [] },
);

const text = fc.oneof(
  fc.string(),
  fc.json(),
  request.map((one) => JSON.stringify(one)),
  fc.array(request, { maxLength: 8 }).map((batch) => JSON.stringify(batch)),
  fc.tuple(request, fc.nat(), fc.string()).map(([one, at, piece]) => {
    const whole = JSON.stringify(one);
    return whole.slice(0, at % whole.length) + piece + whole.slice((at % whole.length) + 1);
  }),
);

test("any text has an answer", async () => {
  await fc.assert(
    fc.asyncProperty(text, async (body) => {
      const answer = await dispatcher.answer(body, connection);
      if (answer === undefined) return;
      const parsed = JSON.parse(answer) as Record<string, unknown> | Record<string, unknown>[];
      for (const one of [parsed].flat()) {
        expect(one["jsonrpc"]).toBe("2.0");
        expect("result" in one).not.toBe("error" in one);
        expect(one).toHaveProperty("id");
      }
    }),
    { numRuns: 2_000 },
  );
});

test("the splitter gives back the values of a stream, however it is cut", () => {
  const values = fc.array(fc.oneof(fc.object(), fc.array(fc.jsonValue())), { maxLength: 5 });
  fc.assert(
    fc.property(values, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (written, cuts) => {
      const stream = written.map((one) => JSON.stringify(one)).join(" \n");
      const splitter = new JsonSplitter();
      const read: string[] = [];
      for (let at = 0, i = 0; at < stream.length; i++) {
        const size = cuts[i % cuts.length] as number;
        read.push(...splitter.push(stream.slice(at, at + size)));
        at += size;
      }
      expect(read).toEqual(written.map((one) => JSON.stringify(one)));
      expect(splitter.pending).toBe(0);
    }),
  );
});

test("brackets in strings do not nest", () => {
  expect(nestsDeeperThan(JSON.stringify(["[".repeat(50), '\\"[[[[']), 1)).toBe(false);
  expect(nestsDeeperThan("[[", 1)).toBe(true);
});

test("the queue runs no more than it may, and everything in the end", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(3), fc.nat(3), fc.boolean()), { maxLength: 40 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      async (jobs, concurrent, concurrentPerConnection) => {
        const limits = { concurrent, concurrentPerConnection, elsewhere: 5, waiting: 100 };
        const queue = new FairQueue(limits, new Usage());
        const clients = [{}, {}, {}, {}];
        const running = new Map<object, number>();
        let total = 0;
        await Promise.all(
          jobs.map(([who, turns, leaves]) => {
            const client = clients[who] as object;
            return queue.run(client, async (leave) => {
              total++;
              running.set(client, (running.get(client) ?? 0) + 1);
              expect(total).toBeLessThanOrEqual(concurrent);
              expect(running.get(client)).toBeLessThanOrEqual(concurrentPerConnection);
              for (let i = 0; i < turns; i++) await Promise.resolve();
              total--;
              if (leaves) {
                // Twice is no more than once.
                leave();
                leave();
                for (let i = 0; i < turns; i++) await Promise.resolve();
              }
              running.set(client, (running.get(client) ?? 0) - 1);
            });
          }),
        );
        expect(queue.running).toBe(0);
      },
    ),
  );
});

test("who has had least comes first, and what is past is forgotten", () => {
  let now = 0;
  const usage = new Usage(() => now);
  const [greedy, modest] = [{}, {}];
  usage.of(greedy).charge(1_000);
  usage.of(modest).charge(1);
  expect(usage.of(modest).level).toBeLessThan(usage.of(greedy).level);
  // Who comes anew is behind one that has been there for a while and has asked for little.
  now = 10_000;
  expect(usage.of(modest).level).toBeLessThan(usage.of({}).level);
  now = 100_000;
  usage.of(modest).charge(10);
  expect(usage.of(greedy).level).toBeLessThan(usage.of(modest).level);
});

test("who comes from one place has their part together", () => {
  let now = 0;
  const usage = new Usage(() => now);
  const [greedy, other, far] = [{ place: "a" }, { place: "a" }, { place: "b" }].map((one) =>
    usage.of(one),
  ) as [Payer, Payer, Payer];
  greedy.charge(1_000);
  far.charge(100);
  expect([comesFirst(far, other), comesFirst(other, greedy), comesFirst(greedy, far)]).toEqual([
    true,
    true,
    false,
  ]);
  // Who has no place is one of its own, and what is the node's own is before all.
  const alone = usage.of({});
  expect(alone.level).toBe(alone.placeLevel);
  expect([comesFirst(alone, far), comesFirst(undefined, alone), comesFirst(alone, undefined)]).toEqual([
    true,
    true,
    false,
  ]);
  now = 100_000;
  far.charge(10);
  expect(comesFirst(greedy, far)).toBe(true);
});

test("when too many wait, who has most of them is refused", async () => {
  const limits = { concurrent: 1, concurrentPerConnection: 1, elsewhere: 5, waiting: 3 };
  const queue = new FairQueue(limits, new Usage());
  const [greedy, modest] = [{}, {}];
  const end = Promise.withResolvers<string>();
  const run = (client: object, answer: string): Promise<string> =>
    queue.run(client, async () => {
      await end.promise;
      return answer;
    });
  const greedyOnes = ["1", "2", "3", "4"].map((name) => run(greedy, name));
  const modestOne = run(modest, "5");
  await expect(greedyOnes[3]).rejects.toMatchObject({ code: -32005 });
  await expect(run(greedy, "6")).rejects.toMatchObject({ code: -32005 });
  end.resolve("");
  expect(await Promise.all([...greedyOnes.slice(0, 3), modestOne])).toEqual(["1", "2", "3", "5"]);
});

test.each([
  ["127.0.0.1", "127.0.0.1"],
  ["::ffff:10.0.0.1", "10.0.0.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
  ["2001:db8::1", "2001:db8:0:0"],
  ["fe80::1:2:3:4%eth0", "fe80:0:0:0"],
  ["::1", "0:0:0:0"],
  [undefined, undefined],
])("the place of %s", (address, place) => {
  expect(placeOf(address)).toBe(place);
});

test("when all connections are busy, the place that has most of them makes room for others", () => {
  const connections = new Connections(4);
  const open = (address: string): { socket: Socket; isAdmitted: boolean } => {
    const socket = new Socket();
    Object.defineProperty(socket, "remoteAddress", { value: address });
    return { socket, isAdmitted: connections.admit(socket) !== undefined };
  };
  const greedy = Array.from({ length: 4 }, () => open("10.0.0.1"));
  expect(greedy.map(({ isAdmitted }) => isAdmitted)).toEqual([true, true, true, true]);
  expect(open("10.0.0.1").isAdmitted).toBe(false);
  const modest = [open("10.0.0.2"), open("10.0.0.2"), open("10.0.0.2")];
  // Two of four are its part.
  expect(modest.map(({ isAdmitted }) => isAdmitted)).toEqual([true, true, false]);
  expect(greedy.filter(({ socket }) => socket.destroyed)).toHaveLength(2);
  expect(connections.size).toBe(4);
});

test("a client that has sent much keeps only itself waiting", async () => {
  const usage = new Usage();
  const turns = new Turns(usage);
  const [greedy, modest] = [{}, {}];
  const order: object[] = [];
  const work = async (client: object): Promise<void> => {
    const turn = turns.take(client);
    if (turn !== undefined) await turn;
    const begin = performance.now();
    while (performance.now() - begin < 1);
    usage.of(client).charge(1);
    order.push(client);
  };
  const all = Array.from({ length: 200 }, () => work(greedy));
  all.push(work(modest));
  await Promise.all(all);
  expect(order).toHaveLength(201);
  expect(order.indexOf(modest)).toBeLessThan(50);
});

test("a batch gives others their turns between its requests, and ends with its client", async () => {
  const [greedy, modest] = [new Connection(), new Connection()];
  const done: string[] = [];
  const slow = new Dispatcher({
    handler: {
      has: () => true,
      isHeavy: () => false,
      call: async (method) => {
        const begin = performance.now();
        while (performance.now() - begin < 1);
        done.push(method);
      },
    },
    limits: DEFAULT_LIMITS,
  });
  const ask = (method: string): object => ({ jsonrpc: "2.0", id: 1, method });
  const batch = JSON.stringify(Array(1_000).fill(ask("greedy")));
  const answer = slow.answer(batch, greedy);
  await slow.answer(JSON.stringify(ask("modest")), modest);
  expect(done.length).toBeLessThan(100);
  greedy.end();
  expect(await answer).toBeUndefined();
  expect(done.length).toBeLessThan(150);
});

test("how deep a text nests does not depend on what its strings say", () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(6), (json, limit) => {
      let depth = 0;
      const measure = (value: unknown, level: number): void => {
        depth = Math.max(depth, level);
        if (typeof value === "object" && value !== null)
          for (const one of Object.values(value))
            measure(one, level + (typeof one === "object" && one !== null ? 1 : 0));
      };
      const value: unknown = JSON.parse(json);
      if (typeof value === "object" && value !== null) measure(value, 1);
      expect(nestsDeeperThan(json, limit)).toBe(depth > limit);
    }),
    { numRuns: 2_000 },
  );
  for (const [text, deep] of [
    ['["\\\\"[[', true],
    ['["\\"[[', false],
    ['["\\\\\\"[["]', false],
  ] as const)
    expect(nestsDeeperThan(text, 2)).toBe(deep);
});
