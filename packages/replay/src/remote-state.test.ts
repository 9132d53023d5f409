// Blocks of mainnet executed on states that are read over the network: what every node offers is enough, and what it proves is checked.

import { Executor } from "@braid/executor";
import { bigIntToBytes32, hexToBytes } from "@braid/primitives";
import { RemoteNode, RpcClient, RpcStateSource } from "@braid/remote";
import { type Methods, Refusal, RpcServer } from "@braid/testing/rpc-server";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { type BlockFile, loadedBlock } from "./block-file.ts";
import { nodeOfFile, PROOFS, STATE_METHODS } from "./testing/file-node.ts";
import { flatBlock, hasFixtures, witnessBlock } from "./testing/fixture-files.ts";
import { verifyBlock } from "./verify.ts";

const executor = new Executor({ workers: 2 });
afterAll(() => executor.close());

let server: RpcServer | undefined;
afterEach(() => server?.close());

async function connect(methods: Methods): Promise<RemoteNode> {
  server = await RpcServer.start(methods);
  return RemoteNode.connect(new RpcClient(server.url, { backoffMs: 2 }));
}

/** Executes the file's block on the node that the methods make, and gives what differs from the header. */
async function execute(file: BlockFile, methods: Methods): Promise<unknown> {
  const node = await connect(methods);
  const { block, parent } = await node.block(file.blocks[0]?.number ?? 0n);
  const source = new RpcStateSource(node.client, parent);
  const result = await executor.executeBlock({ block, chain: node.chain, source });
  const { checked, differences } = verifyBlock(loadedBlock(block, node.chain, 0), result);
  expect(checked).toContain("gasUsed");
  return differences;
}

describe.skipIf(!hasFixtures())("a block over RPC (needs BRAID_FIXTURES)", () => {
  // The DAO fork, uncles with a refund, the Merge, Shanghai, Cancun with blobs.
  test.each([46147, 2179522, 9068998, 15537394, 17034869, 19426587])(
    "%i on a node without proofs",
    async (number) => {
      const file = await flatBlock(number);
      expect(await execute(file, nodeOfFile(file, { offers: STATE_METHODS }))).toEqual([]);
      expect(server?.count(PROOFS)).toBe(0);
    },
  );

  test.each(["1-18884864", "1-4370000", "pow/1-1317742"])("%s on a node with proofs", async (name) => {
    const { file, parent } = await witnessBlock(name);
    expect(await execute(file, nodeOfFile(file, { offers: [...STATE_METHODS, PROOFS], parent }))).toEqual([]);
    expect(server?.count("eth_getBalance")).toBe(1);
    expect(server?.count(PROOFS)).toBeGreaterThan(0);
  });

  test("a node that refuses proofs, and a node that takes no hashes for blocks", async () => {
    const { file, parent } = await witnessBlock("1-2675001");
    const methods = nodeOfFile(file, { offers: STATE_METHODS, parent, takesHashes: false });
    expect(await execute(file, methods)).toEqual([]);
    expect(server?.count(PROOFS)).toBe(1);
  });

  test("many keys go in few requests", async () => {
    const file = await flatBlock(46147);
    const node = await connect(nodeOfFile(file, { offers: STATE_METHODS }));
    const { parent } = await node.block(46147n);
    const before = server?.requests.length ?? 0;
    const address = file.blocks[0]?.input.header.coinbase ?? new Uint8Array(20);
    const slots = Array.from({ length: 250 }, (_, i) => ({ address, slot: bigIntToBytes32(BigInt(i)) }));
    const answers = await new RpcStateSource(node.client, parent).getMany(slots);
    expect(answers).toEqual(slots.map(() => ({ status: "fulfilled", value: 0n })));
    // What the block is called is asked first.
    expect(server?.requests.slice(before).map(({ length }) => length)).toEqual([1, 100, 100, 50]);
  });
});

describe.skipIf(!hasFixtures())("what is wrong is found (needs BRAID_FIXTURES)", () => {
  test("a pruned state needs an archive node", async () => {
    const file = await flatBlock(46147);
    await expect(
      execute(file, nodeOfFile(file, { offers: STATE_METHODS, pruned: true })),
    ).rejects.toMatchObject({ code: "BRAID_RPC_ARCHIVE_NEEDED" });
  });

  test("a block that is not there", async () => {
    const file = await flatBlock(46147);
    const node = await connect(nodeOfFile(file, { offers: STATE_METHODS }));
    await expect(node.block(5n)).rejects.toMatchObject({ code: "BRAID_RPC_UNKNOWN_BLOCK" });
    await expect(node.block(new Uint8Array(32))).rejects.toMatchObject({ code: "BRAID_RPC_UNKNOWN_BLOCK" });
  });

  test("another block, or another content than its hash says", async () => {
    const file = await flatBlock(46147);
    const methods = nodeOfFile(file, { offers: STATE_METHODS });
    const other = await connect((method, params) => {
      if (method === "eth_getBlockByHash") return null;
      return methods(method, method.startsWith("eth_getBlock") ? ["latest"] : params);
    });
    await expect(other.block(46148n)).rejects.toMatchObject({ code: "BRAID_RPC_WRONG_ANSWER" });
    await server?.close();
    const tampered = await connect(async (method, params) => {
      const answer = await methods(method, params);
      if (method !== "eth_getBlockByNumber") return answer;
      return { ...(answer as object), gasUsed: "0x1" };
    });
    await expect(tampered.block(46147n)).rejects.toMatchObject({ code: "BRAID_BLOCK_WRONG_HASH" });
  });

  test("a proof of another state, and a code of another hash", async () => {
    const { file, parent } = await witnessBlock("1-18884864");
    const methods = nodeOfFile(file, { offers: [...STATE_METHODS, PROOFS], parent });
    const wrong = { ...parent, stateRoot: new Uint8Array(32).fill(1) };
    const node = await connect(methods);
    const number = parent.number;
    const address = file.blocks[0]?.input.header.coinbase ?? new Uint8Array(20);
    const hash = file.blocks[0]?.input.header.parentHash ?? new Uint8Array(32);
    const source = new RpcStateSource(node.client, { number, hash, header: wrong });
    await expect(source.getAccount(address)).rejects.toMatchObject({ code: "BRAID_RPC_WRONG_ANSWER" });

    const wethHex = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2";
    await server?.close();
    const lying = await connect((method, params) =>
      method === "eth_getCode" ? "0x6001" : methods(method, params),
    );
    const weth = await new RpcStateSource(lying.client, { number, hash, header: parent }).getAccount(
      hexToBytes(wethHex),
    );
    expect(weth?.hasStorage).toBe(true);
    const lied = new RpcStateSource(lying.client, { number, hash, header: parent });
    const account = await lied.getAccount(hexToBytes(wethHex));
    await expect(lied.getCode(account?.codeHash ?? new Uint8Array(32))).rejects.toMatchObject({
      code: "BRAID_RPC_WRONG_ANSWER",
    });
  });

  test("a failed read is never an absent account", async () => {
    const file = await flatBlock(46147);
    const methods = nodeOfFile(file, { offers: STATE_METHODS });
    const failing: Methods = (method, params) => {
      if (method === "eth_getTransactionCount") throw new Refusal(-32000, "database closed");
      return methods(method, params);
    };
    await expect(execute(file, failing)).rejects.toMatchObject({ code: "BRAID_RPC_FAILED" });
  });
});

describe("a chain", () => {
  test("is known by its id, must be the one that is named, or must be described", async () => {
    const ids: Methods = (method) => (method === "eth_chainId" ? "0xaa36a7" : null);
    expect((await connect(ids)).chain.name).toBe("sepolia");
    const { client } = await connect(ids);
    await expect(RemoteNode.connect(client, "mainnet")).rejects.toMatchObject({
      code: "BRAID_UNKNOWN_CHAIN",
    });
    await expect(connect(() => "0x7a69")).rejects.toMatchObject({ code: "BRAID_UNKNOWN_CHAIN" });
  });
});
