// The rarer things accounts do: delegate to a contract (EIP-7702), ask the consensus layer for something, deploy, create a pool.
import { concatBytes, equalBytes } from "@braid/primitives";
import type { SigningAccount } from "./accounts.ts";
import { CHAIN_ID } from "./chain-spec.ts";
import { callData, creationCode } from "./contract-code.ts";
import { ETHER } from "./genesis.ts";
import { signAuthorization } from "./sign-transaction.ts";
import { CONSOLIDATION_REQUESTS, WITHDRAWAL_REQUESTS } from "./system-contracts.ts";
import type { Action, Traffic } from "./traffic.ts";

export const ACCOUNT_ACTIONS: readonly Action[] = [
  { name: "delegate and act at once", weight: 0.6, run: delegateSelf },
  { name: "pay for another's delegation", weight: 0.4, run: delegateOther },
  { name: "act through a delegation", weight: 0.3, run: batch },
  { name: "ask the consensus layer", weight: 0.3, run: requestFromConsensus },
  { name: "deploy a token", weight: 0.3, run: deployToken },
  { name: "create a pool", weight: 0.1, run: createPool },
];

/** 25,000 gas an authorization (EIP-7702) and the batch of transfers itself. */
const DELEGATION_GAS = 180_000n;

const NOBODY = new Uint8Array(20);

/** The sender's own account gets the batch wallet's code, and the same transaction already runs it: its nonce grows by two. */
function delegateSelf(traffic: Traffic, sender: SigningAccount): void {
  const { batchWallet } = traffic.deployment;
  const authorization = signAuthorization(CHAIN_ID, batchWallet, sender.nonce + 1n, sender);
  traffic.send(sender, {
    to: sender.address,
    data: batchOfTransfers(traffic, sender),
    gasLimit: DELEGATION_GAS,
    authorizations: [authorization],
  });
  sender.nonce++;
  traffic.delegated.push(sender);
}

/**
 * Somebody sends the wishes of two others. The first one delegates, or moves or takes back a delegation that he has, at
 * times twice in one transaction; the second one's nonce is wrong, which the protocol passes over. The call pays the first
 * some ether, so that whatever code he now has runs.
 */
function delegateOther(traffic: Traffic, sender: SigningAccount): void {
  const { random, delegated, deployment } = traffic;
  const known = delegated.filter((account) => account !== sender);
  const authority = known.length > 0 && random.chance(60) ? random.pick(known) : traffic.peerOf(sender);
  const delegates = [deployment.batchWallet, deployment.tokens[0] as Uint8Array, NOBODY]; // wrapped ether is always deployed
  const authorizations = Array.from({ length: random.between(1, 2) }, () =>
    signAuthorization(CHAIN_ID, random.pick(delegates), authority.nonce++, authority),
  );
  const late = traffic.peerOf(sender);
  authorizations.push(signAuthorization(CHAIN_ID, deployment.batchWallet, late.nonce + 1_000n, late));
  traffic.send(sender, {
    to: authority.address,
    value: random.tokens(0, 1),
    gasLimit: 180_000n,
    authorizations,
  });
  delegated.push(authority);
}

/** Calls the own address of somebody who delegated: a batch where that still stands, a call of an empty account where it does not. */
function batch(traffic: Traffic, anybody: SigningAccount): void {
  const { random, delegated } = traffic;
  const sender = delegated.length > 0 ? random.pick(delegated) : anybody;
  traffic.send(sender, {
    to: sender.address,
    data: batchOfTransfers(traffic, sender),
    gasLimit: DELEGATION_GAS,
  });
}

function batchOfTransfers(traffic: Traffic, sender: SigningAccount): Uint8Array {
  const { random } = traffic;
  const tokenTransfer = callData(
    "Token",
    "transfer(address,uint256)",
    traffic.peerOf(sender).address,
    random.tokens(0, 5),
  );
  const calls = [
    [traffic.popularToken(), 0n, tokenTransfer],
    [traffic.peerOf(sender).address, random.tokens(0, 1), new Uint8Array(0)],
  ];
  return callData("BatchWallet", "execute((address,uint256,bytes)[])", calls);
}

/** A validator's withdrawal or a merger of two; the fee is 1 wei as long as few ask, the rest is kept. */
function requestFromConsensus(traffic: Traffic, sender: SigningAccount): void {
  const { random } = traffic;
  const merges = random.chance(40);
  const to = merges ? CONSOLIDATION_REQUESTS.address : WITHDRAWAL_REQUESTS.address;
  const amount = concatBytes(new Uint8Array(4), random.bytes(4)); // gwei
  const data = concatBytes(random.bytes(48), merges ? random.bytes(48) : amount);
  traffic.send(sender, { to, data, value: 10n, gasLimit: 250_000n });
}

function deployToken(traffic: Traffic, sender: SigningAccount): void {
  const name = new TextEncoder().encode(`Token of the day ${traffic.chain.head.number}`);
  const data = creationCode("Token", "(bytes,bytes)", name, new TextEncoder().encode("DAY"));
  // One in four comes with too little gas to store its code: the address stays empty.
  traffic.send(sender, { data, gasLimit: traffic.random.chance(25) ? 300_000n : 900_000n });
}

/** Of two tokens that may have a pool already, then the factory refuses; the same one twice is sent ether instead. */
function createPool(traffic: Traffic, sender: SigningAccount): void {
  const { random, deployment } = traffic;
  const tokenA = random.pick(deployment.tokens);
  const tokenB = random.pick(deployment.tokens);
  if (equalBytes(tokenA, tokenB)) {
    traffic.send(sender, { to: tokenA, value: ETHER, gasLimit: 60_000n });
    return;
  }
  traffic.send(sender, {
    to: deployment.factory,
    data: callData("PoolFactory", "createPool(address,address)", tokenA, tokenB),
    gasLimit: 1_700_000n,
  });
}
