// Puts tokens, pools and the router on a chain in three blocks: create, hand out, provide liquidity.
import { concatBytes } from "@braid/primitives";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { encodeArguments } from "./abi.ts";
import { createdAddress, type SigningAccount } from "./accounts.ts";
import { CHAIN_ID, GENESIS_TIME } from "./chain-spec.ts";
import { callData, creationCode } from "./contract-code.ts";
import { ETHER } from "./genesis.ts";
import { signTransaction, type TransactionRequest } from "./sign-transaction.ts";

/** What is to be deployed. Token 0 is wrapped ether. */
export interface DeploymentPlan {
  /** How many plain tokens there are beside wrapped ether. */
  tokens: number;
  /** The two tokens of each pool, as indices. */
  pools: readonly (readonly [tokenA: number, tokenB: number])[];
  /** Who gets tokens: for each plain token, in order, the addresses. At most 450 each, by the gas limit of a transaction. */
  holders: readonly (readonly Uint8Array[])[];
}

/** What is deployed and where. */
export interface Deployment {
  /** Wrapped ether first, then the plain tokens; 20 bytes each. */
  tokens: Uint8Array[];
  pools: DeployedPool[];
  factory: Uint8Array;
  router: Uint8Array;
  /** The code that EIP-7702 accounts point to. */
  batchWallet: Uint8Array;
}

export interface DeployedPool {
  address: Uint8Array;
  /** The tokens' addresses, the lower one first, as the pool orders them. */
  token0: Uint8Array;
  token1: Uint8Array;
}

/** Far away: no transaction that is not meant to expire does. */
export const DEADLINE = GENESIS_TIME + 1_000_000_000n;

export const UNLIMITED = 2n ** 256n - 1n;

/** How much of each plain token a holder is given. */
export const TOKENS_PER_HOLDER = 100_000n * ETHER;

const ETHER_PER_POOL = 1_000n * ETHER;
const TOKENS_PER_POOL = 2_000_000n * ETHER;

/** The transactions of three blocks, and where things will be once they ran. The deployer needs 1,100 ether a pool. */
export function deploy(
  deployer: SigningAccount,
  plan: DeploymentPlan,
): { deployment: Deployment; blocks: Uint8Array[][] } {
  const send = (request: Pick<TransactionRequest, "to" | "data" | "value" | "gasLimit">): Uint8Array => {
    return signTransaction(
      { type: 2, chainId: CHAIN_ID, maxFee: 100n * 10n ** 9n, tip: 10n ** 9n, ...request },
      deployer,
    );
  };
  const creations: Uint8Array[] = [];
  const create = (data: Uint8Array, gasLimit: bigint): Uint8Array => {
    const address = createdAddress(deployer.address, deployer.nonce);
    creations.push(send({ data, gasLimit }));
    return address;
  };

  const tokens = [create(creationCode("WrappedEther"), 2_000_000n)];
  for (let i = 1; i <= plan.tokens; i++) {
    const name = new TextEncoder().encode(`Braid Token ${i}`);
    const symbol = new TextEncoder().encode(`BT${i}`);
    // A string is encoded as bytes are.
    tokens.push(create(creationCode("Token", "(bytes,bytes)", name, symbol), 2_000_000n));
  }
  const factory = create(creationCode("PoolFactory"), 3_000_000n);
  const router = create(
    creationCode("Router", "(address,address)", factory, tokens[0] as Uint8Array),
    4_000_000n,
  );
  const batchWallet = create(creationCode("BatchWallet"), 1_000_000n);

  const pools = plan.pools.map(([a, b]) => poolOf(factory, tokenAt(tokens, a), tokenAt(tokens, b)));
  const grants = [
    send({
      to: tokens[0],
      value: ETHER_PER_POOL * BigInt(pools.length),
      data: callData("WrappedEther", "deposit()"),
      gasLimit: 100_000n,
    }),
  ];
  for (const [index, token] of tokens.entries()) {
    grants.push(
      send({
        to: token,
        data: callData("Token", "approve(address,uint256)", router, UNLIMITED),
        gasLimit: 60_000n,
      }),
    );
    if (index === 0) continue;
    const holders = plan.holders[index - 1] ?? [];
    const own = TOKENS_PER_POOL * BigInt(pools.length);
    grants.push(
      send({
        to: token,
        data: callData("Token", "issue(address[],uint256)", [deployer.address], own),
        gasLimit: 150_000n,
      }),
    );
    if (holders.length === 0) continue;
    const data = callData("Token", "issue(address[],uint256)", [...holders], TOKENS_PER_HOLDER);
    grants.push(send({ to: token, data, gasLimit: 100_000n + 30_000n * BigInt(holders.length) }));
  }
  const liquidity = plan.pools.map(([a, b]) => {
    const amounts = [a, b].map((index) => (index === 0 ? ETHER_PER_POOL : TOKENS_PER_POOL));
    const data = callData(
      "Router",
      "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)",
      tokenAt(tokens, a),
      tokenAt(tokens, b),
      ...amounts,
      ...amounts,
      deployer.address,
      DEADLINE,
    );
    return send({ to: router, data, gasLimit: 3_000_000n });
  });
  return {
    deployment: { tokens, pools, factory, router, batchWallet },
    blocks: [creations, grants, liquidity],
  };
}

/** Where the factory creates the pool of two tokens (EIP-1014). */
export function poolOf(factory: Uint8Array, tokenA: Uint8Array, tokenB: Uint8Array): DeployedPool {
  const [token0, token1] = Buffer.compare(tokenA, tokenB) < 0 ? [tokenA, tokenB] : [tokenB, tokenA];
  const salt = keccak_256(concatBytes(token0, token1));
  const code = keccak_256(
    concatBytes(creationCode("Pool"), encodeArguments("(address,address)", [token0, token1])),
  );
  return {
    address: keccak_256(concatBytes(Uint8Array.of(0xff), factory, salt, code)).slice(12),
    token0,
    token1,
  };
}

function tokenAt(tokens: readonly Uint8Array[], index: number): Uint8Array {
  const token = tokens[index];
  if (token === undefined) throw new RangeError(`the plan names token ${index} of ${tokens.length}`);
  return token;
}
