// Account abstraction: an entry point that validates and executes bundles, accounts that are contracts or delegate to one, and who pays.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Abi,
  type Address,
  concat,
  encodeAbiParameters,
  encodeFunctionData,
  type Hex,
  keccak256,
  maxUint48,
  numberToHex,
  toHex,
  zeroAddress,
  zeroHash,
} from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { withRandom } from "../testing/random.ts";
import { reverts } from "../testing/reverted.ts";
import { TestChain } from "../testing/test-chain.ts";
import type { TestContract } from "../testing/test-contract.ts";

const chain = await TestChain.create();
const [admin, bundler, alice, bob] = [0, 1, 2, 3].map((index) => chain.account(index)) as [
  Address,
  Address,
  Address,
  Address,
];
const ETHER = 10n ** 18n;
const GWEI = 10n ** 9n;
const BATCH = `0x01${"00".repeat(31)}` as Hex;
const keys = ["ann", "ben", "cleo"].map((name) => privateKeyToAccount(keccak256(toHex(name)))) as [
  PrivateKeyAccount,
  PrivateKeyAccount,
  PrivateKeyAccount,
];
const sponsor = privateKeyToAccount(keccak256(toHex("sponsor")));

interface Operation {
  sender: Address;
  nonce: bigint;
  initCode: Hex;
  callData: Hex;
  accountGasLimits: Hex;
  preVerificationGas: bigint;
  gasFees: Hex;
  paymasterAndData: Hex;
  signature: Hex;
}

/** Two numbers of 16 bytes in one word. */
const pair = (high: bigint, low: bigint): Hex => numberToHex((high << 128n) | low, { size: 32 });

const CALLS = [
  {
    type: "tuple[]",
    components: [
      { name: "target", type: "address" },
      { name: "value", type: "uint256" },
      { name: "callData", type: "bytes" },
    ],
  },
] as const;

type Call = { target: Address; value: bigint; callData: Hex };

const setUp = chain.fixture(async () => {
  const entryPoint = await chain.deploy("EntryPoint");
  const factory = await chain.deploy("SmartAccountFactory", [entryPoint.address]);
  const counter = await chain.deploy("Counter");
  const { abi } = await chain.at("SmartAccount", zeroAddress);
  const execute = (...calls: Call[]): Hex =>
    encodeFunctionData({ abi, functionName: "execute", args: [BATCH, encodeAbiParameters(CALLS, [calls])] });
  const count: Call = { target: counter.address, value: 0n, callData: counter.data("count") };

  const addressOf = (key: PrivateKeyAccount) => factory.read<Address>("addressOf", key.address, zeroHash);
  /** An account with ether to pay with, deployed by a call of its factory. */
  const deployAccount = async (key: PrivateKeyAccount): Promise<Address> => {
    await factory.send(alice, "createAccount", key.address, zeroHash);
    const account = await addressOf(key);
    await chain.send({ from: admin, to: account, value: ETHER });
    return account;
  };
  const operation = async (
    sender: Address,
    callData: Hex,
    changes: Partial<Operation> = {},
  ): Promise<Operation> => ({
    sender,
    nonce: await entryPoint.read("getNonce", sender, 0n),
    initCode: "0x",
    callData,
    accountGasLimits: pair(200_000n, 200_000n),
    preVerificationGas: 60_000n,
    gasFees: pair(GWEI, 10n * GWEI),
    paymasterAndData: "0x",
    signature: "0x",
    ...changes,
  });
  const sign = async (key: PrivateKeyAccount, op: Operation): Promise<Operation> => ({
    ...op,
    signature: await key.sign({ hash: await entryPoint.read<Hex>("getUserOpHash", op) }),
  });
  const handle = (...ops: Operation[]) => entryPoint.send(bundler, "handleOps", ops, bob);
  return { entryPoint, factory, counter, execute, count, addressOf, deployAccount, operation, sign, handle };
});

describe("EntryPoint", () => {
  it("deploys an account with its first operation, lets it act, and pays the bundler out of its ether", async () => {
    const { entryPoint, factory, counter, execute, count, addressOf, operation, sign, handle } =
      await setUp();
    const account = await addressOf(keys[0]);
    await chain.send({ from: admin, to: account, value: ETHER });
    const initCode = concat([factory.address, factory.data("createAccount", keys[0].address, zeroHash)]);
    const accountGasLimits = pair(2_500_000n, 200_000n);
    const op = await operation(account, execute(count, count), { initCode, accountGasLimits });
    const before = await chain.balance(bob);
    const receipt = await handle(await sign(keys[0], op));
    assert.equal(await counter.read("total"), 2n);
    const [event] = entryPoint.events(receipt, "UserOperationEvent");
    assert.equal(event?.["success"], true);
    assert.equal((await chain.balance(bob)) - before, event?.["actualGasCost"]);
    assert.equal(entryPoint.events(receipt, "AccountDeployed").length, 1);
    assert.equal(await entryPoint.read("getNonce", account, 0n), 1n);
    await reverts(
      handle(await sign(keys[0], { ...op, nonce: 1n })),
      "FailedOp",
      0n,
      "AA10 sender already constructed",
    );
  });

  it("refuses what the account did not sign, and what it has signed twice", async () => {
    const { execute, count, deployAccount, operation, sign, handle } = await setUp();
    const account = await deployAccount(keys[0]);
    const op = await operation(account, execute(count));
    await reverts(handle(await sign(keys[1], op)), "FailedOp", 0n, "AA24 signature error");
    const signed = await sign(keys[0], op);
    await reverts(
      handle({ ...signed, callData: execute(count, count) }),
      "FailedOp",
      0n,
      "AA24 signature error",
    );
    await handle(signed);
    await reverts(handle(signed), "FailedOp", 0n, "AA25 invalid account nonce");
  });

  it("refuses accounts that are not there or cannot pay", async () => {
    const { factory, execute, count, addressOf, operation, sign, handle } = await setUp();
    const account = await addressOf(keys[0]);
    const op = await operation(account, execute(count));
    await reverts(handle(await sign(keys[0], op)), "FailedOp", 0n, "AA20 account not deployed");
    await factory.send(alice, "createAccount", keys[0].address, zeroHash);
    await reverts(handle(await sign(keys[0], op)), "FailedOp", 0n, "AA21 didn't pay prefund");
  });

  it("goes on when one operation of a bundle fails, and charges it", async () => {
    const { entryPoint, counter, execute, count, deployAccount, operation, sign, handle } = await setUp();
    const accounts = [await deployAccount(keys[0]), await deployAccount(keys[1])] as [Address, Address];
    const poor = execute({ target: bob, value: 100n * ETHER, callData: "0x" });
    const receipt = await handle(
      await sign(keys[0], await operation(accounts[0], poor)),
      await sign(keys[1], await operation(accounts[1], execute(count))),
    );
    const events = entryPoint.events(receipt, "UserOperationEvent");
    assert.deepEqual(
      events.map(({ success }) => success),
      [false, true],
    );
    assert.equal(entryPoint.events(receipt, "UserOperationRevertReason").length, 1);
    assert.equal(await counter.read("total"), 1n);
    assert((events[0]?.["actualGasCost"] as bigint) > 0n);
  });

  it("keeps a sequence of nonces for each key", async () => {
    const { counter, execute, count, deployAccount, operation, sign, handle } = await setUp();
    const account = await deployAccount(keys[0]);
    const ops = [];
    for (const nonce of [0n, (7n << 64n) | 0n, (7n << 64n) | 1n, 1n])
      ops.push(await sign(keys[0], await operation(account, execute(count), { nonce })));
    await handle(...ops);
    assert.equal(await counter.read("total"), 4n);
    const skipped = await operation(account, execute(count), { nonce: (8n << 64n) | 1n });
    await reverts(handle(await sign(keys[0], skipped)), "FailedOp", 0n, "AA25 invalid account nonce");
  });

  it("has as much ether as it owes", async () => {
    await withRandom(async (random) => {
      const { entryPoint, execute, count, deployAccount, operation, sign, handle } = await setUp();
      const accounts: Address[] = [];
      for (const key of keys) accounts.push(await deployAccount(key));
      for (let step = 0; step < 10; step++) {
        const ops: Operation[] = [];
        for (const [index, account] of accounts.entries()) {
          const key = keys[index] as PrivateKeyAccount;
          const value = random.chance(30) ? 100n * ETHER : 5n;
          const calls = random.chance(50) ? [count] : [{ target: alice, value, callData: "0x" as Hex }];
          ops.push(await sign(key, await operation(account, execute(...calls))));
        }
        await handle(...ops);
        if (random.chance(50))
          await entryPoint.pay(alice, 1_000n, "depositTo", random.pick([...accounts, alice]));
        let owed = 0n;
        for (const one of [...accounts, alice]) owed += await entryPoint.read("balanceOf", one);
        assert.equal(await chain.balance(entryPoint.address), owed);
      }
    });
  });

  it("lets accounts be used by nobody but itself and the account", async () => {
    const { entryPoint, execute, count, deployAccount, operation } = await setUp();
    const account = await deployAccount(keys[0]);
    const smart = await chain.at("SmartAccount", account);
    await reverts(
      chain.send({ from: bob, to: account, data: execute(count) }, smart.abi),
      "AccountUnauthorized",
      bob,
    );
    const op = await operation(account, execute(count));
    await reverts(smart.send(bob, "validateUserOp", op, zeroHash, 0n), "AccountUnauthorized", bob);
    await reverts(entryPoint.send(bob, "handleAggregatedOps", [], bob), "AggregatorsNotSupported");
  });

  it("holds stakes until they are unlocked and the delay is over", async () => {
    const { entryPoint } = await setUp();
    await reverts(entryPoint.pay(alice, ETHER, "addStake", 0), "DelayTooShort", 0);
    await reverts(entryPoint.send(alice, "unlockStake"), "NothingStaked");
    await entryPoint.pay(alice, ETHER, "addStake", 1_000);
    await reverts(entryPoint.send(alice, "withdrawStake", bob), "StakeLockedUntil", 0n);
    await entryPoint.send(alice, "unlockStake");
    await reverts(entryPoint.send(alice, "withdrawStake", bob), "StakeLockedUntil");
    await chain.helpers.time.increase(1_000);
    const before = await chain.balance(bob);
    await entryPoint.send(alice, "withdrawStake", bob);
    assert.equal((await chain.balance(bob)) - before, ETHER);
    await entryPoint.pay(alice, 10n, "depositTo", alice);
    await reverts(entryPoint.send(alice, "withdrawTo", bob, 11n), "InsufficientDeposit", alice, 10n, 11n);
    await entryPoint.send(alice, "withdrawTo", bob, 10n);
  });
});

describe("paymasters", () => {
  /** The sponsor's signature of an operation that it pays for until `validUntil`. */
  async function sponsored(
    paymaster: Address,
    op: Operation,
    validUntil = Number(maxUint48 >> 1n),
  ): Promise<Operation> {
    const [verification, postOp] = [150_000n, 0n];
    const signature = await sponsor.signTypedData({
      domain: {
        name: "Braid Paymaster",
        version: "1",
        chainId: Number(await chain.provider.request({ method: "eth_chainId" })),
        verifyingContract: paymaster,
      },
      types: {
        UserOperationRequest: [
          { name: "sender", type: "address" },
          { name: "nonce", type: "uint256" },
          { name: "initCode", type: "bytes" },
          { name: "callData", type: "bytes" },
          { name: "accountGasLimits", type: "bytes32" },
          { name: "preVerificationGas", type: "uint256" },
          { name: "gasFees", type: "bytes32" },
          { name: "paymasterVerificationGasLimit", type: "uint256" },
          { name: "paymasterPostOpGasLimit", type: "uint256" },
          { name: "validAfter", type: "uint48" },
          { name: "validUntil", type: "uint48" },
        ],
      },
      primaryType: "UserOperationRequest",
      message: {
        ...op,
        paymasterVerificationGasLimit: verification,
        paymasterPostOpGasLimit: postOp,
        validAfter: 0,
        validUntil,
      },
    });
    const paymasterAndData = concat([
      paymaster,
      pair(verification, postOp),
      numberToHex(0, { size: 6 }),
      numberToHex(validUntil, { size: 6 }),
      signature,
    ]);
    return { ...op, paymasterAndData };
  }

  const withPaymaster = chain.fixture(async () => {
    const parts = await setUp();
    const { entryPoint, factory, addressOf } = parts;
    const paymaster = await chain.deploy("SponsorPaymaster", [entryPoint.address, sponsor.address, admin]);
    await factory.send(alice, "createAccount", keys[0].address, zeroHash);
    return { ...parts, paymaster, account: await addressOf(keys[0]) };
  });

  it("pay for operations that their sponsor has signed, and for no others", async () => {
    const { entryPoint, counter, execute, count, operation, sign, handle, paymaster, account } =
      await withPaymaster();
    const op = await operation(account, execute(count));
    const good = await sign(keys[0], await sponsored(paymaster.address, op));
    await reverts(handle(good), "FailedOp", 0n, "AA31 paymaster deposit too low");
    await paymaster.pay(alice, ETHER, "deposit");
    const receipt = await handle(good);
    const [event] = entryPoint.events(receipt, "UserOperationEvent");
    assert.equal(event?.["paymaster"], paymaster.address);
    assert.equal(ETHER - (await entryPoint.read("balanceOf", paymaster.address)), event?.["actualGasCost"]);
    assert.equal(await counter.read("total"), 1n);

    const next = await operation(account, execute(count));
    const other = { ...(await sponsored(paymaster.address, next)), callData: execute(count, count) };
    await reverts(handle(await sign(keys[0], other)), "FailedOp", 0n, "AA34 signature error");
    const late = await sponsored(paymaster.address, next, 1_000);
    await reverts(handle(await sign(keys[0], late)), "FailedOp", 0n, "AA32 paymaster expired or not due");
    const short = { ...next, paymasterAndData: paymaster.address };
    await reverts(handle(await sign(keys[0], short)), "FailedOp", 0n, "AA93 invalid paymasterAndData");
  });

  it("give back what is left to their owner", async () => {
    const { entryPoint, paymaster } = await withPaymaster();
    await paymaster.pay(alice, ETHER, "deposit");
    await reverts(paymaster.send(alice, "withdraw", alice, 1n), "OwnableUnauthorizedAccount", alice);
    await paymaster.send(admin, "withdraw", bob, ETHER);
    assert.equal(await entryPoint.read("balanceOf", paymaster.address), 0n);
  });

  it("come in fleets, of which each account has its own", async () => {
    const { entryPoint, counter, execute, count, operation, sign, handle, account } = await withPaymaster();
    const fleet = await chain.deploy("PaymasterFleet", [entryPoint.address, sponsor.address, admin]);
    await fleet.pay(alice, ETHER + 3n, "deposit");
    let deposits = 0n;
    for (let i = 0n; i < 8n; i++)
      deposits += await entryPoint.read("balanceOf", await fleet.read<Address>("paymasters", i));
    assert.equal(deposits, ETHER + 3n);
    const paymaster = await fleet.read<Address>("paymasterFor", account);
    await handle(await sign(keys[0], await sponsored(paymaster, await operation(account, execute(count)))));
    assert.equal(await counter.read("total"), 1n);
    assert((await entryPoint.read("balanceOf", paymaster)) < ETHER / 8n);
  });
});

describe("DelegatedAccount", () => {
  /** Sends a transaction of the key's own that points its account to `delegate` (EIP-7702). */
  async function delegate(key: PrivateKeyAccount, delegateTo: Address): Promise<void> {
    const chainId = Number(await chain.provider.request({ method: "eth_chainId" }));
    const nonce = Number(
      await chain.provider.request({ method: "eth_getTransactionCount", params: [key.address, "latest"] }),
    );
    const authorization = await key.signAuthorization({
      contractAddress: delegateTo,
      chainId,
      nonce: nonce + 1,
    });
    const transaction = await key.signTransaction({
      type: "eip7702",
      chainId,
      nonce,
      to: bob,
      gas: 200_000n,
      maxFeePerGas: 100n * GWEI,
      maxPriorityFeePerGas: GWEI,
      authorizationList: [authorization],
    });
    await chain.provider.request({ method: "eth_sendRawTransaction", params: [transaction] });
  }

  const delegated = chain.fixture(async () => {
    const parts = await setUp();
    const implementation: TestContract = await chain.deploy("DelegatedAccount", [parts.entryPoint.address]);
    const [key] = keys;
    await chain.send({ from: admin, to: key.address, value: ETHER });
    await delegate(key, implementation.address);
    return { ...parts, key, implementation };
  });

  it("makes an ordinary account a smart one that pays its bundler, by its own key", async () => {
    const { counter, execute, count, operation, sign, handle, key } = await delegated();
    const op = await operation(key.address, execute(count, { target: alice, value: 7n, callData: "0x" }));
    await reverts(handle(await sign(keys[1], op)), "FailedOp", 0n, "AA24 signature error");
    const before = await chain.balance(alice);
    await handle(await sign(key, op));
    assert.equal(await counter.read("total"), 1n);
    assert.equal((await chain.balance(alice)) - before, 7n);
  });

  it("obeys nobody else, and takes ether", async () => {
    const { implementation, execute, count, key } = await delegated();
    const data = execute(count);
    const abi: Abi = implementation.abi;
    await reverts(chain.send({ from: bob, to: key.address, data }, abi), "AccountUnauthorized", bob);
    await chain.send({ from: bob, to: key.address, value: 5n });
  });

  it("ends when the account says so", async () => {
    const { execute, count, operation, sign, handle, key } = await delegated();
    const op = await sign(key, await operation(key.address, execute(count)));
    await delegate(key, zeroAddress);
    await reverts(handle(op), "FailedOp", 0n, "AA20 account not deployed");
  });
});
