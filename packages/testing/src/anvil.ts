// For tests: a real node, anvil, with a chain on which something of everything happens.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bytesToHex, concatBytes, hexToBytes } from "@braid/primitives";
import {
  CONSOLIDATION_REQUESTS_ADDRESS,
  type GethGenesis,
  WITHDRAWAL_REQUESTS_ADDRESS,
} from "@braid/protocol";
import { create2Address, createAddress, keyed, plainAddress } from "./accounts.ts";
import { type AsmItem, asm, callWith, initCode, word } from "./assembler.ts";
import { type Methods, Refusal } from "./rpc-server.ts";
import { authorize, signTransaction, type UnsignedTransaction } from "./sign.ts";

const CHAIN_ID = 31337;
const ACCOUNTS = [1, 2, 3, 4].map(keyed);
const FORKS = [
  "homestead",
  "eip150",
  "eip155",
  "eip158",
  "byzantium",
  "constantinople",
  "petersburg",
  "istanbul",
];

/** anvil makes no system calls for requests: contracts that do nothing keep both sides together. */
const NO_REQUESTS = { balance: "0x0", code: "0x00" };

export const ANVIL_GENESIS: GethGenesis = {
  config: {
    chainId: CHAIN_ID,
    ...Object.fromEntries([...FORKS, "berlin", "london", "mergeNetsplit"].map((fork) => [`${fork}Block`, 0])),
    terminalTotalDifficulty: 0,
    shanghaiTime: 0,
    cancunTime: 0,
    pragueTime: 0,
  },
  nonce: "0x0",
  timestamp: "0x65000000",
  extraData: "0x",
  gasLimit: "0x1c9c380",
  difficulty: "0x0",
  mixHash: `0x${"00".repeat(32)}`,
  coinbase: `0x${"00".repeat(20)}`,
  alloc: {
    [bytesToHex(WITHDRAWAL_REQUESTS_ADDRESS)]: NO_REQUESTS,
    [bytesToHex(CONSOLIDATION_REQUESTS_ADDRESS)]: NO_REQUESTS,
    ...Object.fromEntries(
      ACCOUNTS.map(({ address }) => [bytesToHex(address), { balance: "0x56bc75e2d63100000" }]),
    ),
  },
};

/** Writes pairs of words: slot, value, slot, value, ... Reverts without any. */
const STORE = asm(
  "CALLDATASIZE", "ISZERO", "@empty", "JUMPI",
  0, ":next",
  "DUP1", 32, "ADD", "CALLDATALOAD", "DUP2", "CALLDATALOAD", "SSTORE",
  64, "ADD", "DUP1", "CALLDATASIZE", "GT", "@next", "JUMPI", "STOP",
  ":empty", 0, 0, "REVERT",
); // biome-ignore format: opcodes

const pairs = (...items: [slot: number, value: number][]): Uint8Array =>
  concatBytes(...items.flatMap(([slot, value]) => [word(slot), word(value)]));
/** Writes that leave nothing of slots. */
const cleared = (...slots: number[]): Uint8Array =>
  pairs(...slots.map((slot): [number, number] => [slot, 0]));

/** Of a blob of zeros. */
const EMPTY_BLOB_HASH = hexToBytes("0x010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014");

type Draft = Partial<UnsignedTransaction> & { from: number };

/** The blocks of the chain, as transactions. */
function drafts(): Draft[][] {
  const [, , third] = ACCOUNTS;
  if (third === undefined) throw new Error("there are three accounts");
  const store = createAddress(keyed(1).address, 0);
  const factory = createAddress(keyed(1).address, 1);
  const child = initCode(asm("CALLER", "SELFDESTRUCT"));
  const precompiles: AsmItem[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].flatMap((number) =>
    callWith(plainPrecompile(number), number === 4 ? word(7) : new Uint8Array(number === 5 ? 96 : 0)),
  );
  // CREATE2 with the call data as init code, then a call of what it made, and its address into slot 0.
  const create2 = asm(
    "CALLDATASIZE", 0, 0, "CALLDATACOPY", 1, "CALLDATASIZE", 0, 0, "CREATE2",
    "DUP1", 0, "SSTORE", 0, 0, 0, 0, 0, "GAS", "SWAP1",
  ); // biome-ignore format: opcodes
  // Stack: address, gas, 0, 0, 0, 0, 0 -> gas, address for CALL.
  const factoryCode = concatBytes(create2, asm("POP", "POP", "POP", "POP", "POP", "POP", "POP", "STOP"));
  const manySlots = Array.from({ length: 60 }, (_, i): [number, number] => [i, i + 1]);
  return [
    [
      { from: 1, type: 0, data: initCode(STORE) },
      { from: 1, type: 2, data: initCode(factoryCode) },
      { from: 2, type: 1, to: plainAddress(1), value: 1n, accessList: [[store, [word(1), word(2)]]] },
      { from: 3, type: 2, to: plainAddress(2), value: 5n },
    ],
    [
      { from: 2, to: store, data: pairs(...manySlots) },
      { from: 3, to: store, data: pairs([100, 1]) },
      { from: 3, to: store, gasLimit: 21_100n, data: new Uint8Array(0) },
      { from: 2, to: store, data: new Uint8Array(0) },
    ],
    ...Array.from({ length: 6 }, (_, i): Draft[] => [
      { from: 2, to: store, data: cleared(...Array.from({ length: 9 }, (_, j) => 7 * j + i)) },
      { from: 3, to: store, data: pairs([200 + i, 9], [7 * i, i]) },
    ]),
    [
      {
        from: 4,
        type: 3,
        to: plainAddress(3),
        value: 1n,
        maxFeePerBlobGas: 10n ** 10n,
        blobVersionedHashes: [EMPTY_BLOB_HASH],
      },
      {
        from: 2,
        type: 4,
        to: third.address,
        authorizations: [authorize(third, store, 10, CHAIN_ID)],
        data: pairs([1, 1]),
      },
      { from: 1, to: third.address, data: pairs([2, 2]) },
    ],
    [
      { from: 1, data: concatBytes(asm(...precompiles), initCode(asm("STOP"))) },
      {
        from: 2,
        data: asm(
          5,
          "NUMBER",
          "SUB",
          "BLOCKHASH",
          0,
          "SSTORE",
          2,
          "NUMBER",
          "SUB",
          "BLOCKHASH",
          1,
          "SSTORE",
          0,
          0,
          "RETURN",
        ),
      },
      { from: 3, to: factory, data: child },
      { from: 3, to: factory, data: child },
      { from: 4, data: asm(0, 0, "REVERT") },
    ],
    [
      { from: 2, to: create2Address(factory, 1, child), value: 3n },
      { from: 4, data: concatBytes(asm(7, 0, "SSTORE"), asm(plainAddress(9), "SELFDESTRUCT")), value: 2n },
      { from: 1, to: COINBASE, value: 1n },
      { from: 2, to: plainAddress(77) },
    ],
    [],
  ];
}

const COINBASE = plainAddress(500);

function plainPrecompile(number: number): Uint8Array {
  const address = new Uint8Array(20);
  address[19] = number;
  return address;
}

export interface Anvil {
  url: string;
  /** The number of the last block. */
  last: number;
  close(): Promise<void>;
}

/** Starts anvil and mines the chain. */
export async function startAnvil(): Promise<Anvil> {
  const folder = await mkdtemp(join(tmpdir(), "braid-anvil-"));
  const genesis = join(folder, "genesis.json");
  await writeFile(genesis, JSON.stringify(ANVIL_GENESIS));
  const port = await freePort();
  const process = spawn(
    anvilBinary(),
    [
      "--port",
      String(port),
      "--init",
      genesis,
      "--hardfork",
      "prague",
      "--no-mining",
      "--order",
      "fifo",
      "--quiet",
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  const url = `http://127.0.0.1:${port}`;
  const close = async (): Promise<void> => {
    if (process.exitCode === null && process.kill()) await once(process, "exit");
    await rm(folder, { recursive: true });
  };
  try {
    await answering(url);
    await ask(url, "anvil_setCoinbase", [bytesToHex(COINBASE)]);
    // So it takes a blob transaction without its blob: with the blob, anvil's transactions root would be another one than Ethereum's.
    await ask(url, "anvil_impersonateAccount", [bytesToHex(keyed(4).address)]);
    // anvil's genesis header does not have the root of its state: the first block stands between it and those that count.
    const blocks = [[], ...drafts()];
    const nonces = new Map<number, bigint>();
    let timestamp = Number(ANVIL_GENESIS.timestamp) + 1_000;
    for (const block of blocks) {
      for (const { from, ...draft } of block) {
        const nonce = nonces.get(from) ?? 0n;
        nonces.set(from, nonce + 1n);
        await ask(url, "eth_sendRawTransaction", [bytesToHex(signed(from, nonce, draft))]);
      }
      await ask(url, "evm_mine", [++timestamp]);
    }
    return { url, last: blocks.length, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The node behind a URL, without some of its methods. */
export function without(url: string, ...refused: string[]): Methods {
  return (method, params) => {
    if (refused.includes(method))
      throw new Refusal(-32601, `the method ${method} does not exist/is not available`);
    return ask(url, method, params);
  };
}

function signed(from: number, nonce: bigint, draft: Partial<UnsignedTransaction>): Uint8Array {
  const transaction: UnsignedTransaction = {
    type: 2,
    chainId: BigInt(CHAIN_ID),
    nonce,
    gasLimit: 3_000_000n,
    maxFeePerGas: 10n ** 10n,
    maxPriorityFeePerGas: 10n ** 9n,
    to: undefined,
    value: 0n,
    data: new Uint8Array(0),
    accessList: [],
    maxFeePerBlobGas: 0n,
    blobVersionedHashes: [],
    authorizations: [],
    ...draft,
  };
  return signTransaction(transaction, keyed(from));
}

async function ask(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const answer = (await response.json()) as { result?: unknown; error?: { code: number; message: string } };
  if (answer.error !== undefined) throw new Refusal(answer.error.code, `${method}: ${answer.error.message}`);
  return answer.result;
}

async function answering(url: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await ask(url, "eth_chainId", []);
      return;
    } catch (error) {
      if (attempt === 400) throw error;
      await sleep(50);
    }
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("the system gives no port");
  return address.port;
}

/** The program itself: the package's own script would stand between it and us. */
export function anvilBinary(): string {
  const script = createRequire(import.meta.url).resolve("@foundry-rs/anvil/bin.mjs");
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const name = process.platform === "win32" ? "anvil.exe" : "anvil";
  return createRequire(script).resolve(`@foundry-rs/anvil-${process.platform}-${architecture}/bin/${name}`);
}
