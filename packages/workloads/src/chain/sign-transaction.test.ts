// Signed transactions and call data, checked by ethereumjs, which decodes them and recovers their signers.

import { commonOf } from "@braid/executor";
import { bytesToHex } from "@braid/primitives";
import { chainOf } from "@braid/protocol";
import { createTxFromRLP, EOACode7702Tx } from "@ethereumjs/tx";
import { Address, createContractAddress, eoaCode7702RecoverAuthority } from "@ethereumjs/util";
import { describe, expect, it } from "vitest";
import { encodeCall } from "../contracts/abi.ts";
import { createAccounts, createdAddress, type SigningAccount } from "./accounts.ts";
import { CHAIN_ID, DEMO_CHAIN, HARDFORK } from "./chain-spec.ts";
import { signAuthorization, signTransaction } from "./sign-transaction.ts";

const common = commonOf(chainOf(DEMO_CHAIN), HARDFORK);

describe("signTransaction", () => {
  it.each([0, 1, 2, 4] as const)("makes a transaction of type %i that recovers to its sender", (type) => {
    const [sender, authority] = createAccounts("signing", 2) as [SigningAccount, SigningAccount];
    sender.nonce = 200n;
    const to = new Uint8Array(20).fill(3);
    const authorization = signAuthorization(CHAIN_ID, to, 7n, authority);
    const transaction = createTxFromRLP(
      signTransaction(
        {
          type,
          chainId: CHAIN_ID,
          maxFee: 3n,
          tip: 2n,
          gasLimit: 100_000n,
          to,
          value: 5n,
          data: Uint8Array.of(0, 1),
          ...(type === 0 ? {} : { accessList: [[to, [new Uint8Array(32)]]] as const }),
          ...(type === 4 ? { authorizations: [authorization] } : {}),
        },
        sender,
      ),
      { common },
    );
    expect(sender.nonce).toBe(201n);
    expect(transaction).toMatchObject({ type, nonce: 200n, gasLimit: 100_000n, value: 5n });
    expect(transaction.getSenderAddress().bytes).toEqual(sender.address);
    if (!(transaction instanceof EOACode7702Tx)) return;
    const [tuple] = transaction.authorizationList;
    expect(tuple && eoaCode7702RecoverAuthority(tuple).bytes).toEqual(authority.address);
  });
});

describe("createdAddress", () => {
  it.each([0n, 1n, 127n, 128n, 255n, 256n, 65_536n])("is what ethereumjs says for nonce %i", (nonce) => {
    const [{ address }] = createAccounts("creator", 1) as [SigningAccount];
    expect(createdAddress(address, nonce)).toEqual(createContractAddress(new Address(address), nonce).bytes);
  });
});

describe("encodeCall", () => {
  const words = (...hex: string[]) => hex.map((digits) => digits.padStart(64, "0")).join("");

  it("puts words behind the selector", () => {
    const address = new Uint8Array(20).fill(0xab);
    expect(bytesToHex(encodeCall("transfer(address,uint256)", address, 16n))).toBe(
      `0xa9059cbb${words("ab".repeat(20), "10")}`,
    );
  });

  it("puts arrays, bytes and tuples behind the words, found by their offsets", () => {
    const call = encodeCall(
      "f(uint256,(address,bytes)[],address[])",
      1n,
      [[new Uint8Array(20).fill(2), Uint8Array.of(0xcd)]],
      [],
    );
    expect(bytesToHex(call.subarray(4)).slice(2)).toBe(
      words("1", "60", "120") +
        words("1", "20", "02".repeat(20), "40", "1") +
        "cd".padEnd(64, "0") +
        words("0"),
    );
  });

  it("refuses values that do not fit the types", () => {
    expect(() => encodeCall("f(uint256)")).toThrow(RangeError);
    expect(() => encodeCall("f(address)", 1n)).toThrow(TypeError);
    expect(() => encodeCall("f(address)", new Uint8Array(19))).toThrow(TypeError);
  });
});
