// For tests: blocks of signed transactions over a flat pre-state, under the rules of any fork of mainnet.

import { keccak256 } from "@braid/kernel";
import { bigIntToBytes32, bytesToHex, type Hex, hexToBytes } from "@braid/primitives";
import { type Block, type Chain, chainOf, createHeader, type Header, type Withdrawal } from "@braid/protocol";
import { EMPTY_CODE_HASH, type FlatPreState, MemoryStateSource, type StateSource } from "@braid/state";
import type { KeyedAccount } from "./accounts.ts";
import { plainAddress } from "./accounts.ts";
import { type SignedAuthorization, signTransaction, type UnsignedTransaction } from "./sign.ts";

/** All forks that change execution, in order. */
export const FORKS = [
  "chainstart",
  "homestead",
  "tangerineWhistle",
  "spuriousDragon",
  "byzantium",
  "constantinople",
  "petersburg",
  "istanbul",
  "berlin",
  "london",
  "paris",
  "shanghai",
  "cancun",
  "prague",
  "osaka",
] as const;
export type Fork = (typeof FORKS)[number] | "bpo1" | "bpo2";

export const ETHER = 10n ** 18n;
/** Where blocks stand: far enough from 0 that BLOCKHASH finds 256 ancestors. */
const BLOCK_NUMBER = 1_000n;
export const COINBASE: Uint8Array = plainAddress(0xc0ffee);

export interface PreAccount {
  balance?: bigint;
  nonce?: bigint;
  code?: Uint8Array;
  storage?: Iterable<readonly [slot: bigint | number, value: bigint | number]>;
}

/** What a transaction says; the rest has defaults, the nonce counts up by sender. */
export interface TransactionSpec
  extends Partial<Omit<UnsignedTransaction, "value" | "gasLimit" | "nonce" | "authorizations" | "chainId">> {
  from: KeyedAccount;
  nonce?: bigint | number;
  gasLimit?: bigint | number;
  value?: bigint | number;
  authorizations?: SignedAuthorization[];
  /** null: no replay protection. */
  chainId?: bigint | null;
}

export interface BlockOptions {
  coinbase?: Uint8Array;
  gasLimit?: bigint;
  baseFeePerGas?: bigint;
  number?: bigint;
  timestamp?: bigint;
  excessBlobGas?: bigint;
  extraData?: Uint8Array;
  parentBeaconBlockRoot?: Uint8Array;
  uncles?: Pick<Header, "number" | "coinbase">[];
  withdrawals?: Withdrawal[];
  /** false: in the place of signatures there is something that recovers to nobody in particular, and whoever runs the block has to be told the senders. */
  signed?: boolean;
  /** false: no EIP-4788 and EIP-2935 contracts in the pre-state. */
  systemContracts?: boolean;
  /** A chain other than mainnet; its rules of the block's fork hold from the first block on. */
  chain?: Chain;
}

/** A block that is ready to be executed by anyone. */
export interface TestBlock {
  fork: Fork;
  /** Has the block's fork from the first block on. */
  chain: Chain;
  input: Block;
  pre: FlatPreState;
  blockHashes: Map<bigint, Uint8Array>;
  /** Who signed transaction i, for oracles that need not recover senders. */
  signers: KeyedAccount[];
  /** A new source over the pre-state. */
  source(): StateSource;
}

/** EIP-4788 and EIP-2935: stock ethereumjs writes their slots itself, so only their real codes agree with it. */
export const BEACON_ROOTS: Uint8Array = hexToBytes("0x000f3df6d732807ef1319fb7b8bb8522d0beac02");
const BEACON_ROOTS_CODE = hexToBytes(
  "0x3373fffffffffffffffffffffffffffffffffffffffe14604d57602036146024575f5ffd5b5f35801560495762001fff810690815414603c575f5ffd5b62001fff01545f5260205ff35b5f5ffd5b62001fff42064281555f359062001fff015500",
);
export const BLOCK_HASHES: Uint8Array = hexToBytes("0x0000f90827f1c53a10cb7a02335b175320002935");
const BLOCK_HASHES_CODE = hexToBytes(
  "0x3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500",
);
/** EIP-7002 and EIP-7251: the contracts whose answer to the protocol's call is a list of requests. */
export const REQUEST_CONTRACTS = [
  "0x00000961ef480eb55e80d19ad83579a64c007002",
  "0x0000bbddc7ce488642fb579f8b00f3a590007251",
].map(hexToBytes);
const STOP = Uint8Array.of(0);

const hashes = new Map<bigint, Uint8Array>();

function hashOfBlock(number: bigint): Uint8Array {
  const hash = hashes.get(number) ?? keccak256(bigIntToBytes32(number));
  hashes.set(number, hash);
  return hash;
}

/** Collects a pre-state and transactions; `build` makes the block. */
export class BlockBuilder {
  readonly fork: Fork;
  readonly options: BlockOptions;
  readonly transactions: Uint8Array[] = [];
  readonly signers: KeyedAccount[] = [];
  readonly #accounts = new Map<Hex, { address: Uint8Array; account: PreAccount }>();
  readonly #nonces = new Map<Hex, bigint>();

  constructor(fork: Fork, options: BlockOptions = {}) {
    this.fork = fork;
    this.options = options;
    if (options.systemContracts !== false) {
      if (this.since("cancun")) this.contract(BEACON_ROOTS, BEACON_ROOTS_CODE);
      if (this.since("prague")) this.contract(BLOCK_HASHES, BLOCK_HASHES_CODE);
    }
    // From Prague on a block is invalid without them.
    if (this.since("prague")) for (const address of REQUEST_CONTRACTS) this.contract(address, STOP);
  }

  /** Is the block's fork at or after `fork`? */
  since(fork: Fork): boolean {
    const order: readonly Fork[] = [...FORKS, "bpo1", "bpo2"];
    return order.indexOf(this.fork) >= order.indexOf(fork);
  }

  /** Puts an account into the pre-state; gives its address back. */
  account(address: Uint8Array, account: PreAccount): Uint8Array {
    this.#accounts.set(bytesToHex(address), { address, account });
    if (account.nonce !== undefined) this.#nonces.set(bytesToHex(address), account.nonce);
    return address;
  }

  /** Puts a contract into the pre-state; gives its address back. */
  contract(address: Uint8Array, code: Uint8Array, more: PreAccount = {}): Uint8Array {
    return this.account(address, { nonce: this.since("spuriousDragon") ? 1n : 0n, ...more, code });
  }

  /** Gives accounts with keys 1,000 ether each. */
  fund(...accounts: KeyedAccount[]): void {
    for (const { address } of accounts) this.account(address, { balance: 1_000n * ETHER });
  }

  /** The nonce that the sender's next transaction will have. */
  nextNonce(from: Pick<KeyedAccount, "address">): bigint {
    return this.#nonces.get(bytesToHex(from.address)) ?? 0n;
  }

  /** Counts one more nonce that `address` uses up (EIP-7702 authorizations, CREATE). */
  skipNonce(address: Uint8Array): void {
    this.#nonces.set(bytesToHex(address), this.nextNonce({ address }) + 1n);
  }

  /** Appends a signed transaction. */
  send(spec: TransactionSpec): this {
    const { from, nonce, gasLimit, value, chainId, ...rest } = spec;
    const used = nonce === undefined ? this.nextNonce(from) : BigInt(nonce);
    if (nonce === undefined) this.skipNonce(from.address);
    const fee = rest.maxFeePerGas ?? 20n;
    const unsigned: UnsignedTransaction = {
      type: 0,
      maxPriorityFeePerGas: fee < 3n ? fee : 3n,
      to: undefined,
      data: new Uint8Array(0),
      accessList: [],
      maxFeePerBlobGas: 1_000n,
      blobVersionedHashes: [],
      authorizations: [],
      ...rest,
      maxFeePerGas: fee,
      chainId: chainId === null ? undefined : (chainId ?? (this.since("spuriousDragon") ? 1n : undefined)),
      nonce: used,
      gasLimit: BigInt(gasLimit ?? 200_000),
      value: BigInt(value ?? 0),
    };
    return this.raw(signTransaction(unsigned, this.options.signed === false ? undefined : from), from);
  }

  /** Appends a transaction as bytes. */
  raw(bytes: Uint8Array, signer: KeyedAccount): this {
    this.transactions.push(bytes);
    this.signers.push(signer);
    return this;
  }

  async build(): Promise<TestBlock> {
    const { fork, options } = this;
    const chain = (options.chain ?? chainOf("mainnet")).from(fork);
    const number = options.number ?? BLOCK_NUMBER;
    const blockHashes = new Map<bigint, Uint8Array>();
    for (let n = number > 256n ? number - 256n : 0n; n < number; n++) blockHashes.set(n, hashOfBlock(n));
    const pre = this.#preState();
    return {
      fork,
      chain,
      pre,
      blockHashes,
      signers: this.signers,
      input: {
        header: this.#header(chain, number, blockHashes.get(number - 1n) ?? new Uint8Array(32)),
        transactions: this.transactions,
        uncles: (options.uncles ?? []).map((uncle) => createHeader(uncle, chain.rulesOfFork(fork))),
        ...(this.since("shanghai") ? { withdrawals: options.withdrawals ?? [] } : {}),
      },
      source: () => MemoryStateSource.fromFlat({ ...pre, blockHashes }),
    };
  }

  #header(chain: Chain, number: bigint, parentHash: Uint8Array): Header {
    const { options } = this;
    return createHeader(
      {
        number,
        parentHash,
        timestamp: options.timestamp ?? 1_700_000_000n,
        coinbase: options.coinbase ?? COINBASE,
        gasLimit: options.gasLimit ?? 30_000_000n,
        difficulty: this.since("paris") ? 0n : 131_072n,
        mixHash: keccak256(bigIntToBytes32(number)),
        extraData: options.extraData ?? new Uint8Array(0),
        ...(this.since("london") ? { baseFeePerGas: options.baseFeePerGas ?? 7n } : {}),
        ...(this.since("cancun")
          ? {
              excessBlobGas: options.excessBlobGas ?? 0n,
              parentBeaconBlockRoot: options.parentBeaconBlockRoot ?? keccak256(bigIntToBytes32(77n)),
            }
          : {}),
      },
      chain.rulesOfFork(this.fork),
    );
  }

  #preState(): FlatPreState {
    const codes = new Map<Hex, [Uint8Array, Uint8Array]>();
    const accounts = [...this.#accounts.values()].map(({ address, account }) => {
      const { balance = 0n, nonce = 0n, code } = account;
      let codeHash = EMPTY_CODE_HASH;
      if (code !== undefined && code.length > 0) {
        codeHash = keccak256(code);
        codes.set(bytesToHex(codeHash), [codeHash, code]);
      }
      const storage = [...(account.storage ?? [])].map(([slot, value]): [Uint8Array, bigint] => [
        bigIntToBytes32(BigInt(slot)),
        BigInt(value),
      ]);
      return {
        address,
        account: { nonce, balance, codeHash, hasStorage: storage.some(([, value]) => value !== 0n) },
        storage,
      };
    });
    return { accounts, codes: [...codes.values()] };
  }
}
