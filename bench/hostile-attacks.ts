// What hostile clients do to a node, each with some number of sockets. What an attack says again and again stands here, how it is said in
// hostile-attacker.ts.

/** What has been prepared on the node's chain. */
export interface Prepared {
  /** A contract that never ends, and one that leaves logs. */
  loop: string;
  logs: string;
  /** Rich accounts of the attackers'. */
  accounts: string[];
}

export interface Attack {
  name: string;
  sockets: number;
  /** "requests": one after the other on each socket; "slow": bodies that never end; "deaf": WebSockets that read nothing; "garbage": anything. */
  kind: "requests" | "slow" | "deaf" | "garbage";
  /** The body of a socket's request with this number. */
  body?: (socket: number, number: number, prepared: Prepared) => string;
}

const request = (method: string, ...params: unknown[]): object => ({ jsonrpc: "2.0", id: 1, method, params });
const text = (method: string, ...params: unknown[]): string => JSON.stringify(request(method, ...params));
const hex = (value: number): string => `0x${value.toString(16)}`;

/** Looks up, as fast as it is answered. */
const LOOK_UPS = JSON.stringify(Array(1_000).fill(request("eth_getBlockByNumber", "latest", true)));
const LARGE_BODY = JSON.stringify(request("eth_call", { data: `0x${"00".repeat(2_400_000)}` }));
const DEEP_BODY = `{"method":"eth_call","params":${"[".repeat(2_000_000)}`;
/** A loop of pushes, with a thousand words on the stack. */
const STACK_LOOP = `0x${"5f".repeat(1_000)}5b5f506103e856`;
const INIT_CODE = `0x${"5b".repeat(49_000)}`;

function transaction({ accounts }: Prepared, socket: number, fields: object): string {
  return text("eth_sendTransaction", { from: accounts[socket % accounts.length], ...fields });
}

export const ATTACKS: readonly Attack[] = [
  {
    name: "endless loops in eth_call",
    sockets: 100,
    kind: "requests",
    body: (_socket, _number, { loop }) => text("eth_call", { to: loop }),
  },
  {
    name: "the same over 1,000 sockets",
    sockets: 1_000,
    kind: "requests",
    body: (_socket, _number, { loop }) => text("eth_call", { to: loop }),
  },
  {
    name: "endless loops in eth_estimateGas and eth_createAccessList",
    sockets: 100,
    kind: "requests",
    body: (socket, _number, { loop }) =>
      text(socket % 2 === 0 ? "eth_estimateGas" : "eth_createAccessList", { to: loop }),
  },
  {
    name: "eth_simulateV1 of 256 blocks of loops",
    sockets: 50,
    kind: "requests",
    body: (_socket, _number, { loop }) =>
      text("eth_simulateV1", {
        blockStateCalls: Array(256).fill({ calls: [{ to: loop, gas: hex(1_000_000) }] }),
      }),
  },
  {
    name: "debug_traceCall of a loop with 1,000 words on its stack",
    sockets: 50,
    kind: "requests",
    body: (_socket, _number, { loop }) =>
      text("debug_traceCall", { to: loop }, "latest", { stateOverrides: { [loop]: { code: STACK_LOOP } } }),
  },
  {
    name: "batches of 1,000 blocks",
    sockets: 20,
    kind: "requests",
    body: () => LOOK_UPS,
  },
  { name: "bodies of 5 MB", sockets: 50, kind: "requests", body: () => LARGE_BODY },
  { name: "two million brackets", sockets: 50, kind: "requests", body: () => DEEP_BODY },
  {
    name: "eth_getLogs of all blocks",
    sockets: 50,
    kind: "requests",
    body: () => text("eth_getLogs", { fromBlock: "0x0", toBlock: "latest" }),
  },
  {
    name: "log filters with 1,000 topics",
    sockets: 20,
    kind: "requests",
    body: (socket, number) => {
      const topics = Array.from({ length: 1_000 }, (_, i) =>
        hex(2 ** 52 + socket * 1e9 + number * 1e3 + i).slice(2),
      );
      return text("eth_newFilter", { topics: [topics.map((topic) => `0x${topic.padStart(64, "0")}`)] });
    },
  },
  { name: "bodies that never end, over 1,000 sockets", sockets: 1_000, kind: "slow" },
  { name: "no protocol at all", sockets: 50, kind: "garbage" },
  { name: "20,000 subscriptions that nobody reads", sockets: 200, kind: "deaf" },
  {
    name: "transactions that loop until their gas is gone",
    sockets: 10,
    kind: "requests",
    body: (socket, _number, prepared) =>
      transaction(prepared, socket, { to: prepared.loop, gas: hex(16_000_000) }),
  },
  {
    name: "contract creations of 49,000 bytes",
    sockets: 10,
    kind: "requests",
    body: (socket, _number, prepared) =>
      transaction(prepared, socket, { data: INIT_CODE, gas: hex(3_000_000) }),
  },
  {
    name: "a pool full of transactions of 500 accounts that wait for a nonce",
    sockets: 50,
    kind: "requests",
    body: (socket, number, prepared) =>
      transaction(prepared, socket * 10 + (number % 10), {
        to: prepared.loop,
        gas: hex(21_000),
        nonce: hex(1_000 + Math.floor(number / 10)),
        maxFeePerGas: hex(2e9),
        maxPriorityFeePerGas: "0x1",
      }),
  },
  {
    name: "the same transaction again and again for more",
    sockets: 50,
    kind: "requests",
    body: (socket, number, prepared) =>
      transaction(prepared, socket, {
        to: prepared.loop,
        gas: hex(21_000),
        nonce: hex(5_000),
        maxFeePerGas: hex(Math.floor(2e9 * 1.11 ** Math.min(number, 100))),
        maxPriorityFeePerGas: hex(Math.floor(1e3 * 1.11 ** Math.min(number, 100))),
      }),
  },
  {
    name: "the content of that pool, and pending blocks",
    sockets: 20,
    kind: "requests",
    body: (socket) =>
      socket % 2 === 0 ? text("txpool_content") : text("eth_getBlockByNumber", "pending", true),
  },
];
