// Order books: the one that matches on the chain against a model of it, and the one whose orders are signed.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Address, maxUint256, zeroAddress } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { withRandom } from "../testing/random.ts";
import { attempt, reverts } from "../testing/reverted.ts";
import { TestChain } from "../testing/test-chain.ts";

const chain = await TestChain.create();
const [owner, alice, bob, carol] = [0, 1, 2, 3].map((index) => chain.account(index)) as [
  Address,
  Address,
  Address,
  Address,
];
const traders = [alice, bob, carol];
const [RESTING, IMMEDIATE, MAKER_ONLY] = [0, 1, 2] as const;
const LOT = 1_000n;
const UNIT = 7n;

describe("OrderBook", () => {
  const setUp = chain.fixture(async () => {
    const base = await chain.deploy("Token", ["Base", "B"]);
    const quote = await chain.deploy("Token", ["Quote", "Q"]);
    const book = await chain.deploy("OrderBook", [base.address, quote.address, LOT, UNIT]);
    for (const token of [base, quote]) {
      await token.send(owner, "issue", traders, 10n ** 12n);
      for (const trader of traders) {
        await token.send(trader, "approve", book.address, maxUint256);
        await book.send(trader, "deposit", token.address, 10n ** 11n);
      }
    }
    const place = async (
      trader: Address,
      isBid: boolean,
      tick: number,
      lots: bigint,
      force: number = RESTING,
    ) => {
      const receipt = await book.send(trader, "place", isBid, tick, lots, force);
      const [placed] = book.events(receipt, "OrderPlaced");
      return { id: placed?.["id"] as bigint | undefined, fills: book.events(receipt, "OrderFilled") };
    };
    const balance = (trader: Address, token: { address: Address }) =>
      book.read("balances", trader, token.address);
    return { base, quote, book, place, balance };
  });

  it("fills the best price first, and at one price the oldest order", async () => {
    const { base, quote, book, place, balance } = await setUp();
    const { id: first } = await place(alice, false, 100, 5n);
    const { id: second } = await place(bob, false, 100, 5n);
    const { id: cheap } = await place(bob, false, 99, 1n);
    assert.equal(await book.read<number>("best", false), 99);
    const { fills, id } = await place(carol, true, 100, 8n);
    assert.deepEqual(
      fills.map(({ id, lots, tick }) => [id, lots, tick]),
      [
        [cheap, 1n, 99],
        [first, 5n, 100],
        [second, 2n, 100],
      ],
    );
    assert.equal(id, undefined);
    assert.equal(await balance(carol, base), 10n ** 11n + 8n * LOT);
    assert.equal(await balance(carol, quote), 10n ** 11n - (99n + 700n) * UNIT);
    assert.equal(await balance(alice, quote), 10n ** 11n + 500n * UNIT);
    assert.deepEqual(await book.read<bigint[]>("level", false, 100), [second, second]);
  });

  it("rests, is dropped or is refused, as asked for", async () => {
    const { book, place } = await setUp();
    await place(alice, false, 300, 2n);
    assert.equal((await place(bob, true, 299, 1n, IMMEDIATE)).id, undefined);
    await reverts(place(bob, true, 300, 1n, MAKER_ONLY), "WouldTake", 300);
    assert.notEqual((await place(bob, true, 299, 1n, MAKER_ONLY)).id, undefined);
    assert.equal(await book.read<number>("best", true), 299);
    const rest = await place(carol, true, 300, 5n);
    assert.equal(rest.fills.length, 1);
    assert.equal(await book.read<number>("best", true), 300);
    assert.equal(await book.read<number>("best", false), 0);
    await reverts(place(carol, true, 0, 1n), "InvalidOrder");
    await reverts(place(carol, true, 1, 0n), "InvalidOrder");
  });

  it("gives back what is bound in an order that is cancelled by its owner", async () => {
    const { quote, book, place, balance } = await setUp();
    const { id } = await place(alice, true, 500, 3n);
    assert.equal(await balance(alice, quote), 10n ** 11n - 1_500n * UNIT);
    await reverts(book.send(bob, "cancel", id), "NotYours");
    await book.send(alice, "cancel", id);
    assert.equal(await balance(alice, quote), 10n ** 11n);
    assert.equal(await book.read<number>("best", true), 0);
    await reverts(book.send(alice, "cancel", id), "NotYours");
    await reverts(place(alice, true, 60_000, 10n ** 9n), "InsufficientBalance");
    await reverts(book.send(alice, "withdraw", quote.address, 10n ** 11n + 1n, alice), "InsufficientBalance");
    await reverts(book.send(alice, "deposit", book.address, 1n), "UnknownToken");
    await book.send(alice, "withdraw", quote.address, 10n ** 11n, bob);
    assert.equal(await quote.read("balanceOf", bob), 10n ** 12n);
  });

  it("meets at most 32 orders in one call, and does not leave a crossed book behind", async () => {
    const { place } = await setUp();
    for (let i = 0; i < 34; i++) await place(alice, false, 10, 1n);
    await reverts(place(bob, true, 10, 40n), "WouldTake");
    assert.equal((await place(bob, true, 10, 40n, IMMEDIATE)).fills.length, 32);
    assert.equal((await place(bob, true, 10, 40n)).fills.length, 2);
  });

  it("does what a simple model does, and loses and makes no token", async () => {
    await withRandom(async (random) => {
      const { base, quote, book, place, balance } = await setUp();
      /** Resting orders in the order of their arrival. */
      let resting: { id: bigint; maker: Address; isBid: boolean; tick: number; lots: bigint }[] = [];
      let fillsSeen = 0;
      let cancels = 0;
      for (let step = 0; step < 120; step++) {
        const trader = random.pick(traders);
        const isBid = random.chance(50);
        // Near 256, where one word of the bitmap ends and another begins.
        const tick = random.between(250, 262);
        const lots = BigInt(random.between(1, 20));
        if (random.chance(25) && resting.length > 0) {
          const order = random.pick(resting);
          await book.send(order.maker, "cancel", order.id);
          resting = resting.filter((one) => one !== order);
          cancels++;
        } else {
          const { id, fills } = await place(trader, isBid, tick, lots);
          let left = lots;
          const expected: [bigint, bigint][] = [];
          const crossing = resting
            .filter((order) => order.isBid !== isBid && (isBid ? order.tick <= tick : order.tick >= tick))
            .sort((a, b) =>
              a.tick === b.tick ? Number(a.id - b.id) : isBid ? a.tick - b.tick : b.tick - a.tick,
            );
          for (const order of crossing) {
            if (left === 0n) break;
            const filled = left < order.lots ? left : order.lots;
            order.lots -= filled;
            left -= filled;
            expected.push([order.id, filled]);
          }
          resting = resting.filter((order) => order.lots > 0n);
          assert.deepEqual(
            fills.map((fill) => [fill["id"], fill["lots"]]),
            expected,
            `step ${step}`,
          );
          assert.equal(id === undefined, left === 0n);
          if (id !== undefined) resting.push({ id, maker: trader, isBid, tick, lots: left });
          fillsSeen += fills.length;
        }
        for (const side of [true, false]) {
          const ticks = resting.filter((order) => order.isBid === side).map((order) => order.tick);
          const best = ticks.length === 0 ? 0 : side ? Math.max(...ticks) : Math.min(...ticks);
          assert.equal(await book.read<number>("best", side), best);
        }
      }
      assert(fillsSeen > 0 && cancels > 0);
      let baseSum = resting.filter(({ isBid }) => !isBid).reduce((sum, { lots }) => sum + lots * LOT, 0n);
      let quoteSum = resting
        .filter(({ isBid }) => isBid)
        .reduce((sum, { lots, tick }) => sum + lots * BigInt(tick) * UNIT, 0n);
      for (const trader of traders) {
        baseSum += await balance(trader, base);
        quoteSum += await balance(trader, quote);
      }
      assert.equal(baseSum, await base.read("balanceOf", book.address));
      assert.equal(quoteSum, await quote.read("balanceOf", book.address));
      for (const { id, maker } of resting) await book.send(maker, "cancel", id);
      for (const trader of traders)
        for (const token of [base, quote])
          await book.send(trader, "withdraw", token.address, await balance(trader, token), trader);
    });
  });
});

describe("SignedOrderBook", () => {
  const ORDER = {
    Order: [
      { name: "maker", type: "address" },
      { name: "makerToken", type: "address" },
      { name: "takerToken", type: "address" },
      { name: "makerAmount", type: "uint256" },
      { name: "takerAmount", type: "uint256" },
      { name: "taker", type: "address" },
      { name: "nonce", type: "uint256" },
      { name: "expiry", type: "uint256" },
    ],
  } as const;
  interface Order {
    maker: Address;
    makerToken: Address;
    takerToken: Address;
    makerAmount: bigint;
    takerAmount: bigint;
    taker: Address;
    nonce: bigint;
    expiry: bigint;
  }
  const [maker, other] = ["a1", "b2"].map((byte) => privateKeyToAccount(`0x${byte.repeat(32)}`)) as [
    PrivateKeyAccount,
    PrivateKeyAccount,
  ];

  const setUp = chain.fixture(async () => {
    const base = await chain.deploy("Token", ["Base", "B"]);
    const quote = await chain.deploy("Token", ["Quote", "Q"]);
    const book = await chain.deploy("SignedOrderBook");
    for (const token of [base, quote]) {
      await token.send(owner, "issue", [maker.address, other.address, alice], 10_000n);
      await token.send(alice, "approve", book.address, maxUint256);
      for (const { address } of [maker, other]) {
        await chain.helpers.impersonateAccount(address);
        await chain.helpers.setBalance(address, 10n ** 20n);
        await token.send(address, "approve", book.address, maxUint256);
      }
    }
    const order = (changes: Partial<Order> = {}): Order => ({
      maker: maker.address,
      makerToken: base.address,
      takerToken: quote.address,
      makerAmount: 1_000n,
      takerAmount: 300n,
      taker: zeroAddress,
      nonce: 5n,
      expiry: 2n ** 40n,
      ...changes,
    });
    const sign = (signer: PrivateKeyAccount, message: Order) =>
      signer.signTypedData({
        domain: { name: "Braid Orders", version: "1", chainId: 31337, verifyingContract: book.address },
        types: ORDER,
        primaryType: "Order",
        message,
      });
    const fill = async (message: Order, amount: bigint, minimum = 0n) =>
      book.send(alice, "fill", message, await sign(maker, message), amount, minimum);
    return { base, quote, book, order, sign, fill };
  });

  it("is filled in parts, each rounded for the maker, up to what was signed", async () => {
    const { base, quote, book, order, fill } = await setUp();
    await fill(order(), 100n, 333n);
    assert.equal(await base.read("balanceOf", alice), 10_333n);
    assert.equal(await quote.read("balanceOf", maker.address), 10_100n);
    await reverts(fill(order(), 100n, 334n), "TooLittleOut", 333n, 334n);
    await fill(order(), 5_000n);
    assert.equal(await quote.read("balanceOf", alice), 9_700n);
    assert.equal(await base.read("balanceOf", alice), 10_999n);
    await reverts(fill(order(), 1n), "NothingLeft");
    assert.equal(await book.read("filled", await book.read("hashOf", order())), 300n);
  });

  it("refuses what was not signed, has expired, was cancelled or is for others", async () => {
    const { book, order, sign, fill } = await setUp();
    const signature = await sign(maker, order());
    const changed = order({ makerAmount: 2_000n });
    await reverts(book.send(alice, "fill", changed, signature, 1n, 0n), "InvalidSignature", maker.address);
    await reverts(fill(order({ expiry: 1n }), 1n), "Expired", 1n);
    await reverts(fill(order({ taker: bob }), 1n), "NotForYou", bob);
    await reverts(fill(order({ takerAmount: 0n }), 1n), "InvalidAmounts");
    await fill(order({ taker: alice }), 1n);
    await book.send(maker.address, "cancel", 0n, 1n << 5n);
    await reverts(fill(order(), 1n), "OrderCancelled", maker.address, 5n);
    await fill(order({ nonce: 6n }), 1n);
    await fill(order({ nonce: 256n + 5n }), 1n);
  });

  it("fills two orders with one another and gives the caller what lies between their prices", async () => {
    const { base, quote, book, order, sign } = await setUp();
    const sell = order();
    const buy = order({
      maker: other.address,
      makerToken: quote.address,
      takerToken: base.address,
      makerAmount: 200n,
      takerAmount: 500n,
    });
    const match = async (second: Order) =>
      book.send(bob, "fillEachOther", sell, await sign(maker, sell), second, await sign(other, second));
    await reverts(match({ ...buy, makerAmount: 149n }), "OrdersDoNotCross");
    await reverts(match({ ...buy, takerToken: quote.address }), "OrdersDoNotCross");
    await match(buy);
    assert.equal(await base.read("balanceOf", other.address), 10_500n);
    assert.equal(await quote.read("balanceOf", maker.address), 10_150n);
    assert.equal(await quote.read("balanceOf", bob), 50n);
    assert.equal(await quote.read("balanceOf", other.address), 9_800n);
    await reverts(match(buy), "NothingLeft");
  });

  it("never gives a maker less than it asked for", async () => {
    await withRandom(async (random) => {
      const { base, quote, order, fill } = await setUp();
      for (let round = 0; round < 10; round++) {
        const wanted = order({
          makerAmount: BigInt(random.between(1, 200)),
          takerAmount: BigInt(random.between(1, 200)),
          nonce: BigInt(round),
        });
        let gave = await base.read("balanceOf", maker.address);
        let got = await quote.read("balanceOf", maker.address);
        while (await attempt(fill(wanted, BigInt(random.between(1, 80))))) {
          const base2 = await base.read("balanceOf", maker.address);
          const quote2 = await quote.read("balanceOf", maker.address);
          assert((quote2 - got) * wanted.makerAmount >= (gave - base2) * wanted.takerAmount);
          [gave, got] = [base2, quote2];
        }
      }
    });
  });
});
