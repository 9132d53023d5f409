import assert from "node:assert/strict";
import { test } from "node:test";
import { busyNetwork } from "./busy-network.ts";

const { provider, networkHelpers } = await busyNetwork();

async function fixture(): Promise<string> {
  await networkHelpers.mine(3);
  return (await provider.request({ method: "eth_blockNumber" })) as string;
}

for (const name of ["one", "another one"])
  test(`${name} begins where the fixture ends`, async () => {
    const number = await networkHelpers.loadFixture(fixture);
    assert.equal(await provider.request({ method: "eth_blockNumber" }), number);
    await networkHelpers.mine(2);
  });
