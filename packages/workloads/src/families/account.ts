// Account abstraction: bundles of operations, who pays for them, and accounts that delegate to a contract.
import { concatBytes, equalBytes } from "@braid/primitives";
import { keccak_256 } from "@noble/hashes/sha3.js";
import type { SigningAccount } from "../chain/accounts.ts";
import { CHAIN_ID } from "../chain/chain-spec.ts";
import { ETHER } from "../chain/genesis.ts";
import { signAuthorization, signHash } from "../chain/sign-transaction.ts";
import { encodeArguments, word } from "../contracts/abi.ts";
import { Contract } from "../contracts/contract.ts";
import type { Action, Traffic } from "../traffic/traffic.ts";
import type { World } from "../world.ts";
import { BOTH, type Family } from "./family.ts";

const text = (value: string): Uint8Array => keccak_256(new TextEncoder().encode(value));
const SALT = new Uint8Array(32);
const NOTHING = new Uint8Array(0);
/** ERC-7821: several calls, all or none. */
const BATCH = concatBytes(Uint8Array.of(1), new Uint8Array(31));
const GAS = { verification: 200_000n, call: 200_000n, before: 60_000n, paymaster: 150_000n };
/** Of all kinds, and what the entry point does beside. */
const GAS_OF_OPERATION = 700_000n;
const FEES = pair(1n, 10n ** 9n);
const DOMAIN_TYPE = text(
  "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
);
const REQUEST_TYPE = text(
  "UserOperationRequest(address sender,uint256 nonce,bytes initCode,bytes callData,bytes32 accountGasLimits,uint256 preVerificationGas,bytes32 gasFees,uint256 paymasterVerificationGasLimit,uint256 paymasterPostOpGasLimit,uint48 validAfter,uint48 validUntil)",
);
const NOBODY = new Uint8Array(20);

interface Wallet {
  key: SigningAccount;
  account: Contract;
}

export const ACCOUNT_FAMILY: Family = {
  name: "account",
  description:
    "bundles of operations of smart accounts, some of them sponsored, and EIP-7702 delegations made, used and taken back",
  variants: BOTH,
  async setUp(world, variant) {
    const token = world.createToken("USD");
    const entryPoint = world.create("EntryPoint");
    const factory = world.create("SmartAccountFactory", entryPoint.address);
    for (const { address } of world.users) world.send(factory.call("createAccount", address, SALT));
    const fleet = variant === "parallel";
    const [entry, owner] = [entryPoint.address, world.deployer.address];
    const sponsors = world.create(fleet ? "PaymasterFleet" : "SponsorPaymaster", entry, owner, owner);
    world.send(sponsors.call("deposit"), { value: 1_000n * ETHER });
    await world.settle();
    const wallets: Wallet[] = [];
    for (const key of world.users) {
      const account = await world.find("SmartAccount", factory, "addressOf", key.address, SALT);
      wallets.push({ key, account });
      world.send(entryPoint.call("depositTo", account.address), { value: 10n * ETHER });
      world.send(token.call("transfer", account.address, 10n * ETHER));
    }
    await world.settle();
    const sponsorOf = new Map<Wallet, Contract>();
    for (const wallet of wallets)
      sponsorOf.set(
        wallet,
        fleet
          ? await world.find("SponsorPaymaster", sponsors, "paymasterFor", wallet.account.address)
          : sponsors,
      );

    let sequences = 0n;
    const actions = delegations(world, token, entryPoint);
    await world.settle();

    /** A signed operation of a wallet's: it pays somebody some tokens. */
    const operation = async (traffic: Traffic, wallet: Wallet) => {
      const amount = traffic.takesFailure() ? 10n ** 9n * ETHER : traffic.random.tokens(0, 1);
      const pay = token.call("transfer", traffic.popular(wallets).account.address, amount);
      const calls = encodeArguments("((address,uint256,bytes)[])", [[[pay.to, 0n, pay.data]]]);
      const { data } = wallet.account.call("execute", BATCH, calls);
      const sponsor = traffic.random.chance(60) ? sponsorOf.get(wallet) : undefined;
      // A sequence of its own for each: one that fails holds up no other.
      const nonce = sequences++ << 64n;
      const fields = [wallet.account.address, nonce, NOTHING, data, pair(GAS.verification, GAS.call)];
      const paid = sponsor === undefined ? NOTHING : sponsored(world, sponsor, fields);
      const unsigned = [...fields, GAS.before, FEES, paid];
      const hash = await world.view(entryPoint, "getUserOpHash", [...unsigned, NOTHING]);
      return [...unsigned, signHash(hash, wallet.key)];
    };
    return [
      {
        name: "bundle",
        weight: 10,
        async run(traffic, bundler) {
          const ops = [];
          const used = new Set<Wallet>();
          for (let i = traffic.random.between(1, 3); i > 0; i--) {
            const wallet = traffic.random.pick(wallets);
            if (used.has(wallet)) continue;
            used.add(wallet);
            ops.push(await operation(traffic, wallet));
          }
          const message = entryPoint.call("handleOps", ops, keccak_256(bundler.address).slice(12));
          // The entry point wants to be left with all that an operation may use, whatever it then uses.
          traffic.send(bundler, { ...message, gasLimit: 100_000n + GAS_OF_OPERATION * BigInt(ops.length) });
        },
      },
      ...actions,
    ];
  },
};

/** Where a paymaster finds that its sponsor pays: address, gas, times, signature. */
function sponsored(world: World, paymaster: Contract, fields: readonly (Uint8Array | bigint)[]): Uint8Array {
  const [sender, nonce, initCode, callData, limits] = fields as [
    Uint8Array,
    bigint,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const until = 2n ** 40n;
  const struct = concatBytes(
    REQUEST_TYPE,
    word(sender),
    word(nonce),
    keccak_256(initCode),
    keccak_256(callData),
    limits,
    word(GAS.before),
    FEES,
    word(GAS.paymaster),
    word(0n),
    word(0n),
    word(until),
  );
  const domain = concatBytes(
    DOMAIN_TYPE,
    text("Braid Paymaster"),
    text("1"),
    word(CHAIN_ID),
    word(paymaster.address),
  );
  const hash = keccak_256(concatBytes(Uint8Array.of(0x19, 0x01), keccak_256(domain), keccak_256(struct)));
  const times = concatBytes(new Uint8Array(6), word(until).slice(26));
  return concatBytes(paymaster.address, pair(GAS.paymaster, 0n), times, signHash(hash, world.deployer));
}

/** Users point their accounts to a contract, act through it, and take it back (EIP-7702). */
function delegations(world: World, token: Contract, entryPoint: Contract): Action[] {
  const wallet = world.create("BatchWallet");
  const smart = world.create("DelegatedAccount", entryPoint.address);
  const delegates = [wallet.address, smart.address, NOBODY];
  const delegated: SigningAccount[] = [];
  const batch = (traffic: Traffic, sender: SigningAccount) => {
    const { random } = traffic;
    const pay = token.call("transfer", traffic.peerOf(sender).address, random.tokens(0, 1));
    const calls = [
      [pay.to, 0n, pay.data],
      [traffic.peerOf(sender).address, random.tokens(0, 1), NOTHING],
    ];
    return {
      to: sender.address,
      data: new Contract("BatchWallet", sender.address).call("execute", calls).data,
    };
  };
  return [
    {
      // The sender's own account gets the wallet's code, and the same transaction already runs it: its nonce grows by two.
      name: "delegate and act at once",
      weight: 2,
      run(traffic, sender) {
        const authorization = signAuthorization(CHAIN_ID, wallet.address, sender.nonce + 1n, sender);
        traffic.send(sender, { ...batch(traffic, sender), authorizations: [authorization], isVital: true });
        sender.nonce++;
        delegated.push(sender);
      },
    },
    {
      // The first one's wish is moved or taken back, at times twice in one transaction; the second one's nonce is wrong, which the protocol
      // passes over. The call pays the first some ether, so that whatever code he now has runs.
      name: "pay for another's delegation",
      weight: 2,
      run(traffic, sender) {
        const { random } = traffic;
        const known = delegated.filter((account) => account !== sender);
        const authority = known.length > 0 && random.chance(60) ? random.pick(known) : traffic.peerOf(sender);
        if (equalBytes(authority.address, sender.address)) return;
        const authorizations = Array.from({ length: random.between(1, 2) }, () =>
          signAuthorization(CHAIN_ID, random.pick(delegates), authority.nonce++, authority),
        );
        const late = traffic.peerOf(sender);
        authorizations.push(signAuthorization(CHAIN_ID, wallet.address, late.nonce + 1_000n, late));
        const value = random.tokens(0, 1);
        traffic.send(sender, { to: authority.address, value, authorizations, isVital: true });
        delegated.push(authority);
      },
    },
    {
      // A batch where the delegation still stands, a call of an empty account where it does not.
      name: "act through a delegation",
      weight: 2,
      run(traffic, anybody) {
        const sender = delegated.length > 0 ? traffic.random.pick(delegated) : anybody;
        traffic.send(sender, batch(traffic, sender));
      },
    },
  ];
}

/** Two numbers of 16 bytes in one word. */
function pair(high: bigint, low: bigint): Uint8Array {
  return word((high << 128n) | low);
}
