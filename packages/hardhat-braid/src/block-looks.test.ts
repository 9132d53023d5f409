import { expect, test } from "vitest";
import { blockLooks } from "./block-looks.ts";

const A = `0x${"aa".repeat(20)}` as const;
const B = `0x${"bb".repeat(20)}` as const;
const to = A;

test("what the opcodes of all codes show is looked at", () => {
  const looks = blockLooks({ to }, { [A]: { code: "0x4200" }, [B]: { code: "0x434144" } });
  expect([...looks].sort()).toEqual(["miner", "mixHash", "number", "timestamp"]);
  expect(blockLooks({ to }, { [A]: { code: "0x5b600056" }, [B]: { balance: "0x1" } }).size).toBe(0);
});

test("what is pushed is no opcode, and what comes after it is one", () => {
  expect(blockLooks({ to }, { [A]: { code: "0x604260436141447f" } }).size).toBe(0);
  expect([...blockLooks({ to }, { [A]: { code: "0x61424345" } })]).toEqual(["gasLimit"]);
});

test("init code is code, call data is none, and who creates may run anything", () => {
  expect([...blockLooks({ data: "0x42" }, {})]).toEqual(["timestamp"]);
  expect(blockLooks({ to, data: "0x42" }, {}).size).toBe(0);
  expect(blockLooks({ to }, { [A]: { code: "0xf5" } }).size).toBe(5);
});
