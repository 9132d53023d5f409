// Collections, markets and auctions: one counter or shards, fees kept or passed on, open bids or sealed ones.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Address, type Hex, keccak256, toHex, zeroAddress, zeroHash } from "viem";
import { withRandom } from "../testing/random.ts";
import { attempt, reverts } from "../testing/reverted.ts";
import { type Receipt, TestChain } from "../testing/test-chain.ts";
import type { TestContract } from "../testing/test-contract.ts";

const chain = await TestChain.create();
const [owner, alice, bob, carol] = [0, 1, 2, 3].map((index) => chain.account(index)) as [
  Address,
  Address,
  Address,
  Address,
];
const people = [alice, bob, carol];
const ETHER = 10n ** 18n;
const PRICE = ETHER / 10n;
const HOUR = 3_600;
const DAY = 24 * HOUR;
const SALT = keccak256(toHex("salt"));

/** Mints and gives the first number. */
async function mint(collection: TestContract, to: Address, quantity = 1n): Promise<bigint> {
  const receipt = await collection.pay(to, PRICE * quantity, "mint", quantity);
  return collection.events(receipt, "Minted")[0]?.["firstId"] as bigint;
}

/** What an account has gained by a call; what it paid for the gas of its own is left out. */
async function gainOf(account: Address, call: () => Promise<Receipt>): Promise<bigint> {
  const before = await chain.balance(account);
  const { from, gasUsed, effectiveGasPrice } = await call();
  const gained = (await chain.balance(account)) - before;
  const own = from.toLowerCase() === account.toLowerCase();
  return own ? gained + BigInt(gasUsed) * BigInt(effectiveGasPrice) : gained;
}

for (const name of ["Collection", "ShardedCollection"]) {
  describe(name, () => {
    const setUp = chain.fixture(() => chain.deploy(name, ["Pictures", "P", 640n, PRICE]));

    it("mints consecutive numbers that nobody has, for its price", async () => {
      const collection = await setUp();
      const seen = new Set<bigint>();
      for (const person of [alice, bob, alice, carol]) {
        const first = await mint(collection, person, 3n);
        for (let id = first; id < first + 3n; id++) {
          assert(!seen.has(id));
          seen.add(id);
          assert.equal(await collection.read("ownerOf", id), person);
        }
      }
      assert.equal(await collection.read("minted"), 12n);
      assert.equal(await collection.read("balanceOf", alice), 6n);
      await reverts(collection.pay(alice, PRICE - 1n, "mint", 1n), "WrongPayment", PRICE - 1n, PRICE);
      await reverts(collection.pay(alice, 0n, "mint", 0n), "InvalidQuantity", 0n, 10n);
      await reverts(collection.pay(alice, 11n * PRICE, "mint", 11n), "InvalidQuantity", 11n, 10n);
    });

    it("sells no more than there are", async () => {
      await setUp();
      const scarce = await chain.deploy(name, ["Rare", "R", 64n, PRICE]);
      const most = name === "Collection" ? 64n : 2n;
      for (let left = most; left > 0n; left -= left < 10n ? left : 10n)
        await mint(scarce, alice, left < 10n ? left : 10n);
      await reverts(mint(scarce, alice), "SoldOut", 0n);
      assert.equal(await scarce.read("minted"), most);
    });

    it("pays its owner, and nobody else", async () => {
      const collection = await setUp();
      await mint(collection, alice, 5n);
      await reverts(collection.send(alice, "collect", alice), "OwnableUnauthorizedAccount", alice);
      assert.equal(await gainOf(bob, () => collection.send(owner, "collect", bob)), 5n * PRICE);
      const [creator, royalty] = await collection.read<[Address, bigint]>("royaltyInfo", 1n, 10_000n);
      assert.deepEqual([creator, royalty], [owner, 250n]);
    });

    it("says which interfaces it has", async () => {
      const collection = await setUp();
      const has = (id: Hex) => collection.read<boolean>("supportsInterface", id);
      assert.deepEqual(
        await Promise.all(
          ["0x80ac58cd", "0x2a55205a", "0x780e9d63", "0xffffffff"].map((id) => has(id as Hex)),
        ),
        [true, true, name === "Collection", false],
      );
    });
  });
}

for (const name of ["Marketplace", "DirectMarketplace"]) {
  describe(name, () => {
    const setUp = chain.fixture(async () => {
      const collection = await chain.deploy("Collection", ["Pictures", "P", 640n, PRICE]);
      const market = await chain.deploy(name);
      for (const person of people) await collection.send(person, "setApprovalForAll", market.address, true);
      const list = async (seller: Address, tokenId: bigint, price: bigint) => {
        const receipt = await market.send(seller, "list", collection.address, tokenId, price);
        return market.events(receipt, "Listed")[0]?.["id"] as Hex;
      };
      return { collection, market, list };
    });

    it("sells a token for its price, less royalty and fee", async () => {
      const { collection, market, list } = await setUp();
      const token = await mint(collection, alice);
      const id = await list(alice, token, ETHER);
      await reverts(market.pay(bob, ETHER - 1n, "buy", id), "WrongPayment", ETHER - 1n, ETHER);
      const ownerBefore = await chain.balance(owner);
      assert.equal(await gainOf(alice, () => market.pay(bob, ETHER, "buy", id)), (ETHER * 9_650n) / 10_000n);
      assert.equal(await collection.read("ownerOf", token), bob);
      const passedOn = name === "DirectMarketplace" ? 350n : 250n;
      assert.equal((await chain.balance(owner)) - ownerBefore, (ETHER * passedOn) / 10_000n);
      await reverts(market.pay(carol, ETHER, "buy", id), "NotListed", id);
    });

    it("offers only what the caller owns and has approved, and takes offers back", async () => {
      const { collection, market, list } = await setUp();
      const token = await mint(collection, alice);
      await reverts(list(bob, token, ETHER), "NotTheOwner", alice);
      await reverts(list(alice, token, 0n), "ZeroPrice");
      const id = await list(alice, token, ETHER);
      await reverts(market.send(bob, "unlist", id), "NotYours", id);
      await market.send(alice, "unlist", id);
      await reverts(market.pay(bob, ETHER, "buy", id), "NotListed", id);
      await collection.send(alice, "setApprovalForAll", market.address, false);
      await reverts(list(alice, token, ETHER), "NotApproved");
      await collection.send(alice, "approve", market.address, token);
      await list(alice, token, ETHER);
    });

    it("does not sell what the seller has parted with", async () => {
      const { collection, market, list } = await setUp();
      const token = await mint(collection, alice);
      const id = await list(alice, token, ETHER);
      await collection.send(alice, "transferFrom", alice, carol, token);
      await reverts(market.pay(bob, ETHER, "buy", id), "ERC721IncorrectOwner");
    });

    it("keeps nothing but fees, whatever people do", async () => {
      await withRandom(async (random) => {
        const { collection, market, list } = await setUp();
        const tokens = [await mint(collection, alice, 3n), await mint(collection, bob, 3n)].flatMap(
          (first) => [first, first + 1n, first + 2n],
        );
        const ids: { id: Hex; price: bigint }[] = [];
        let fees = 0n;
        for (let step = 0; step < 60; step++) {
          const person = random.pick(people);
          const { id, price } = ids.length > 0 ? random.pick(ids) : { id: zeroHash, price: 1n };
          await attempt(
            random.pick([
              async () => {
                const asked = BigInt(random.between(1, 1_000_000));
                ids.push({ id: await list(person, random.pick(tokens), asked), price: asked });
              },
              async () => {
                await market.pay(person, price, "buy", id);
                fees += (price * 100n) / 10_000n;
              },
              () => market.send(person, "unlist", id),
              () => collection.send(person, "transferFrom", person, random.pick(people), random.pick(tokens)),
            ])(),
          );
          assert.equal(
            await chain.balance(market.address),
            name === "Marketplace" ? fees : 0n,
            `step ${step}`,
          );
          for (const token of tokens)
            assert(people.includes(await collection.read<Address>("ownerOf", token)));
        }
        if (name === "Marketplace") {
          assert.equal(await market.read("fees"), fees);
          assert.equal(await gainOf(carol, () => market.send(owner, "collectFees", carol)), fees);
        }
      });
    });
  });
}

describe("Marketplace", () => {
  it("counts what is listed", async () => {
    const collection = await chain.deploy("Collection", ["Pictures", "P", 640n, PRICE]);
    const market = await chain.deploy("Marketplace");
    await collection.send(alice, "setApprovalForAll", market.address, true);
    const first = await mint(collection, alice, 2n);
    for (const token of [first, first + 1n])
      await market.send(alice, "list", collection.address, token, 100n);
    assert.equal(await market.read("openListings"), 2n);
    await market.pay(bob, 100n, "buy", `0x${"00".repeat(31)}01`);
    await market.send(alice, "unlist", `0x${"00".repeat(31)}02`);
    assert.equal(await market.read("openListings"), 0n);
    assert.equal(await market.read("listingCount"), 2n);
    await reverts(market.send(alice, "collectFees", alice), "OwnableUnauthorizedAccount");
  });
});

describe("EnglishAuction", () => {
  const setUp = chain.fixture(async () => {
    const collection = await chain.deploy("Collection", ["Pictures", "P", 640n, PRICE]);
    const auction = await chain.deploy("EnglishAuction");
    const token = await mint(collection, alice);
    await collection.send(alice, "approve", auction.address, token);
    await auction.send(alice, "begin", collection.address, token, ETHER, BigInt(HOUR));
    return { collection, auction, token };
  });

  it("goes to the highest bid, and gives the others theirs back", async () => {
    const { collection, auction, token } = await setUp();
    await reverts(auction.pay(bob, ETHER - 1n, "bid", 1n), "BidTooLow", ETHER - 1n, ETHER);
    await auction.pay(bob, ETHER, "bid", 1n);
    const least = (ETHER * 21n) / 20n;
    await reverts(auction.pay(carol, least - 1n, "bid", 1n), "BidTooLow", least - 1n, least);
    await auction.pay(carol, 2n * ETHER, "bid", 1n);
    assert.equal(await gainOf(bob, () => auction.send(bob, "takeBack")), ETHER);
    await reverts(auction.send(bob, "takeBack"), "NothingToRefund", bob);
    await reverts(auction.send(bob, "settle", 1n), "StillRunning");
    await chain.helpers.time.increase(HOUR);
    await reverts(auction.pay(bob, 3n * ETHER, "bid", 1n), "HasEnded");
    await auction.send(bob, "settle", 1n);
    assert.equal(await collection.read("ownerOf", token), carol);
    assert.equal(await gainOf(alice, () => auction.send(alice, "takeBack")), 2n * ETHER);
    assert.equal(await chain.balance(auction.address), 0n);
    await reverts(auction.send(bob, "settle", 1n), "NoSuchAuction", 1n);
  });

  it("lasts longer when somebody bids in the last minutes", async () => {
    const { auction } = await setUp();
    await chain.helpers.time.increase(HOUR - 60);
    await auction.pay(bob, ETHER, "bid", 1n);
    await chain.helpers.time.increase(200);
    await auction.pay(carol, 2n * ETHER, "bid", 1n);
    await reverts(auction.send(bob, "settle", 1n), "StillRunning");
  });

  it("gives the token back when nobody bids", async () => {
    const { collection, auction, token } = await setUp();
    await chain.helpers.time.increase(HOUR);
    await auction.send(bob, "settle", 1n);
    assert.equal(await collection.read("ownerOf", token), alice);
    await reverts(auction.send(alice, "begin", collection.address, token, 1n, 60n), "InvalidDuration", 60n);
  });
});

describe("SealedAuction", () => {
  const setUp = chain.fixture(async () => {
    const collection = await chain.deploy("ShardedCollection", ["Pictures", "P", 640n, PRICE]);
    const auction = await chain.deploy("SealedAuction");
    const token = await mint(collection, alice);
    await collection.send(alice, "approve", auction.address, token);
    const receipt = await auction.send(alice, "begin", collection.address, token, BigInt(HOUR));
    const id = auction.events(receipt, "AuctionBegun")[0]?.["id"] as Hex;
    const bid = async (bidder: Address, amount: bigint, deposit: bigint) =>
      auction.pay(bidder, deposit, "bid", id, await auction.read("sealOf", id, bidder, amount, SALT));
    const open = (bidder: Address, amount: bigint) => auction.send(bidder, "open", id, amount, SALT);
    return { collection, auction, token, id, bid, open };
  });

  it("goes to the highest bid that was opened, and keeps a tenth of who did not open", async () => {
    const { collection, auction, token, id, bid, open } = await setUp();
    await bid(bob, 2n * ETHER, 5n * ETHER);
    await bid(carol, 3n * ETHER, 3n * ETHER);
    await bid(owner, 9n * ETHER, 10n * ETHER);
    await reverts(open(bob, 2n * ETHER), "NotNow");
    await chain.helpers.time.increase(HOUR);
    await reverts(bid(alice, ETHER, ETHER), "NotNow");
    await open(carol, 3n * ETHER);
    await open(bob, 2n * ETHER);
    await reverts(open(bob, 2n * ETHER), "NothingSealed", bob);
    await reverts(auction.send(bob, "settle", id), "NotNow");
    await reverts(auction.send(bob, "takeBack", id), "NotNow");
    await chain.helpers.time.increase(DAY);
    await auction.send(bob, "settle", id);
    await reverts(auction.send(bob, "settle", id), "NotNow");
    assert.equal(await collection.read("ownerOf", token), carol);
    assert.equal(await gainOf(bob, () => auction.send(bob, "takeBack", id)), 5n * ETHER);
    assert.equal(await gainOf(owner, () => auction.send(owner, "takeBack", id)), 9n * ETHER);
    await reverts(auction.send(carol, "takeBack", id), "NothingToTake", carol);
    assert.equal(await gainOf(alice, () => auction.send(alice, "takeProceeds")), 4n * ETHER);
    assert.equal(await chain.balance(auction.address), 0n);
  });

  it("takes no bid that was not sealed so, or that the deposit does not cover", async () => {
    const { auction, id, bid, open } = await setUp();
    await bid(bob, 2n * ETHER, ETHER);
    await reverts(bid(bob, 2n * ETHER, ETHER), "AlreadySealed", bob);
    await reverts(auction.send(carol, "bid", id, SALT), "NothingSealed", carol);
    await chain.helpers.time.increase(HOUR);
    await reverts(open(bob, ETHER), "DoesNotMatch");
    await reverts(open(bob, 2n * ETHER), "BidAboveDeposit", 2n * ETHER, ETHER);
    await reverts(open(carol, ETHER), "NothingSealed", carol);
    await reverts(auction.send(carol, "settle", zeroHash), "NoSuchAuction");
    const [bidder] = await auction.read<[Address, bigint]>("bestBid", id);
    assert.equal(bidder, zeroAddress);
  });

  it("gives the token back when nobody opens a bid", async () => {
    const { collection, auction, token, id } = await setUp();
    await chain.helpers.time.increase(HOUR + DAY);
    await auction.send(bob, "settle", id);
    assert.equal(await collection.read("ownerOf", token), alice);
  });
});
