import assert from "node:assert/strict";
import { test } from "node:test";
import { busyNetwork } from "./busy-network.ts";

const { provider } = await busyNetwork();

test("fails", async () => {
  assert.equal(await provider.request({ method: "eth_blockNumber" }), "0x0");
});
