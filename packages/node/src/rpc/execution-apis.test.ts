// Conformance to ethereum/execution-apis: the chain of its tests is imported, and every request answered as its files say. An error is compared
// by its code and data, as hive does it: each client has its own words.

import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Blockchain, type GenesisFile, openGenesis } from "@braid/chain";
import { Executor } from "@braid/executor";
import { hexToBytes, readRlpItem } from "@braid/primitives";
import { RpcError } from "@braid/rpc";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Node } from "../node.ts";
import { BraidProvider } from "../provider.ts";
import { FIXTURES } from "../testing/fixtures.ts";

const FOLDER = join(FIXTURES, "chain-imports/execution-apis");

interface Exchange {
  request: { method: string; params?: unknown };
  response: { result?: unknown; error?: { code: number; message: string; data?: unknown } };
  /** Only the answer's form is compared. */
  specOnly: boolean;
}

function readExchanges(path: string): Exchange[] {
  const lines = readFileSync(path, "utf8").split("\n");
  const specOnly = lines.some((line) => line.startsWith("// speconly"));
  const parsed = (mark: string): unknown[] =>
    lines.filter((line) => line.startsWith(mark)).map((line) => JSON.parse(line.slice(mark.length)));
  const responses = parsed("<< ");
  return parsed(">> ").map((request, i) => ({
    request: request as Exchange["request"],
    response: responses[i] as Exchange["response"],
    specOnly,
  }));
}

/** What an answer may have and need not. */
const OPTIONAL = new Set(["deleteStrategy"]);

/** Does a value have the form of another one: the same fields, the same kinds of values? */
function hasForm(found: unknown, expected: unknown): boolean {
  if (Array.isArray(expected))
    return (
      Array.isArray(found) && (found.length === 0 || expected.length === 0 || hasForm(found[0], expected[0]))
    );
  if (typeof expected === "object" && expected !== null) {
    if (typeof found !== "object" || found === null) return false;
    const [has, wants] = [found, expected].map((value) => Object.entries(value)) as [
      [string, unknown][],
      [string, unknown][],
    ];
    // Keys that are no names of fields: addresses, nonces.
    if (wants.every(([key]) => /^(0x|\d)/.test(key)))
      return has.length === 0 || wants.length === 0 || hasForm(has[0]?.[1], wants[0]?.[1]);
    const fields = new Map(has);
    return (
      has.every(([key]) => key in expected) &&
      wants.every(([key, value]) => OPTIONAL.has(key) || (fields.has(key) && hasForm(fields.get(key), value)))
    );
  }
  if (typeof expected === "string" && typeof found === "string")
    return found.startsWith("0x") === expected.startsWith("0x");
  return typeof found === typeof expected;
}

const isPresent = existsSync(FOLDER);
const files = isPresent ? globSync("*/*.io", { cwd: FOLDER }).sort() : [];

describe.skipIf(!isPresent)("execution-apis", () => {
  let provider: BraidProvider;

  beforeAll(async () => {
    const genesis = JSON.parse(readFileSync(join(FOLDER, "genesis.json"), "utf8")) as GenesisFile;
    const { chain: rules, store, header } = await openGenesis(genesis);
    const executor = new Executor({ workers: 0 });
    const chain = new Blockchain({ chain: rules, store, executor, head: header });
    const bytes = new Uint8Array(readFileSync(join(FOLDER, "chain.rlp")));
    for (let at = 0; at < bytes.length; ) {
      const { end } = readRlpItem(bytes, at) ?? { end: bytes.length };
      await chain.importBlock(bytes.subarray(at, end));
      at = end;
    }
    const [state] = JSON.parse(readFileSync(join(FOLDER, "headfcu.json"), "utf8")).params;
    const head = hexToBytes(state.headBlockHash);
    await chain.setHead(head, {
      safe: hexToBytes(state.safeBlockHash),
      finalized: hexToBytes(state.finalizedBlockHash),
    });
    provider = new BraidProvider(
      new Node({
        chain,
        store,
        executor,
        accounts: [],
        mining: { auto: false },
      }),
    );
  }, 120_000);

  afterAll(() => provider.close());

  async function answer({ method, params }: Exchange["request"]): Promise<Exchange["response"]> {
    try {
      return { result: (await provider.request({ method, params })) ?? null };
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      const { code, message, data } = error;
      return { error: data === undefined ? { code, message } : { code, message, data } };
    }
  }

  async function check(file: string): Promise<void> {
    for (const { request, response, specOnly } of readExchanges(join(FOLDER, file))) {
      // As it would travel.
      const found = JSON.parse(JSON.stringify(await answer(request))) as Exchange["response"];
      const { error } = response;
      if (error === undefined) {
        if (specOnly) expect(hasForm(found.result, response.result), JSON.stringify(found)).toBe(true);
        else expect(found).toEqual({ result: response.result });
      } else
        expect({ code: found.error?.code, data: found.error?.data }).toEqual({
          code: error.code,
          data: error.data,
        });
    }
  }

  test(`all ${files.length} files`, async () => {
    const failed: string[] = [];
    for (const file of files)
      await check(file).catch((error: unknown) => {
        failed.push(file);
        if (process.env.BRAID_SHOW?.split(",").some((name) => file.includes(name)))
          console.error(file, error);
      });
    expect(files).toHaveLength(199);
    expect(failed).toEqual([]);
  }, 300_000);
});
