// Hostile files: bundles and JSON with anything wrong in them. Each is refused with a typed error, or executed, and then the parallel run
// does what the sequential one does. Nothing else may happen: no other error, no hang, no memory beyond the limit.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BlockResult, SeededExecutor } from "@braid/executor";
import { BaseError, bytesToHex } from "@braid/primitives";
import { chainOf, decodeBlock } from "@braid/protocol";
import { mutate, mutations } from "@braid/testing/arbitraries";
import {
  JSON_TREE,
  mutateTree,
  RLP_TREE,
  type TreeMutation,
  treeMutations,
} from "@braid/testing/mutate-tree";
import { toRpcBlock } from "@braid/testing/rpc-forms";
import { makeTransferChain } from "@braid/testing/transfer-chain";
import { RLP } from "@ethereumjs/rlp";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bundle, encodeBundle, readBundle } from "./bundle.ts";
import { openPayload, sealPayload } from "./bundle-container.ts";
import { compareResults } from "./compare.ts";
import { loadBlockFile } from "./detect.ts";
import { openParentState } from "./parent-state.ts";

const SHIPPED = join(import.meta.dirname, "../../cli/data/mainnet");
/** Under stress a hundred and fifty thousand files: each is loaded, and many are executed twice. */
const ROUNDS = Math.min(30, Number(process.env.BRAID_ROUNDS ?? 1));
/** Far more than any of the files takes. */
const LIMIT = { maxFileBytes: 2 ** 24 };
/** Errors that say something about Braid and not about the file. */
const DEFECTS = ["BRAID_UNKNOWN_ERROR", "BRAID_ENGINE_FAILURE", "BRAID_INVALID_HEX", "BRAID_BYTES32_RANGE"];

const executor = new SeededExecutor({ workers: 2, seed: 1 });
let folder: string;
let path: string;
/** Two blocks of three transfers over a complete state, and mainnet's first over a flat state and three over a witness. */
let bundles: Bundle[];
let payloads: Uint8Array[];
let jsons: unknown[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "braid-hostile-"));
  path = join(folder, "file");
  const flat = await readBundle(join(SHIPPED, "46147.braid"));
  const witness = await readBundle(join(SHIPPED, "1150001.braid"));
  bundles = [(await makeTransferChain(2)).bundle, flat, witness];
  payloads = bundles.map((bundle) => openPayload(encodeBundle(bundle, { compression: "none" })));
  jsons = [flatJson(flat), witnessJson(witness)];
});
afterAll(async () => {
  await executor.close();
  await rm(folder, { recursive: true });
});

/** As eth_getBlockByNumber gives a block, with its pre-state. */
function flatJson({ blocks: [block], state }: Bundle): unknown {
  if (block === undefined || state.kind === "witness") throw new Error("the bundle is one of a flat state");
  const quantity = (value: bigint): string => `0x${value.toString(16)}`;
  return {
    block: toRpcBlock(decodeBlock(block, chainOf("mainnet"))).json,
    preState: Object.fromEntries(
      state.pre.accounts.flatMap(({ address, account, storage }) =>
        account === undefined
          ? []
          : [
              [
                bytesToHex(address),
                {
                  balance: quantity(account.balance),
                  nonce: quantity(account.nonce),
                  codeHash: bytesToHex(account.codeHash),
                  storage: Object.fromEntries(
                    storage.map(([slot, value]) => [bytesToHex(slot), quantity(value)]),
                  ),
                },
              ],
            ],
      ),
    ),
    codes: Object.fromEntries(state.pre.codes.map(([hash, code]) => [bytesToHex(hash), bytesToHex(code)])),
    blockHashes: { "1": `0x${"11".repeat(32)}` },
  };
}

function witnessJson({ blocks: [block], state, parentHeader }: Bundle): unknown {
  if (block === undefined || state.kind !== "witness") throw new Error("the bundle is one of a witness");
  return {
    chainId: 1,
    parentStateRoot: bytesToHex(state.stateRoot),
    blockRlp: bytesToHex(block),
    ...(parentHeader === undefined ? {} : { parentHeaderRlp: bytesToHex(parentHeader) }),
    ancestors: {},
    witness: { state: state.nodes.map(bytesToHex), codes: state.codes.map(bytesToHex) },
  };
}

/** What became of a file. */
type Outcome = "refused" | "invalid" | "executed";

/** Loads and executes a file in both ways; throws for anything that must not happen. */
async function attack(content: Uint8Array): Promise<Outcome> {
  await writeFile(path, content);
  const file = await typed(() => loadBlockFile(path, LIMIT));
  if (file instanceof BaseError) return "refused";
  const state = await typed(() => openParentState(file));
  if (state instanceof BaseError) return "refused";
  for (const block of file.blocks) {
    const run = async (mode: "parallel" | "sequential") => {
      const { source, rootAfter } = state.open();
      const result = await executor.executeBlock({
        block: block.input,
        chain: block.chain,
        source,
        mode,
        force: true,
      });
      rootAfter?.(result.stateChanges);
      return result;
    };
    const sequential = await typed(() => run("sequential"));
    const parallel = await typed(() => run("parallel"));
    if (sequential instanceof BaseError || parallel instanceof BaseError) {
      expect(codeOf(parallel)).toBe(codeOf(sequential));
      return "invalid";
    }
    expect(compareResults(parallel, sequential)).toBeUndefined();
    await state.advance(block, sequential.stateChanges);
  }
  return "executed";
}

/** What the call gives, or the typed error that it throws. Any other error is thrown on. */
async function typed<T>(call: () => T | Promise<T>): Promise<T | BaseError> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof BaseError && !DEFECTS.includes(error.code)) return error;
    throw error;
  }
}

function codeOf(result: BlockResult | BaseError): string {
  return result instanceof BaseError ? result.code : "executed";
}

/** Attacks with many files; gives how often what happened. */
async function attackMany<T>(
  changes: fc.Arbitrary<T>,
  fileOf: (change: T) => Uint8Array,
  times: number,
): Promise<Record<Outcome, number>> {
  const count = { refused: 0, invalid: 0, executed: 0 };
  await fc.assert(
    // Of the changes, not of the files: a failure then shows in a few lines.
    fc.asyncProperty(changes, async (change) => {
      const content = fileOf(change);
      count[await attack(content)]++;
    }),
    { numRuns: times * ROUNDS },
  );
  return count;
}

/** One of several originals, and what is done to it. */
const choosing = <T>(changes: fc.Arbitrary<T>): fc.Arbitrary<[original: number, changes: T]> =>
  fc.tuple(fc.nat(5), changes);

function original<T>(list: readonly T[], number: number): T {
  return list[number % list.length] as T; // no list is empty
}

describe("files as they are", () => {
  test("are executed: the attack is on what is right", async () => {
    for (const bundle of bundles) expect(await attack(encodeBundle(bundle))).toBe("executed");
    for (const json of jsons) expect(await attack(Buffer.from(JSON.stringify(json)))).toBe("executed");
  });
});

describe("mutated bundles", () => {
  test.each(["none", "gzip", "brotli"] as const)(
    "whose file is damaged are refused (%s)",
    async (compression) => {
      const { refused } = await attackMany(
        choosing(mutations),
        ([number, changes]) => mutate(encodeBundle(original(bundles, number), { compression }), changes),
        100,
      );
      expect(refused).toBeGreaterThan(0);
    },
  );

  test("whose payload is another one are refused, or executed alike", async () => {
    const count = await attackMany(
      choosing(mutations),
      ([number, changes]) => sealPayload(mutate(original(payloads, number), changes), "none"),
      1_000,
    );
    expect(Math.min(count.refused, count.executed)).toBeGreaterThan(0);
  });

  test("whose sections are others are refused, or executed alike", async () => {
    const count = await attackMany(
      choosing(treeMutations),
      ([number, changes]) => sealPayload(mutateRlp(original(payloads, number), changes), "none"),
      1_000,
    );
    expect(Math.min(count.refused, count.executed)).toBeGreaterThan(0);
  });

  test("whose blocks are others are refused, or executed alike", async () => {
    const { refused } = await attackMany(
      choosing(treeMutations),
      ([number, changes]) => {
        const bundle = original(bundles, number);
        const blocks = bundle.blocks.map((block) => mutateRlp(block, changes));
        return encodeBundle({ ...bundle, blocks }, { compression: "none" });
      },
      300,
    );
    expect(refused).toBeGreaterThan(0);
  });
});

/** The mutated tree is one of bytes and lists. */
function mutateRlp(rlp: Uint8Array, changes: TreeMutation[]): Uint8Array {
  const tree = mutateTree(RLP.decode(rlp), changes, RLP_TREE) ?? [];
  return RLP.encode(tree as Parameters<typeof RLP.encode>[0]);
}

describe("mutated JSON", () => {
  const text = (json: unknown): Uint8Array => Buffer.from(JSON.stringify(json) ?? "");

  test("with other values is refused, or executed alike", async () => {
    const count = await attackMany(
      choosing(treeMutations),
      ([number, changes]) => text(mutateTree(original(jsons, number), changes, JSON_TREE)),
      2_000,
    );
    expect(Math.min(count.refused, count.executed)).toBeGreaterThan(0);
  });

  test("with other characters is refused, or executed alike", async () => {
    const count = await attackMany(
      choosing(mutations),
      ([number, changes]) => mutate(text(original(jsons, number)), changes),
      300,
    );
    expect(count.refused).toBeGreaterThan(0);
  });
});
