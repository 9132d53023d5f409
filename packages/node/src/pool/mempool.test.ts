// The pool keeps what it has found of each sender until something changes: what it says must be what looking anew says.

import { equalBytes, promised } from "@braid/primitives";
import { chainOf, encodeTransaction, type Transaction } from "@braid/protocol";
import { plainAddress } from "@braid/testing/accounts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Mempool, type PoolView } from "./mempool.ts";

const RULES = chainOf("mainnet").from("cancun").rulesOfFork("cancun");
const SENDERS = 4;

const transaction = (who: number, nonce: number, fee: number): Uint8Array =>
  encodeTransaction({
    type: 2,
    chainId: 1n,
    nonce: BigInt(nonce),
    gasLimit: 21_000n,
    to: plainAddress(99),
    value: 0n,
    data: new Uint8Array(0),
    maxFeePerGas: BigInt(fee),
    maxPriorityFeePerGas: BigInt(fee),
    accessList: [],
    maxFeePerBlobGas: 0n,
    blobVersionedHashes: [],
    authorizations: [],
    yParity: 0,
    r: BigInt(who + 1),
    s: 1n,
  } satisfies Transaction);

/** States by their numbers: the nonces of all senders. */
class World {
  nonces: number[] = Array(SENDERS).fill(0);
  id = 0;
  reads = 0;

  view(): PoolView {
    const nonces = [...this.nonces];
    return {
      state: Uint8Array.of(this.id >> 8, this.id & 255),
      rules: RULES,
      gasLimit: 30_000_000n,
      account: (address) => {
        this.reads++;
        const nonce = nonces[(address.at(-1) ?? 0) - 1];
        return { nonce: BigInt(nonce ?? 0), balance: 10n ** 30n };
      },
    };
  }
}

const step = fc.oneof(
  fc.record({
    kind: fc.constant("send" as const),
    who: fc.nat(SENDERS - 1),
    nonce: fc.nat(6),
    fee: fc.integer({ min: 1, max: 9 }),
  }),
  fc.record({ kind: fc.constant("block" as const), changed: fc.uniqueArray(fc.nat(SENDERS - 1)) }),
  // Somebody else has moved the head, and says nothing of what has changed.
  fc.record({
    kind: fc.constant("jump" as const),
    who: fc.nat(SENDERS - 1),
    nonce: fc.nat(6),
    tells: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("restore" as const) }),
);

test("the candidates and the content are those of a pool that has just been filled", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const world = new World();
      const pool = new Mempool();
      for (const one of steps) {
        if (one.kind === "send")
          await pool
            .add(transaction(one.who, one.nonce, one.fee), world.view(), plainAddress(one.who + 1))
            .catch(() => {});
        else if (one.kind === "block") {
          const { state: from } = world.view();
          const changed = one.changed.map((who) => plainAddress(who + 1));
          const included = pool
            .content(world.view())
            .pending.filter(({ tx, sender }) =>
              one.changed.some(
                (who, i) =>
                  tx.nonce === BigInt(world.nonces[who] as number) &&
                  equalBytes(sender, changed[i] as Uint8Array),
              ),
            );
          world.id++;
          for (const who of one.changed) (world.nonces[who] as number)++;
          pool.update(world.view(), { from, included, changed });
        } else if (one.kind === "jump") {
          world.id++;
          world.nonces[one.who] = one.nonce;
          if (one.tells) pool.update(world.view());
        } else pool.restoreSnapshot(pool.snapshot());
        const view = world.view();
        const fresh = new Mempool();
        fresh.restoreSnapshot(pool.snapshot());
        const rule = { baseFee: 3n, blobFee: 0n, order: "priority" } as const;
        expect(pool.candidates(view, rule)).toEqual(fresh.candidates(view, rule));
        expect(pool.content(view)).toEqual(fresh.content(view));
        for (let who = 1; who <= SENDERS; who++)
          expect(await promised(pool.nextNonce(plainAddress(who), view))).toBe(
            await promised(fresh.nextNonce(plainAddress(who), view)),
          );
      }
    }),
  );
});

test("senders that have not changed since the last block cost it no read", async () => {
  const world = new World();
  const pool = new Mempool();
  // Of 200 senders half have one that waits for a nonce, half one that pays too little.
  for (let who = 0; who < 200; who++)
    await pool.add(transaction(who, who % 2 === 0 ? 3 : 0, 1), world.view(), plainAddress(who + 1));
  const rule = { baseFee: 3n, blobFee: 0n, order: "priority" } as const;
  expect(pool.candidates(world.view(), rule)).toEqual([]);
  for (let block = 0; block < 5; block++) {
    const { state: from } = world.view();
    world.id++;
    world.reads = 0;
    pool.update(world.view(), { from, included: [], changed: [plainAddress(1), plainAddress(2)] });
    expect(pool.candidates(world.view(), rule)).toEqual([]);
    expect(world.reads).toBeLessThanOrEqual(4);
  }
});

test("when the pool is full the cheapest goes", async () => {
  const step = fc.record({ who: fc.nat(200), fee: fc.integer({ min: 1, max: 12 }), removes: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
      const world = new World();
      const pool = new Mempool({ transactions: 8 });
      let kept: { who: number; fee: number }[] = [];
      for (const { who, fee, removes } of steps) {
        if (kept.some((one) => one.who === who)) {
          if (!removes) continue;
          const { hash } = pool.snapshot().find(({ sender }) => sender.at(-1) === who + 1) ?? {};
          if (hash !== undefined) pool.remove(hash);
          kept = kept.filter((one) => one.who !== who);
          continue;
        }
        const least = Math.min(...kept.map((one) => one.fee));
        const isFull = kept.length === 8;
        const added = await pool.add(transaction(who, 0, fee), world.view(), plainAddress(who + 1)).then(
          () => true,
          () => false,
        );
        expect(added).toBe(!isFull || fee > least);
        if (!added) continue;
        kept.push({ who, fee });
        // Of several that are as cheap any may go.
        kept = kept.filter((one) => pool.snapshot().some(({ sender }) => sender.at(-1) === one.who + 1));
        expect(kept).toHaveLength(pool.size);
        if (isFull) expect(pool.size).toBe(8);
      }
      const fees = pool.snapshot().map(({ tx }) => Number(tx.maxFeePerGas));
      expect(fees.sort((a, b) => a - b)).toEqual(kept.map(({ fee }) => fee).sort((a, b) => a - b));
    }),
  );
});

test("of those that go the cheapest is the first", async () => {
  const world = new World();
  const pool = new Mempool({ transactions: 700 });
  for (let who = 0; who < 700; who++)
    await pool.add(transaction(who, 0, 1 + ((who * 389) % 1_000)), world.view(), plainAddress(who + 1));
  const tips = (): number[] => pool.snapshot().map(({ tx }) => Number(tx.maxPriorityFeePerGas));
  for (let i = 0; i < 900; i++) {
    const before = tips();
    const least = Math.min(...before);
    const fee = least + 1 + ((i * 37) % 500);
    await pool.add(transaction(1_000 + i, 0, fee), world.view(), plainAddress(1_001 + i));
    const right = [...before, fee].sort((a, b) => a - b).slice(1);
    expect(tips().sort((a, b) => a - b)).toEqual(right);
  }
});
