// Blocks: what their encoding must be, what their header commits to, and what uncles they may have.

import { rlpOfBytes, rlpOfList } from "@braid/primitives";
import { CHAINS } from "@braid/testing/arbitraries";
import { describe, expect, test } from "vitest";
import type { Chain } from "../chain/chain.ts";
import { InvalidBlockError } from "../errors.ts";
import { createHeader } from "../header/create-header.ts";
import { ethashDifficulty } from "../header/difficulty.ts";
import { encodeHeader, type Header, hashHeader } from "../header/header.ts";
import {
  type Block,
  decodeBlock,
  encodeBlock,
  encodedBlockLength,
  transactionsRoot,
  unclesHash,
} from "./block.ts";
import { validateBody } from "./validate-body.ts";
import { compareResult, validateResult } from "./validate-result.ts";
import { type Ancestor, ancestorOf, validateUncles } from "./validate-uncles.ts";

const prague = CHAINS.get("prague") as Chain;
const byzantium = CHAINS.get("byzantium") as Chain;

function verdict(act: () => void): string {
  try {
    act();
  } catch (error) {
    if (error instanceof InvalidBlockError) return error.code;
    throw error;
  }
  return "valid";
}

describe("an encoding", () => {
  const header = encodeHeader(createHeader({ number: 1n }, prague.rulesOfFork("prague")));
  const none = rlpOfList([]);
  const legacy = rlpOfList(new Array<Uint8Array>(9).fill(Uint8Array.of(0x80)));
  const decode = (...items: Uint8Array[]): string =>
    verdict(() => void decodeBlock(rlpOfList(items), prague));

  test("of header, transactions, uncles and withdrawals is a block", () => {
    expect(decode(header, rlpOfList([legacy, rlpOfBytes(Uint8Array.of(2, 0xc0))]), none, none)).toBe("valid");
  });

  test.each<[string, Uint8Array[]]>([
    ["without withdrawals", [header, none, none]],
    ["with a part too many", [header, none, none, none, none]],
    ["with a legacy transaction in a byte string", [header, rlpOfList([rlpOfBytes(legacy)]), none, none]],
    ["with an empty transaction", [header, rlpOfList([rlpOfBytes(new Uint8Array(0))]), none, none]],
    ["with transactions that are no list", [header, rlpOfBytes(legacy), none, none]],
    ["with an uncle that is none", [header, none, rlpOfList([none]), none]],
    ["with a withdrawal that is none", [header, none, none, rlpOfList([none])]],
    [
      "with a header of another fork",
      [encodeHeader(createHeader({}, byzantium.rulesOfFork("byzantium"))), none, none, none],
    ],
  ])("%s is malformed", (_what, items) => {
    expect(decode(...items)).toBe("BRAID_BLOCK_MALFORMED");
  });

  test("with bytes behind it is malformed", () => {
    const raw = rlpOfList([header, none, none, none]);
    expect(verdict(() => void decodeBlock(Uint8Array.of(...raw, 0), prague))).toBe("BRAID_BLOCK_MALFORMED");
  });

  test("in a Buffer gives no Buffers, and a header that shares no memory with it", () => {
    const raw = Buffer.from(rlpOfList([header, rlpOfList([legacy]), none, none]));
    const block = decodeBlock(raw, prague);
    expect(Buffer.isBuffer(block.header.parentHash) || Buffer.isBuffer(block.transactions[0])).toBe(false);
    raw.fill(0xff);
    expect(block.header.parentHash).toEqual(new Uint8Array(32));
  });
});

describe("a body", () => {
  const transactions = [Uint8Array.of(2, 0xc0)];
  const rules = prague.rulesOfFork("prague");
  const block: Block = {
    header: createHeader({ number: 1n, transactionsRoot: transactionsRoot(transactions) }, rules),
    transactions,
    uncles: [],
    withdrawals: [],
  };
  const withdrawal = { index: 0n, validatorIndex: 0n, address: new Uint8Array(20), amount: 1n };
  test.each<[string, Partial<Block>, string]>([
    ["its own", {}, "valid"],
    [
      "another transaction",
      { transactions: [Uint8Array.of(1, 0xc0)] },
      "BRAID_BLOCK_WRONG_TRANSACTIONS_ROOT",
    ],
    ["a withdrawal", { withdrawals: [withdrawal] }, "BRAID_BLOCK_WRONG_WITHDRAWALS_ROOT"],
    ["an uncle", { uncles: [block.header] }, "BRAID_BLOCK_WRONG_UNCLES_HASH"],
  ])("with %s", (_what, change, expected) => {
    expect(verdict(() => validateBody({ ...block, ...change }, prague))).toBe(expected);
  });

  test("without its withdrawals", () => {
    const { withdrawals: _, ...rest } = block;
    expect(verdict(() => validateBody(rest, prague))).toBe("BRAID_BLOCK_WRONG_WITHDRAWALS_ROOT");
  });

  test("of more than 8 MiB is too large from Osaka on (EIP-7934)", () => {
    const osaka = CHAINS.get("bpo2") as Chain;
    const sized = (length: number): Block => {
      const raw = new Uint8Array(length).fill(2);
      return {
        ...block,
        header: { ...block.header, transactionsRoot: transactionsRoot([raw]) },
        transactions: [raw],
      };
    };
    const overhead = encodedBlockLength(sized(1 << 23)) - (1 << 23);
    const largest = sized((1 << 23) - overhead);
    expect(encodeBlock(largest).length).toBe(1 << 23);
    expect(verdict(() => validateBody(largest, osaka))).toBe("valid");
    const larger = sized((1 << 23) - overhead + 1);
    expect(verdict(() => validateBody(larger, osaka))).toBe("BRAID_BLOCK_TOO_LARGE");
    expect(verdict(() => validateBody(larger, prague))).toBe("valid");
  });
});

describe("uncles", () => {
  const rules = byzantium.rulesOfFork("byzantium");
  const after = (parent: Header, fields: Partial<Header> = {}): Header => {
    const header = createHeader(
      {
        number: parent.number + 1n,
        timestamp: parent.timestamp + 13n,
        gasLimit: 10_000_000n,
        parentHash: hashHeader(parent),
        ...fields,
      },
      rules,
    );
    return { ...header, difficulty: fields.difficulty ?? ethashDifficulty(header, parent, rules) };
  };
  const ancestors: Ancestor[] = [];
  let newest = createHeader({ gasLimit: 10_000_000n, difficulty: 131_072n }, rules);
  for (let i = 0; i < 9; i++) {
    ancestors.push(ancestorOf({ header: newest, uncles: [] }));
    newest = after(newest);
  }
  const parentOf = (generation: number): Header => (ancestors.at(-generation) as Ancestor).header;
  const other = { extraData: Uint8Array.of(1) };
  const check = (uncles: Header[], chain = byzantium, chained = ancestors): string =>
    verdict(() =>
      validateUncles(
        { header: { ...after(parentOf(1)), unclesHash: unclesHash(uncles) }, transactions: [], uncles },
        chained,
        chain,
      ),
    );

  test("of the last seven generations are valid", () => {
    expect(check([after(parentOf(2), other), after(parentOf(7), other)])).toBe("valid");
  });

  const first = after(parentOf(2), other);
  const included = ancestors.map((ancestor, i) =>
    i === 7 ? { ...ancestor, uncles: ancestorOf({ header: first, uncles: [first] }).uncles } : ancestor,
  );
  test.each<[string, Header[], string, Ancestor[]?]>([
    [
      "three of them",
      [first, after(parentOf(3), other), after(parentOf(4), other)],
      "BRAID_BLOCK_TOO_MANY_UNCLES",
    ],
    ["an ancestor", [parentOf(2)], "BRAID_BLOCK_UNCLE_IS_ANCESTOR"],
    ["one twice", [first, first], "BRAID_BLOCK_UNCLE_ALREADY_INCLUDED"],
    ["one that was included", [first], "BRAID_BLOCK_UNCLE_ALREADY_INCLUDED", included],
    ["a brother", [after(parentOf(1), other)], "BRAID_BLOCK_UNCLE_UNKNOWN_PARENT"],
    ["one too old", [after(parentOf(8), other)], "BRAID_BLOCK_UNCLE_UNKNOWN_PARENT"],
    ["one with another difficulty", [after(parentOf(2), { difficulty: 1n })], "BRAID_BLOCK_UNCLE_INVALID"],
  ])("%s", (_what, uncles, expected, chained) => {
    expect(check(uncles, byzantium, chained)).toBe(expected);
  });

  test("after the Merge there are none (EIP-3675)", () => {
    expect(check([first], CHAINS.get("paris") as Chain)).toBe("BRAID_BLOCK_TOO_MANY_UNCLES");
  });
});

describe("a result", () => {
  const amsterdam = (CHAINS.get("amsterdam") as Chain).rulesOfFork("amsterdam");
  const header = createHeader({ number: 1n, gasLimit: 100n, gasUsed: 42n }, amsterdam);
  const result = {
    gasUsed: 42n,
    blobGasUsed: 0n,
    logsBloom: header.logsBloom,
    receiptsRoot: header.receiptsRoot,
    ...(header.requestsHash === undefined ? {} : { requestsHash: header.requestsHash }),
    accessList: [],
  };
  const account = {
    address: "0x0000000000000000000000000000000000000001" as const,
    storageChanges: [],
    storageReads: [],
    balanceChanges: [],
    nonceChanges: [],
    codeChanges: [],
  };
  const other = new Uint8Array(32).fill(1);

  test.each<[string, Partial<Parameters<typeof validateResult>[1]>, string]>([
    ["that fits", {}, "valid"],
    ["with other gas", { gasUsed: 43n }, "BRAID_BLOCK_WRONG_GAS_USED"],
    ["with other blob gas", { blobGasUsed: 1n }, "BRAID_BLOCK_WRONG_BLOB_GAS_USED"],
    ["with other requests", { requestsHash: other }, "BRAID_BLOCK_WRONG_REQUESTS_HASH"],
    ["with other logs", { logsBloom: new Uint8Array(256).fill(1) }, "BRAID_BLOCK_WRONG_LOGS_BLOOM"],
    ["with other receipts", { receiptsRoot: other }, "BRAID_BLOCK_WRONG_RECEIPTS_ROOT"],
    ["with receipts of unknown root", { receiptsRoot: undefined }, "BRAID_BLOCK_WRONG_RECEIPTS_ROOT"],
    ["with other accesses", { accessList: [account] }, "BRAID_BLOCK_WRONG_ACCESS_LIST_HASH"],
  ])("%s", (_what, change, expected) => {
    expect(verdict(() => validateResult(header, { ...result, ...change }, header.stateRoot))).toBe(expected);
  });

  test("with another state", () => {
    expect(verdict(() => validateResult(header, result, other))).toBe("BRAID_BLOCK_WRONG_STATE_ROOT");
  });

  test("is compared as far as it is known", () => {
    const fields = (stateRoot: Uint8Array | undefined, receiptsRoot: Uint8Array | undefined): string[] =>
      compareResult(header, { ...result, receiptsRoot }, stateRoot).map(({ field }) => field);
    expect(fields(undefined, undefined)).toEqual([
      "gasUsed",
      "blobGasUsed",
      "requestsHash",
      "logsBloom",
      "blockAccessListHash",
    ]);
    expect(fields(other, other)).toHaveLength(7);
    const london = createHeader({}, (CHAINS.get("london") as Chain).rulesOfFork("london"));
    expect(compareResult(london, { ...result, gasUsed: 1n }, undefined)).toEqual([
      { field: "gasUsed", code: "BRAID_BLOCK_WRONG_GAS_USED", expected: "0", found: "1" },
      {
        field: "requestsHash",
        code: "BRAID_BLOCK_WRONG_REQUESTS_HASH",
        expected: "none",
        found: expect.any(String),
      },
      {
        field: "logsBloom",
        code: "BRAID_BLOCK_WRONG_LOGS_BLOOM",
        expected: expect.any(String),
        found: expect.any(String),
      },
      {
        field: "receiptsRoot",
        code: "BRAID_BLOCK_WRONG_RECEIPTS_ROOT",
        expected: expect.any(String),
        found: expect.any(String),
      },
    ]);
  });
});
