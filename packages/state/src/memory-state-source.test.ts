// The source over a flat pre-state.
import { bigIntToBytes32 } from "@braid/primitives";
import { describe, expect, it } from "vitest";
import { EMPTY_CODE_HASH } from "./constants.ts";
import { keccak256 } from "./keccak.ts";
import { MemoryStateSource } from "./memory-state-source.ts";

const CODE = Uint8Array.of(0x60, 0x00);
const CODE_HASH = keccak256(CODE);

describe("MemoryStateSource", () => {
  const at = new Uint8Array(20).fill(1);
  const account = { nonce: 1n, balance: 2n, codeHash: CODE_HASH, hasStorage: true };
  const flat = {
    accounts: [
      { address: at, account, storage: [[bigIntToBytes32(1n), 5n]] as [Uint8Array, bigint][] },
      { address: new Uint8Array(20).fill(2), account: undefined, storage: [] },
    ],
    codes: [[CODE_HASH, CODE]] as [Uint8Array, Uint8Array][],
  };

  it("answers what the pre-state lists, and absent for the rest", () => {
    const source = MemoryStateSource.fromFlat({ ...flat, blockHashes: new Map([[7n, CODE_HASH]]) });
    expect(source.getAccount(at.slice())).toEqual(account);
    expect(source.getAccount(new Uint8Array(20).fill(2))).toBeUndefined();
    expect(source.getAccount(new Uint8Array(20).fill(3))).toBeUndefined();
    expect(source.getStorage(at, bigIntToBytes32(1n))).toBe(5n);
    expect(source.getStorage(at, bigIntToBytes32(2n))).toBe(0n);
    expect(source.getStorage(new Uint8Array(20), bigIntToBytes32(1n))).toBe(0n);
    expect(source.getCode(CODE_HASH)).toEqual(CODE);
    expect(source.getBlockHash(7n)).toEqual(CODE_HASH);
    expect(source.preload().accounts).toBe(flat.accounts);
  });

  it("throws for a code and a block hash that it was not given", () => {
    const source = new MemoryStateSource(flat);
    expect(source.getCode(EMPTY_CODE_HASH)).toEqual(new Uint8Array(0));
    expect(() => source.getCode(at)).toThrow(expect.objectContaining({ code: "BRAID_MISSING_CODE" }));
    expect(() => source.getBlockHash(7n)).toThrow(
      expect.objectContaining({ code: "BRAID_MISSING_BLOCK_HASH", data: { number: "7" } }),
    );
  });
});
