// Mainnet forked at the block before one of the fixtures: the block's transactions, built anew on state that is read when it is needed, come to
// what the block's header says.

import { join } from "node:path";
import { createNode } from "@braid/node";
import { gunzipBounded, hexToBytes, readBounded } from "@braid/primitives";
import { decodeHeader } from "@braid/protocol";
import { loadBlockFile } from "@braid/replay";
import { toRpcHeader } from "@braid/testing/rpc-forms";
import { RpcServer } from "@braid/testing/rpc-server";
import { describe, expect, test } from "vitest";
import { nodeOfFile, PROOFS, STATE_METHODS } from "../../packages/replay/src/testing/file-node.ts";
import { FIXTURES, isPresent } from "./fixture-files.ts";

/** A witness with its parent's header: what a node that has both blocks would answer. */
async function openFixture(name: string) {
  const path = join(FIXTURES, "mainnet-witness", `${name}.json.gz`);
  const file = await loadBlockFile(path);
  const json = JSON.parse(new TextDecoder().decode(gunzipBounded(await readBounded(path)))) as {
    parentHeaderRlp: string;
  };
  const parent = decodeHeader(hexToBytes(json.parentHeaderRlp), file.chain);
  const [block] = file.blocks;
  if (block === undefined) throw new Error(`${name} has no block`);
  return { file, parent, block: block.input };
}

describe.skipIf(!isPresent("mainnet-witness"))("mainnet, forked (needs BRAID_FIXTURES)", () => {
  // Byzantium, the Merge, Shanghai. Witnesses of others lack codes that a node is asked for together with their accounts.
  test.each([
    ["1-4370000", [...STATE_METHODS]],
    ["1-15537394", [...STATE_METHODS]],
    ["1-18884864", [...STATE_METHODS, PROOFS]],
  ])(
    "%s comes to what its header says",
    async (name, offers) => {
      const { file, parent, block } = await openFixture(name);
      const methods = nodeOfFile(file, { offers, parent });
      const at = `0x${parent.number.toString(16)}`;
      const server = await RpcServer.start(
        (method, params) =>
          method === "eth_getBlockByNumber" && params[0] === at
            ? { ...toRpcHeader(parent), transactions: [], uncles: [] }
            : methods(method, params),
        { delayMs: 5 },
      );
      await using node = await createNode({
        workers: 2,
        accounts: 0,
        fork: { url: server.url, blockNumber: parent.number },
      });
      const { header, transactions, withdrawals } = block;
      const { timestamp, coinbase, mixHash, gasLimit, extraData, parentBeaconBlockRoot } = header;
      const built = await node.node.chain.build(
        {
          timestamp,
          coinbase,
          prevRandao: mixHash,
          gasLimit,
          extraData,
          ...(withdrawals === undefined ? {} : { withdrawals }),
          ...(parentBeaconBlockRoot === undefined ? {} : { parentBeaconBlockRoot }),
        },
        transactions,
      );
      expect(built.result.leftOut).toEqual([]);
      const { gasUsed, receiptsRoot, logsBloom, transactionsRoot, withdrawalsRoot } = built.block.header;
      expect({ gasUsed, receiptsRoot, logsBloom, transactionsRoot, withdrawalsRoot }).toEqual({
        gasUsed: header.gasUsed,
        receiptsRoot: header.receiptsRoot,
        logsBloom: header.logsBloom,
        transactionsRoot: header.transactionsRoot,
        withdrawalsRoot: header.withdrawalsRoot,
      });
      // Several reads to a request: transactions do not wait for each other's.
      const reads = server.requests.flat().length;
      if (!offers.includes(PROOFS)) expect(server.requests.length).toBeLessThan(reads / 2);
      await server.close();
    },
    120_000,
  );
});
