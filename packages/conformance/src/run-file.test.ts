// The cases of a file, on fixtures made here: what is right passes, and above all what is wrong fails.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesToHex, hexToBytes } from "@braid/primitives";
import { MemoryStateStore } from "@braid/state";
import { keyed } from "@braid/testing/accounts";
import { RECEIVER, transferFixture } from "@braid/testing/transfer-fixture";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareAccessLists } from "./access-list.ts";
import { fitsExpectation } from "./exceptions.ts";
import { Executors } from "./executors.ts";
import type { StateFixture } from "./fixture-types.ts";
import { parallel, SEQUENTIAL, seeded } from "./modes.ts";
import { networkChain, UnknownNetworkError } from "./networks.ts";
import type { CaseReport } from "./reports.ts";
import { runFile } from "./run-file.ts";
import { stackCases } from "./stacked-cases.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "braid-conformance-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** The fixture with its only expectation changed. */
function expecting(change: Partial<StateFixture["post"][string][number]>): StateFixture {
  const fixture = transferFixture();
  Object.assign(fixture.post.London?.[0] ?? {}, change);
  return fixture;
}

async function run(content: unknown, modes = [SEQUENTIAL]): Promise<CaseReport[]> {
  const file = join(folder, "fixture.json");
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  const executors = new Executors(modes);
  const reports: CaseReport[] = [];
  try {
    for await (const event of runFile(file, { modes }, executors))
      if (event.type === "report") reports.push(event.report);
  } finally {
    await executors.close();
  }
  return reports;
}

describe("a state test", () => {
  test("that is right passes in all modes", async () => {
    const cases = await run({ right: transferFixture() }, [SEQUENTIAL, parallel(2), seeded(3, 1)]);
    expect(cases).toEqual([
      { file: join(folder, "fixture.json"), name: "right", fork: "London", verdict: "passed" },
    ]);
  });

  test.each([
    ["another state root", { hash: `0x${"11".repeat(32)}` }],
    ["other logs", { logs: `0x${"11".repeat(32)}` }],
    [
      "an exception that does not come",
      { expectException: "TransactionException.INSUFFICIENT_ACCOUNT_FUNDS" },
    ],
  ])("that expects %s fails", async (_name, change) => {
    const [report] = await run({ wrong: expecting(change) });
    expect(report).toMatchObject({
      verdict: "failed",
      reason: expect.stringContaining("sequential") as string,
    });
  });

  test("that expects the wrong exception fails, and the right one passes", async () => {
    const invalid = transferFixture(0, 3n);
    const root = bytesToHex(MemoryStateStore.fromAlloc(invalid.pre).head.stateRoot);
    const withException = (expectException: string): StateFixture => ({
      ...invalid,
      post: { London: (invalid.post.London ?? []).map((post) => ({ ...post, hash: root, expectException })) },
    });
    const cases = await run({
      wrong: withException("TransactionException.NONCE_MISMATCH_TOO_LOW"),
      right: withException("TransactionException.NONCE_MISMATCH_TOO_HIGH"),
      either: withException("TransactionException.NONCE_IS_MAX|TransactionException.NONCE_MISMATCH_TOO_HIGH"),
    });
    expect(cases.map(({ verdict }) => verdict)).toEqual(["failed", "passed", "passed"]);
  });
});

describe("what cannot be run", () => {
  test("a file that is no JSON is an error", async () => {
    for (const content of ["{", "", "[".repeat(1000)])
      expect(await run(content)).toMatchObject([
        { name: "", verdict: "error", reason: expect.stringMatching(/^BRAID_FILE_/) as string },
      ]);
  });

  test.each<[string, (fixture: Record<string, unknown>) => void]>([
    ["its env", (fixture) => Object.assign(fixture, { env: [] })],
    ["its config", (fixture) => Object.assign(fixture, { config: { chainid: "0xzz" } })],
    [
      "its transaction's bytes",
      (fixture) => Object.assign(fixture, { post: { London: [{ hash: "0x", logs: "0x" }] } }),
    ],
  ])("a test without %s is an error, and the others run", async (_what, change) => {
    const broken = { ...transferFixture(1) } as Record<string, unknown>;
    change(broken);
    const reports = await run({ first: transferFixture(0), broken, last: transferFixture(2) });
    expect(reports.map(({ name, verdict }) => [name, verdict])).toEqual([
      ["first", "passed"],
      ["broken", "error"],
      ["last", "passed"],
      ["stack 1: 2 transactions of this file in one block", "passed"],
    ]);
    expect(reports[1]?.reason).toContain("BRAID_FILE_MALFORMED");
  });

  test("a file without cases and an unknown network are skipped, with the reason", async () => {
    const unknown = transferFixture();
    unknown.post = { Atlantis: unknown.post.London ?? [] };
    const cases = [...(await run({ other: {} })), ...(await run({ unknown })), ...(await run("[]"))];
    expect(cases).toMatchObject([
      { verdict: "skipped", reason: expect.any(String) as string },
      { verdict: "skipped", reason: expect.any(String) as string },
      { verdict: "skipped", reason: expect.any(String) as string },
    ]);
  });
});

describe("stacks", () => {
  test("hold transactions of different senders, and not those that cannot stand together", () => {
    const otherEnvironment = {
      ...transferFixture(2),
      env: { ...transferFixture(2).env, currentNumber: "0x2" },
    };
    const otherPre = transferFixture(3);
    otherPre.pre[bytesToHex(keyed(0).address)] = { balance: "1" };
    const invalid = expecting({ expectException: "TransactionException.NONCE_IS_MAX" });
    const stacks = stackCases([
      transferFixture(0),
      transferFixture(1),
      transferFixture(1),
      otherEnvironment,
      otherPre,
      invalid,
    ]);
    expect(stacks.map(({ transactions }) => transactions.length)).toEqual([2, 2]);
  });

  test("are cases of their file, and pass", async () => {
    const fixtures = Object.fromEntries(
      [0, 1, 2, 3].map((sender) => [`from ${sender}`, transferFixture(sender)]),
    );
    const cases = await run(fixtures, [SEQUENTIAL, parallel(2), seeded(4, 3)]);
    expect(cases.map(({ name, verdict }) => [name, verdict])).toEqual([
      ...[0, 1, 2, 3].map((sender) => [`from ${sender}`, "passed"]),
      ["stack 1: 4 transactions of this file in one block", "passed"],
    ]);
  });
});

describe("networks", () => {
  const BLOBS = { target: "14", max: "21", baseFeeUpdateFraction: "11684671" };
  const config = { blobSchedule: { BPO3: BLOBS, BPO4: BLOBS, BPO5: BLOBS } };
  const at = (name: string, number: bigint, timestamp: bigint): string =>
    networkChain(name, config).forkAt({ number, timestamp });

  test.each([
    ["Frontier", "chainstart"],
    ["EIP158", "spuriousDragon"],
    ["ConstantinopleFix", "petersburg"],
    ["Merge", "paris"],
    ["BPO5", "bpo5"],
    ["Amsterdam", "amsterdam"],
  ])("%s is %s from the first block on", (name, fork) => {
    expect(at(name, 0n, 0n)).toBe(fork);
  });

  test.each([
    ["ParisToShanghaiAtTime15k", [1n, 14_999n], [1n, 15_000n], ["paris", "shanghai"]],
    ["BPO3ToBPO4AtTime15k", [1n, 14_999n], [1n, 15_000n], ["bpo3", "bpo4"]],
    ["BPO2ToAmsterdamAtTime15k", [1n, 14_999n], [1n, 15_000n], ["bpo2", "amsterdam"]],
    ["HomesteadToDaoAt5", [4n, 0n], [5n, 0n], ["homestead", "dao"]],
    ["ByzantiumToConstantinopleFixAt5", [4n, 0n], [5n, 0n], ["byzantium", "petersburg"]],
    ["BerlinToLondonAt5", [4n, 0n], [5n, 0n], ["berlin", "london"]],
  ] as const)("%s changes there", (name, before, after, forks) => {
    expect([at(name, before[0], before[1]), at(name, after[0], after[1])]).toEqual(forks);
  });

  test.each([
    "",
    "Atlantis",
    "ParisToAtlantisAtTime15k",
    "ParisToShanghaiAt5",
    "BerlinToLondonAtTime15k",
    "ArrowGlacierToParisAtDiffC0000",
  ])("%j is not known", (name) => {
    expect(() => networkChain(name)).toThrow(UnknownNetworkError);
  });
});

describe("expectations", () => {
  test.each([
    ["BRAID_BLOCK_WRONG_STATE_ROOT", "BlockException.INVALID_STATE_ROOT", true],
    ["BRAID_BLOCK_WRONG_STATE_ROOT", "BlockException.INVALID_RECEIPTS_ROOT", false],
    [
      "BRAID_TX_TYPE_NOT_ACTIVE",
      "TransactionException.TYPE_3_TX_PRE_FORK|TransactionException.TYPE_3_TX_ZERO_BLOBS",
      true,
    ],
    ["BRAID_BLOCK_MALFORMED", "BlockException.RLP_INVALID_ADDRESS", true],
    ["BRAID_BLOCK_SYSTEM_CALL_FAILED", "BlockException.SYSTEM_CONTRACT_EMPTY", false],
    ["BRAID_ENGINE_FAILURE", "BlockException.INVALID_STATE_ROOT", false],
  ])("%s for %s: %s", (code, expected, fits) => {
    expect(fitsExpectation(code, expected)).toBe(fits);
  });
});

test("access lists differ by one value", () => {
  const account = {
    address: bytesToHex(RECEIVER),
    storageChanges: [],
    storageReads: [bytesToHex(new Uint8Array(32).fill(1, 31))],
    balanceChanges: [{ index: 1, value: 7n }],
    nonceChanges: [],
    codeChanges: [{ index: 2, value: hexToBytes("0x00") }],
  };
  const fixture = {
    address: bytesToHex(RECEIVER),
    nonceChanges: [],
    balanceChanges: [{ blockAccessIndex: "0x01", postBalance: "0x07" }],
    codeChanges: [{ blockAccessIndex: "0x02", newCode: "0x00" }],
    storageChanges: [],
    storageReads: ["0x01"],
  };
  expect(compareAccessLists([fixture], [account])).toBeUndefined();
  expect(compareAccessLists([{ ...fixture, storageReads: ["0x02"] }], [account])).toBeDefined();
  expect(
    compareAccessLists(
      [{ ...fixture, balanceChanges: [{ blockAccessIndex: "0x02", postBalance: "0x07" }] }],
      [account],
    ),
  ).toBeDefined();
  expect(compareAccessLists([], [account])).toBeDefined();
});
