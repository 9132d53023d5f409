// The rules that a forked chain has: by the other node's id, by the block's header, and as its user wants them.

import { expect, test } from "vitest";
import { forkedChain, type RuleOptions } from "./fork-rules.ts";

const MAINNET = 1n;
const UNKNOWN = 8_888n;

/** A block of Cancun on mainnet. */
const CANCUN = {
  number: "0x12a05f20",
  timestamp: "0x65f1b057",
  difficulty: "0x0",
  baseFeePerGas: "0x7",
  withdrawalsRoot: "0x",
  parentBeaconBlockRoot: "0x",
};
const next = { number: BigInt(CANCUN.number) + 1n, timestamp: BigInt(CANCUN.timestamp) + 1n };

const rulesOf = (id: bigint, block: Record<string, unknown>, options: RuleOptions = {}) => {
  const chain = forkedChain(id, block, options);
  return {
    chainId: chain.chainId,
    own: chain.forkAt({ ...next, timestamp: next.timestamp - 1n, number: next.number - 1n }),
    next: chain.forkAt(next),
  };
};

test("a chain that Braid knows goes on by its own rules, under another id too", () => {
  expect(rulesOf(MAINNET, CANCUN)).toEqual({ chainId: 1n, own: "cancun", next: "cancun" });
  expect(rulesOf(MAINNET, CANCUN, { chainId: 31_337 })).toEqual({
    chainId: 31_337n,
    own: "cancun",
    next: "cancun",
  });
  // Later forks come when they come there.
  const { timestamp } = next;
  expect(forkedChain(MAINNET, CANCUN, {}).forkAt({ ...next, timestamp: timestamp + 10n ** 9n })).toMatch(
    /^bpo/,
  );
});

test("the next block has the rules that are wanted, and no older ones", () => {
  expect(rulesOf(MAINNET, CANCUN, { hardfork: "osaka" })).toEqual({
    chainId: 1n,
    own: "cancun",
    next: "osaka",
  });
  expect(rulesOf(UNKNOWN, CANCUN, { hardfork: "prague", chainId: 5 })).toEqual({
    chainId: 5n,
    own: "cancun",
    next: "prague",
  });
  expect(() => forkedChain(MAINNET, CANCUN, { hardfork: "shanghai" })).toThrow(
    expect.objectContaining({ code: "BRAID_FORK_OPTIONS" }),
  );
});

test.each([
  [{}, "cancun", "cancun"],
  [{ requestsHash: "0x" }, "osaka", "osaka"],
  [{ parentBeaconBlockRoot: null }, "shanghai", "shanghai"],
  [{ parentBeaconBlockRoot: null, withdrawalsRoot: undefined }, "paris", "paris"],
  [{ parentBeaconBlockRoot: null, withdrawalsRoot: null, difficulty: "0x20000" }, "london", "london"],
  [
    { parentBeaconBlockRoot: null, withdrawalsRoot: null, difficulty: "0x20000", baseFeePerGas: null },
    "berlin",
    "berlin",
  ],
])("of another chain the header says what rules it has: %j", (fields, own, after) => {
  const found = rulesOf(UNKNOWN, { ...CANCUN, ...fields });
  // Osaka begins with the block after one of Prague's, whose header looks the same.
  expect([found.own === "prague" ? after : found.own, found.next]).toEqual([own, after]);
});
