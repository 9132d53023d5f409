// Chains that go on from a block of a real node: the transactions of its next block come to the same here as there.

import { createNode } from "@braid/node";
import { bytesToHex } from "@braid/primitives";
import { decodeRpcBlock, type RpcBlock } from "@braid/protocol";
import { keyed, plainAddress } from "@braid/testing/accounts";
import { type Anvil, startAnvil, without } from "@braid/testing/anvil";
import { RpcServer } from "@braid/testing/rpc-server";
import { afterAll, beforeAll, expect, test } from "vitest";

let anvil: Anvil;
beforeAll(async () => {
  anvil = await startAnvil();
}, 60_000);
afterAll(() => anvil?.close());

const ask = async (method: string, ...params: unknown[]): Promise<unknown> =>
  without(anvil.url)(method, params);

// All transaction types, creations, refunds, self-destructions, precompiles, delegations, reverts: a block each.
test.each([
  ["that proves its state", []],
  ["that does not", ["eth_getProof"]],
])(
  "every block of a node %s comes out as it did there",
  async (_what, refused) => {
    const server = await RpcServer.start(without(anvil.url, ...refused));
    await using node = await createNode({
      workers: 2,
      accounts: 0,
      hardfork: "prague",
      fork: { url: server.url, blockNumber: 1n },
    });
    for (let number = 2; number <= anvil.last; number++) {
      const forking = { jsonRpcUrl: server.url, blockNumber: number - 1 };
      if (number > 2) await node.request({ method: "anvil_reset", params: [{ forking }] });
      const { chain } = node.node;
      const json = (await ask("eth_getBlockByNumber", `0x${number.toString(16)}`, true)) as RpcBlock;
      const { header, transactions } = decodeRpcBlock(json, chain.rules);
      const { timestamp, coinbase, mixHash, gasLimit, extraData, parentBeaconBlockRoot } = header;
      const built = await chain.build(
        {
          timestamp,
          coinbase,
          prevRandao: mixHash,
          gasLimit,
          extraData,
          ...(parentBeaconBlockRoot === undefined ? {} : { parentBeaconBlockRoot }),
        },
        transactions,
      );
      expect(built.result.leftOut).toEqual([]);
      const { stateRoot: _, requestsHash: __, ...found } = built.block.header;
      const { stateRoot: ___, requestsHash: ____, ...expected } = header;
      expect(found).toEqual(expected);
      await chain.append(built);
      const at = `0x${number.toString(16)}`;
      const touched = [1, 2, 3, 9, 77, 500].map((label) => bytesToHex(plainAddress(label)));
      for (const address of [...touched, ...[1, 2, 3, 4].map((index) => bytesToHex(keyed(index).address))])
        for (const method of ["eth_getBalance", "eth_getTransactionCount", "eth_getCode"])
          expect([method, address, await node.request({ method, params: [address, "latest"] })]).toEqual([
            method,
            address,
            await ask(method, address, at),
          ]);
    }
    await server.close();
  },
  120_000,
);
