// Several connections at once, with overrides and chain types.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { network } from "hardhat";

describe("connections", () => {
  it("have chains of their own", async () => {
    const [one, two] = await Promise.all([network.create(), network.create({ override: { chainId: 5 } })]);
    await one.networkHelpers.mine(4);
    const heights = [one, two].map(async ({ viem }) => (await viem.getPublicClient()).getBlockNumber());
    assert.deepEqual(await Promise.all(heights), [4n, 0n]);
    assert.equal(await (await two.viem.getPublicClient()).getChainId(), 5);
    await Promise.all([one.close(), two.close()]);
  });

  it("can be of a chain type", async () => {
    const { viem, close } = await network.create({ chainType: "l1" });
    assert.equal(await (await viem.getPublicClient()).getBlockNumber(), 0n);
    await close();
  });

  it("are served", async () => {
    const server = await network.createServer("default", "127.0.0.1", 0);
    const { address, port } = await server.listen();
    const response = await fetch(`http://${address}:${port}`, {
      method: "POST",
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] }),
    });
    assert.deepEqual(await response.json(), { jsonrpc: "2.0", id: 1, result: "0x7a69" });
    await server.close();
  });
});
