// Creations in which stock ethereumjs departs from the execution specification: what Braid does must follow from creations that look different and, by the
// specification, end the same.

import { bytesToHex } from "@braid/primitives";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { asm } from "@braid/testing/assembler";
import { BlockBuilder, type Fork } from "@braid/testing/block-builder";
import { describe, expect, test } from "vitest";
import { executorWith, inputOf } from "./testing/agree.ts";

const CREATOR = plainAddress(1);
const CREATOR2 = plainAddress(2);

/** Creates a contract by the init code in the call data; logs how long its answer was, the first word of it, and the address. */
const creator = (opcode: "CREATE" | "CREATE2"): Uint8Array =>
  asm(
    "CALLDATASIZE",
    0,
    0,
    "CALLDATACOPY",
    ...(opcode === "CREATE2" ? [7] : []),
    "CALLDATASIZE",
    0,
    0,
    opcode,
    64,
    "MSTORE",
    0,
    0,
    "MSTORE",
    "RETURNDATASIZE",
    0,
    0,
    "RETURNDATACOPY",
    "RETURNDATASIZE",
    32,
    "MSTORE",
    96,
    0,
    "LOG0",
  );

/** Gas, logs, and nonces of the creators, in every way to run the block and on both engines. */
async function outcomes(fork: Fork, initCode: Uint8Array) {
  const block = new BlockBuilder(fork, { gasLimit: 30_000_000n });
  block.fund(keyed(0), keyed(1), keyed(2));
  block.contract(CREATOR, creator("CREATE"));
  block.contract(CREATOR2, creator("CREATE2"));
  const options = { data: initCode, gasLimit: 200_000 };
  block.send({ from: keyed(0), to: CREATOR, ...options });
  block.send({ from: keyed(1), to: CREATOR2, ...options });
  block.send({ from: keyed(2), data: initCode, gasLimit: 200_000 });
  const built = await block.build();
  const run = async (workers: number, engine: string) => {
    const result = await executorWith(workers).executeBlock(inputOf(built, { engine }));
    return {
      gas: result.transactions.map(({ gasUsed }) => gasUsed),
      status: result.transactions.map(({ status }) => status),
      logs: result.receipts.map(({ logs }) => logs.map(({ data }) => bytesToHex(data))),
      nonces: [...result.stateChanges.accounts].map(([address, { nonce }]) => [address, nonce]),
    };
  };
  const [first, ...others] = [
    await run(0, "ethereumjs"),
    await run(2, "ethereumjs"),
    await run(0, "wasm"),
    await run(2, "wasm"),
  ] as const;
  for (const other of others) expect(other).toEqual(first);
  return first;
}

describe.each<Fork>(["byzantium", "london", "osaka"])("%s", (fork) => {
  // CREATE2 came with Constantinople: in Byzantium it is an invalid opcode both times.
  test("init code that looks like a container ends as any whose first opcode is invalid: all its gas is gone, the nonce is counted", async () => {
    const container = await outcomes(fork, Uint8Array.of(0xef, 0, 1));
    expect(container).toEqual(await outcomes(fork, Uint8Array.of(0xfe, 0, 1)));
    expect(container.gas[0]).toBeGreaterThan(190_000n);
  });

  test("init code that reverts may say what it likes, and keeps its gas", async () => {
    const revert = (first: number) => asm(first, 0, "MSTORE8", 5, 0, "REVERT");
    const one = await outcomes(fork, revert(0xef));
    const other = await outcomes(fork, revert(0xee));
    expect(one.gas).toEqual(other.gas);
    expect(one.gas[0]).toBeLessThan(100_000n);
    expect(one.status).toEqual(other.status);
    expect(one.nonces).toEqual(other.nonces);
    expect(one.logs[0]?.[0]).toBe(`0x${"ef".padEnd(64, "0")}${"5".padStart(64, "0")}${"".padEnd(64, "0")}`);
  });
});
