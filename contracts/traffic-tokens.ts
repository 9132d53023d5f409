// Moving ether and tokens about.
import type { SigningAccount } from "./accounts.ts";
import { callData } from "./contract-code.ts";
import { UNLIMITED } from "./deployment.ts";
import { ETHER } from "./genesis.ts";
import { allowanceSlot, balanceSlot } from "./storage.ts";
import type { Action, Traffic } from "./traffic.ts";

/** More than anybody has: what is meant to fail asks for this. */
const TOO_MUCH = 10n ** 12n * ETHER;
/** Share of transactions, in percent, that are made to fail. */
export const FAILURE_SHARE = 3;

export const TOKEN_ACTIONS: readonly Action[] = [
  { name: "ether transfer", weight: 20, run: sendEther },
  { name: "token transfer", weight: 26, run: sendToken },
  { name: "spend an allowance", weight: 5, run: spendAllowance },
  { name: "grant an allowance", weight: 4, run: grantAllowance },
  { name: "wrap or unwrap ether", weight: 3, run: wrapEther },
  { name: "pay many", weight: 0.6, run: payMany },
];

function sendEther(traffic: Traffic, sender: SigningAccount): void {
  const { random } = traffic;
  // One in ten goes to an address that nobody used before: it creates an account.
  const to = random.chance(10) ? random.bytes(20) : traffic.peerOf(sender).address;
  traffic.send(sender, { to, value: random.tokens(0, 3), gasLimit: 21_000n });
}

async function sendToken(traffic: Traffic, sender: SigningAccount): Promise<void> {
  const { random } = traffic;
  const token = await traffic.heldToken(sender);
  const to = random.chance(8) ? random.bytes(20) : traffic.peerOf(sender).address;
  const fails = random.chance(FAILURE_SHARE);
  const value = fails ? TOO_MUCH : random.tokens(0, 200);
  traffic.send(sender, {
    to: token,
    data: callData("Token", "transfer(address,uint256)", to, value),
    // A limit that does not suffice is the other way to fail.
    gasLimit: random.chance(FAILURE_SHARE / 3) ? 30_000n : 65_000n,
    accessList: [[token, [balanceSlot(sender.address), balanceSlot(to)]]],
  });
}

async function grantAllowance(traffic: Traffic, sender: SigningAccount): Promise<void> {
  const { random } = traffic;
  const grant = { owner: sender, spender: traffic.peerOf(sender), token: await traffic.heldToken(sender) };
  const value = random.chance(30) ? UNLIMITED : random.tokens(100, 2_000);
  traffic.send(sender, {
    to: grant.token,
    data: callData("Token", "approve(address,uint256)", grant.spender.address, value),
    gasLimit: 55_000n,
    accessList: [[grant.token, [allowanceSlot(sender.address, grant.spender.address)]]],
  });
  traffic.grants.push(grant);
}

/** The allowance may be used up by now: then the transaction fails, as they do. */
async function spendAllowance(traffic: Traffic, sender: SigningAccount): Promise<void> {
  const { random } = traffic;
  if (traffic.grants.length === 0) return grantAllowance(traffic, sender);
  const { owner, spender, token } = random.pick(traffic.grants);
  traffic.send(spender, {
    to: token,
    data: callData(
      "Token",
      "transferFrom(address,address,uint256)",
      owner.address,
      spender.address,
      random.tokens(0, 150),
    ),
    gasLimit: 85_000n,
    accessList: [
      [
        token,
        [
          balanceSlot(owner.address),
          balanceSlot(spender.address),
          allowanceSlot(owner.address, spender.address),
        ],
      ],
    ],
  });
}

async function wrapEther(traffic: Traffic, sender: SigningAccount): Promise<void> {
  const { random, chain, deployment } = traffic;
  const to = deployment.tokens[0] as Uint8Array; // wrapped ether is always deployed
  const wrapped = await chain.storageAt(to, balanceSlot(sender.address));
  if (wrapped > 0n && random.chance(50)) {
    const data = callData("WrappedEther", "withdraw(uint256)", wrapped / BigInt(random.between(1, 4)));
    return traffic.send(sender, { to, data, gasLimit: 65_000n });
  }
  // Half of them call deposit(), half just send ether: both end in the same code.
  const data = random.chance(50) ? callData("WrappedEther", "deposit()") : new Uint8Array(0);
  traffic.send(sender, { to, data, value: random.tokens(1, 20), gasLimit: 90_000n });
}

/** One transaction that writes the balances of up to 30 accounts. */
async function payMany(traffic: Traffic, sender: SigningAccount): Promise<void> {
  const { random } = traffic;
  const receivers = Array.from({ length: random.between(5, 30) }, () => traffic.peerOf(sender).address);
  traffic.send(sender, {
    to: await traffic.heldToken(sender),
    data: callData("Token", "transferToMany(address[],uint256)", receivers, random.tokens(1, 5)),
    gasLimit: 60_000n + 31_000n * BigInt(receivers.length),
  });
}
