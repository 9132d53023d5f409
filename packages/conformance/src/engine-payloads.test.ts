// Payloads of the Engine API as blocks: the block that a payload was made of comes back, byte for byte.

import { Executor } from "@braid/executor";
import { bytesToHex, hexToBytes } from "@braid/primitives";
import { decodeBlock, hashHeader } from "@braid/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blocksOfPayloads } from "./engine-payloads.ts";
import type { EngineFixture, EnginePayload } from "./fixture-types.ts";
import { networkChain } from "./networks.ts";
import { blockFixtures } from "./testing/block-fixtures.ts";

const executor = new Executor({ workers: 1 });
afterAll(() => executor.close());

let rlp: Uint8Array;
let fixture: EngineFixture;
beforeAll(async () => {
  ({ rlp, engine: fixture } = await blockFixtures(executor));
});

/** The fixture with its payload changed. */
function changed(change: (payload: EnginePayload) => void): EngineFixture {
  const copy = structuredClone(fixture);
  for (const payload of copy.engineNewPayloads) change(payload);
  return copy;
}

describe("a payload", () => {
  test("is the block that it was made of, on the same genesis block", () => {
    const genesis = decodeBlock(hexToBytes(blocksOfPayloads(fixture).genesisRLP), networkChain("Prague"));
    expect(bytesToHex(hashHeader(genesis.header))).toBe(fixture.genesisBlockHeader.hash);
    expect(blocksOfPayloads(fixture).blocks).toEqual([{ rlp: bytesToHex(rlp) }]);
  });

  test("with another block hash is refused", () => {
    const { blocks } = blocksOfPayloads(
      changed(({ params }) => Object.assign(params[0], { gasUsed: "0x1" })),
    );
    expect(blocks).toMatchObject([{ refused: "BRAID_PAYLOAD_WRONG_BLOCK_HASH" }]);
  });

  test("with other blobs than were announced is refused", () => {
    const { blocks } = blocksOfPayloads(changed(({ params }) => params[1]?.pop()));
    expect(blocks).toMatchObject([{ refused: "BRAID_PAYLOAD_WRONG_VERSIONED_HASHES" }]);
  });

  test("that the API refuses for its form is no block", () => {
    expect(
      blocksOfPayloads(changed((payload) => Object.assign(payload, { errorCode: -32602 }))).blocks,
    ).toEqual([]);
  });

  test("keeps what it is expected to be rejected for", () => {
    const validationError = "BlockException.INVALID_BLOCK_HASH";
    expect(
      blocksOfPayloads(changed((payload) => Object.assign(payload, { validationError }))).blocks,
    ).toMatchObject([{ expectException: validationError }]);
  });
});
