// Transactions that clients send at the same time are mined together.
import { expect, test } from "vitest";
import { createNode } from "../provider.ts";

const TO = "0x00000000000000000000000000000000000000bb";

test("what comes in one turn of the event loop is in one block, though each had its own callback", async () => {
  await using node = await createNode({ workers: 0 });
  const accounts = await node.request({ method: "eth_accounts" });
  const send = (from: (typeof accounts)[number]) =>
    node.request({ method: "eth_sendTransaction", params: [{ from, to: TO, value: "0x1", gas: "0x5208" }] });
  const hashes = await Promise.all(
    // As sockets do: what a callback has begun goes on before the next one is called.
    accounts.map(
      (from) =>
        new Promise<Awaited<ReturnType<typeof send>>>((resolve) => setTimeout(() => resolve(send(from)), 0)),
    ),
  );
  const blocks = new Set<string>();
  for (const hash of hashes) {
    const receipt = await node.request({ method: "eth_getTransactionReceipt", params: [hash] });
    if (receipt === null) throw new Error("it is not mined");
    expect(receipt.status).toBe("0x1");
    blocks.add(receipt.blockNumber);
  }
  expect(accounts.length).toBeGreaterThan(1);
  expect([...blocks]).toEqual(["0x1"]);
});
