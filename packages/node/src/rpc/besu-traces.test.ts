// Tracers against geth's own answers, as Besu keeps them: a chain of blocks that each do something special.

import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Blockchain, type GenesisFile, importChainFile, openGenesis } from "@braid/chain";
import { Executor } from "@braid/executor";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Node } from "../node.ts";
import { BraidProvider } from "../provider.ts";
import { FIXTURES } from "../testing/fixtures.ts";

const FOLDER = join(FIXTURES, "besu-debug-geth");
const isPresent = existsSync(FOLDER);
const files = isPresent ? globSync("specs/**/*.json", { cwd: FOLDER }).sort() : [];

describe.skipIf(!isPresent)("traces of Besu's test chain", () => {
  let provider: BraidProvider;

  beforeAll(async () => {
    const data = (name: string): string => join(FOLDER, "chain-data", name);
    const json = JSON.parse(readFileSync(data("genesis.json"), "utf8"));
    // It has decimal numbers, and nothing, where there should be hex.
    const hex = (value: unknown): unknown =>
      typeof value === "string" && /^\d*$/.test(value)
        ? `0x${value === "" ? "" : BigInt(value).toString(16)}`
        : value;
    const entries = Object.entries(json).map(([name, value]) => [name, hex(value)]);
    const genesis: GenesisFile = Object.fromEntries(entries);
    const { chain: rules, store, header } = await openGenesis(genesis);
    const executor = new Executor({ workers: 0 });
    const chain = new Blockchain({ chain: rules, store, executor, head: header });
    await importChainFile(chain, data("blocks.bin"));
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

  test.each(files.map((file) => [basename(file), file]))("%s", async (_name, file) => {
    const { request, response } = JSON.parse(readFileSync(join(FOLDER, file), "utf8"));
    if (response.error !== undefined) {
      await expect(provider.request(request)).rejects.toMatchObject({ code: response.error.code });
      return;
    }
    const found = JSON.parse(JSON.stringify(await provider.request(request)));
    expect(found).toEqual(response.result);
  });
});
