// Collections, markets and auctions.
import { keccak_256 } from "@noble/hashes/sha3.js";
import type { SigningAccount } from "../chain/accounts.ts";
import { ETHER } from "../chain/genesis.ts";
import { encodeArguments, word } from "../contracts/abi.ts";
import type { Contract } from "../contracts/contract.ts";
import { BOTH, type Family } from "./family.ts";

const PRICE = ETHER / 100n;
const MOST = 1_000_000n;
const DAY = 24n * 3_600n;

interface Token {
  collection: Contract;
  id: bigint;
  owner: SigningAccount;
}

export const NFT_FAMILY: Family = {
  name: "nft",
  description: "tokens minted, given away, listed and bought, open bids at auctions, or sealed ones",
  variants: BOTH,
  async setUp(world, variant) {
    const sharded = variant === "parallel";
    const collections = world.each((index) =>
      world.create(sharded ? "ShardedCollection" : "Collection", "Pictures", `P${index}`, MOST, PRICE),
    );
    const market = world.create(sharded ? "DirectMarketplace" : "Marketplace");
    const auctions = world.create(sharded ? "SealedAuction" : "EnglishAuction");
    /** Of each collection, or of each of its shards. */
    const minted = new Map<string, bigint>();
    const nextId = (collection: Contract, owner: SigningAccount): bigint => {
      const shard = sharded ? BigInt((owner.address[19] ?? 0) % 32) : 0n;
      const key = `${collections.indexOf(collection)}/${shard}`;
      const count = (minted.get(key) ?? 0n) + 1n;
      minted.set(key, count);
      return (shard << 64n) + count;
    };
    let listings = 0n;
    const listingOf = ({ collection, id }: Token): Uint8Array =>
      sharded ? keccak_256(encodeArguments("(address,uint256)", [collection.address, id])) : word(++listings);
    const owned: Token[] = [];
    const listed: { id: Uint8Array; price: bigint; token: Token }[] = [];
    for (const collection of collections)
      for (const from of world.users) {
        world.send(collection.call("setApprovalForAll", market.address, true), { from });
        world.send(collection.call("mint", 2n), { from, value: 2n * PRICE });
        for (let i = 0; i < 2; i++) owned.push({ collection, id: nextId(collection, from), owner: from });
      }
    const running: { id: AuctionId; bid: bigint }[] = [];
    for (const [index, collection] of collections.entries()) {
      const token: Token = { collection, id: nextId(collection, world.deployer), owner: world.deployer };
      world.send(collection.call("mint", 1n), { value: PRICE });
      world.send(collection.call("approve", auctions.address, token.id));
      await world.settle();
      const terms = sharded ? [token.id, 20n * DAY] : [token.id, ETHER / 1000n, 20n * DAY];
      const message = auctions.call("begin", collection.address, ...terms);
      const answer = sharded ? await idOfSealed(world.deployer, collection, token.id) : BigInt(index + 1);
      world.send(message);
      await world.settle();
      running.push({ id: answer, bid: ETHER / 1000n });
    }
    /** As the contract numbers them: by the seller, the token, and the time of the block that the auction begins in. */
    async function idOfSealed(
      seller: SigningAccount,
      collection: Contract,
      tokenId: bigint,
    ): Promise<Uint8Array> {
      const time = world.chain.head.timestamp + 12n;
      const types = "(address,address,uint256,uint256)";
      return keccak_256(encodeArguments(types, [seller.address, collection.address, tokenId, time]));
    }
    return [
      {
        name: "mint",
        weight: 8,
        run(traffic, sender) {
          const collection = traffic.popular(collections);
          const value = traffic.takesFailure() ? PRICE - 1n : PRICE;
          traffic.send(sender, { ...collection.call("mint", 1n), value, isVital: true });
          if (value === PRICE) owned.push({ collection, id: nextId(collection, sender), owner: sender });
        },
      },
      {
        name: "list",
        weight: 5,
        run(traffic) {
          const [token] = owned.splice(traffic.random.below(Math.max(1, owned.length)), 1);
          if (token === undefined) return;
          const price = traffic.random.tokens(0, 1) + 1n;
          traffic.send(token.owner, market.call("list", token.collection.address, token.id, price));
          listed.push({ id: listingOf(token), price, token });
        },
      },
      {
        name: "buy",
        weight: 6,
        run(traffic, sender) {
          const [listing] = listed.splice(0, 1);
          if (listing === undefined) return;
          traffic.send(sender, { ...market.call("buy", listing.id), value: listing.price });
          owned.push({ ...listing.token, owner: sender });
        },
      },
      {
        name: "give away",
        weight: 3,
        run(traffic) {
          const token = owned[traffic.random.below(Math.max(1, owned.length))];
          if (token === undefined) return;
          const to = traffic.peerOf(token.owner);
          const pair = [token.owner.address, to.address];
          traffic.send(token.owner, token.collection.call("transferFrom", ...pair, token.id));
          token.owner = to;
        },
      },
      {
        name: "bid",
        weight: 4,
        run(traffic, sender) {
          const auction = traffic.popular(running);
          if (sharded) {
            const seal = traffic.random.bytes(32);
            return traffic.send(sender, {
              ...auctions.call("bid", auction.id, seal),
              value: traffic.random.tokens(1, 2),
            });
          }
          auction.bid += (auction.bid * BigInt(traffic.random.between(6, 9))) / 100n;
          if (auction.bid > 1_000n * ETHER) auction.bid = ETHER / 1000n;
          traffic.send(sender, { ...auctions.call("bid", auction.id), value: auction.bid });
        },
      },
    ];
  },
};

type AuctionId = bigint | Uint8Array;
