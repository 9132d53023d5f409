// Precompiles whose libraries are loaded when they are called: by threads that have not called them before, against stock ethereumjs.

import { createHash } from "node:crypto";
import { bytesToHex, concatBytes, hexToBytes } from "@braid/primitives";
import { MemoryStateSource } from "@braid/state";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { BlockBuilder } from "@braid/testing/block-builder";
import { TOOL, tool } from "@braid/testing/tool";
import { expect, onTestFinished, test } from "vitest";
import { Executor } from "../../../executor.ts";
import { assertAllAgree } from "../../../testing/agree.ts";
import { bn254, loadBn254 } from "./bn254.ts";
import { loadKzg, verifyKzgProof } from "./kzg.ts";

const address = (number: number): Uint8Array => hexToBytes(`0x${number.toString(16).padStart(40, "0")}`);
const word = (value: bigint): string => value.toString(16).padStart(64, "0");

/** The generator of BN254's G1, and its double. */
const ONE = `${word(1n)}${word(2n)}`;
const TWO =
  "030644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd315ed738c0e0a7c92e7845f96b2ae9c0a68a6a449e3538fc7ff3ebf7a5a18a2c4";
const FIELD_MODULUS = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47n;
const NOT_IN_FIELD = `${word(FIELD_MODULUS)}${word(2n)}`;
/** The polynomial that is 0 everywhere: its commitment and its proofs are the point at infinity. */
const INFINITY = `c0${"00".repeat(47)}`;
const VERSIONED_HASH = `01${createHash("sha256")
  .update(hexToBytes(`0x${INFINITY}`))
  .digest("hex")
  .slice(2)}`;
const proofOf = (value: bigint): string => `${VERSIONED_HASH}${word(5n)}${word(value)}${INFINITY}${INFINITY}`;

/** What each precompile is asked, and whether it answers. */
const CALLS: [precompile: number, input: string, answers: boolean][] = [
  [0x06, `${ONE}${ONE}`, true],
  [0x06, `${ONE}${NOT_IN_FIELD}`, false],
  [0x07, `${ONE}${word(2n)}`, true],
  [0x07, `${NOT_IN_FIELD}${word(2n)}`, false],
  [0x08, "", true],
  [0x08, `${ONE}${"00".repeat(128)}`, true],
  [0x08, NOT_IN_FIELD, false],
  [0x0a, proofOf(0n), true],
  [0x0a, proofOf(1n), false],
];

// The first of these tests: nothing has called it in this thread before.
test("one that a call's overrides have moved is loaded as well", async () => {
  const { chain, input } = await new BlockBuilder("osaka").build();
  const there = plainAddress(9);
  const executor = new Executor({ workers: 0 });
  onTestFinished(() => executor.close());
  const [sum] = await executor.call({
    chain,
    header: input.header,
    source: MemoryStateSource.fromFlat({ accounts: [], codes: [] }),
    messages: [{ to: there, data: hexToBytes(`0x${ONE}${ONE}`) }],
    stateOverrides: [{ address: address(0x06), movePrecompileToAddress: there }],
  });
  expect(sum && bytesToHex(sum.output)).toBe(`0x${TWO}`);
});

test("their first calls in a thread agree with stock ethereumjs", async () => {
  const CALLER = plainAddress(1);
  const builder = new BlockBuilder("osaka", { gasLimit: 60_000_000n });
  builder.contract(CALLER, TOOL);
  for (const [i, [precompile, input]] of CALLS.entries()) {
    const data = tool.call(address(precompile), hexToBytes(`0x${input}`), 200_000);
    builder.fund(keyed(i));
    builder.send({ from: keyed(i), to: CALLER, data, gasLimit: 500_000 });
  }
  // A transaction's receiver can be one, too.
  builder.fund(keyed(CALLS.length));
  builder.send({ from: keyed(CALLS.length), to: address(0x08), gasLimit: 200_000 });
  const { result } = await assertAllAgree(await builder.build());
  expect(result.receipts.map(({ status }) => status)).toEqual(Array(CALLS.length + 1).fill(1));
  const answered = result.receipts.flatMap(({ logs }) => logs.map(({ data }) => data[31] === 1));
  expect(answered).toEqual(CALLS.map(([, , answers]) => answers));
});

test("each has an instance of its own, loaded together or one after the other", async () => {
  await Promise.all([loadKzg(), loadBn254()]);
  const [one, infinity] = [hexToBytes(`0x${ONE}`), `0x${INFINITY}` as const];
  for (let round = 0; round < 2; round++) {
    expect(bytesToHex(bn254.add(concatBytes(one, one)))).toBe(`0x${TWO}`);
    expect(verifyKzgProof(infinity, `0x${word(5n)}`, `0x${word(0n)}`, infinity)).toBe(true);
    expect(verifyKzgProof(infinity, `0x${word(5n)}`, `0x${word(1n)}`, infinity)).toBe(false);
  }
});
