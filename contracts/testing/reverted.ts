// Why a call failed: the contract's own error, by name.
import assert from "node:assert/strict";
import { contractFamilies } from "@braid/workloads";
import { type Abi, decodeErrorResult, type Hex } from "viem";

class Reverted extends Error {
  /** As declared in Solidity; `Error` for a message, `Panic` for a failed check of the language's, empty without data. */
  readonly errorName: string;
  readonly args: readonly unknown[];

  constructor(errorName: string, args: readonly unknown[], options: { cause: unknown }) {
    super(`reverted with ${errorName}(${args.join(", ")})`, options);
    this.errorName = errorName;
    this.args = args;
  }
}

/** Asserts that the call fails with that error, and with those arguments when some are given. */
export async function reverts(call: Promise<unknown>, errorName: string, ...args: unknown[]): Promise<void> {
  await assert.rejects(call, (error) => {
    assert(error instanceof Reverted, `expected ${errorName}, got ${error}`);
    assert.equal(error.errorName, errorName, error.message);
    if (args.length > 0) assert.deepEqual(error.args, args);
    return true;
  });
}

/** True when the call was done, false when the contract refused it; any other failure is thrown. */
export async function attempt(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (error instanceof Reverted) return false;
    throw error;
  }
}

/** The network's error as a Reverted when it carries what the contract answered, or else as it is. */
export function asReverted(error: unknown, abi: Abi): unknown {
  const data = revertData(error);
  if (data === undefined) return error;
  if (data === "0x") return new Reverted("", [], { cause: error });
  // A contract's ABI names only errors of its own, and what it called may have failed with another one.
  for (const candidates of [abi, allErrors()]) {
    try {
      const { errorName, args = [] } = decodeErrorResult({ abi: candidates, data });
      return new Reverted(errorName, args, { cause: error });
    } catch {
      // Not one of these.
    }
  }
  return new Reverted(data, [], { cause: error });
}

/** Networks put it at different depths: `error.data`, `error.data.data`, or into the cause. */
function revertData(error: unknown): Hex | undefined {
  if (typeof error === "string") return /^0x([0-9a-f]{2})*$/i.test(error) ? (error as Hex) : undefined;
  if (typeof error !== "object" || error === null) return undefined;
  for (const key of ["data", "cause"] as const) {
    const found = key in error ? revertData((error as Record<typeof key, unknown>)[key]) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

let errors: Abi | undefined;

function allErrors(): Abi {
  errors ??= [...contractFamilies().values()]
    .flatMap((family) => Object.values(family))
    .flatMap(({ abi }) => abi.filter(({ type }) => type === "error")) as Abi;
  return errors;
}
