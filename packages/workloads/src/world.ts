// A chain in preparation: contracts are created and users get what they need, by transactions that all must succeed.
import { bytesToBigInt } from "@braid/primitives";
import { createAccounts, createdAddress, type SigningAccount } from "./chain/accounts.ts";
import { CHAIN_ID } from "./chain/chain-spec.ts";
import { ETHER, genesisState } from "./chain/genesis.ts";
import { signTransaction } from "./chain/sign-transaction.ts";
import { StockChain } from "./chain/stock-chain.ts";
import type { AbiValue } from "./contracts/abi.ts";
import { Contract, creationOf, type Message } from "./contracts/contract.ts";

/** The most gas that a transaction may have (EIP-7825). */
export const MOST_GAS = 2n ** 24n;

export const UNLIMITED = 2n ** 256n - 1n;
/** Later than any block: for deadlines that are not meant to be missed. */
export const LATER = 2n ** 40n;

const MAX_FEE = 1_000n * 10n ** 9n;
const COINBASE = new Uint8Array(20).fill(0xcb);
/** Receivers of one transaction that hands out tokens. */
const RECEIVERS_AT_ONCE = 400;

export interface WorldOptions {
  seed: string;
  users: number;
  /** How many there are of whatever the families have several of: tokens, pools, markets, series, patients … */
  things: number;
  gasLimit: bigint;
}

interface Draft {
  sender: SigningAccount;
  nonce: bigint;
  to?: Uint8Array;
  data: Uint8Array;
  value: bigint;
}

export class World {
  readonly chain: StockChain;
  readonly seed: string;
  readonly things: number;
  /** Who deploys, and has the roles that contracts give to their creators. */
  readonly deployer: SigningAccount;
  readonly users: readonly SigningAccount[];
  #drafts: Draft[] = [];

  private constructor(chain: StockChain, { seed, users, things }: WorldOptions) {
    this.chain = chain;
    this.seed = seed;
    this.things = things;
    [this.deployer] = createAccounts(`${seed}/deployer`, 1) as [SigningAccount];
    this.users = createAccounts(seed, users);
  }

  static async create(options: WorldOptions): Promise<World> {
    const accounts = [
      ...createAccounts(`${options.seed}/deployer`, 1).map(
        ({ address }) => [address, 10n ** 9n * ETHER] as const,
      ),
      ...createAccounts(options.seed, options.users).map(
        ({ address }) => [address, 100_000n * ETHER] as const,
      ),
    ];
    return new World(await StockChain.create(genesisState(accounts), options.gasLimit), options);
  }

  /** Creates a contract, with the next `settle`; its address is known before. */
  create(name: string, ...args: AbiValue[]): Contract {
    const { deployer } = this;
    const address = createdAddress(deployer.address, deployer.nonce);
    this.#draft(deployer, { data: creationOf(name, args) });
    return new Contract(name, address);
  }

  /** Sends a message with the next `settle`, from the deployer if nobody else is named. */
  send(
    message: Message,
    { from = this.deployer, value = 0n }: { from?: SigningAccount; value?: bigint } = {},
  ): void {
    this.#draft(from, message, value);
  }

  /** A token of which the deployer and all users have a million. */
  createToken(name: string, contract = "Token"): Contract {
    const token = this.create(contract, `Braid ${name}`, name);
    const holders = [this.deployer, ...this.users].map(({ address }) => address);
    for (let i = 0; i < holders.length; i += RECEIVERS_AT_ONCE)
      this.send(token.call("issue", holders.slice(i, i + RECEIVERS_AT_ONCE), 1_000_000n * ETHER));
    return token;
  }

  /** The deployer and all users let `spender` take all they have of a token. */
  allow(token: Contract, spender: Contract): void {
    for (const from of [this.deployer, ...this.users])
      this.send(token.call("approve", spender.address, UNLIMITED), { from });
  }

  /** The same function for each index below `things`. */
  each<T>(make: (index: number) => T): T[] {
    return Array.from({ length: this.things }, (_, index) => make(index));
  }

  /** Mines what is to be sent. Throws when a transaction fails. */
  async settle(): Promise<void> {
    const { chain } = this;
    const drafts = this.#drafts;
    this.#drafts = [];
    // Where there is room for all that transactions may have, nobody needs to know what they use.
    const isRoomy = chain.head.gasLimit > 1_000n * MOST_GAS;
    const rehearsals = isRoomy
      ? []
      : await chain.rehearse(
          drafts.map((draft) => sign(draft, MOST_GAS)),
          { coinbase: COINBASE },
        );
    let block: Uint8Array[] = [];
    let gas = 0n;
    for (const [index, draft] of drafts.entries()) {
      const { error, gasUsed = MOST_GAS } = rehearsals[index] ?? {};
      if (error !== undefined) throw new Error(`transaction ${index} of the set-up fails: ${error}`);
      const limit = min((gasUsed * 3n) / 2n + 50_000n, MOST_GAS);
      if (gas + limit > chain.head.gasLimit) {
        await this.#mine(block);
        [block, gas] = [[], 0n];
      }
      block.push(sign(draft, limit));
      gas += limit;
    }
    if (block.length > 0) await this.#mine(block);
  }

  /** Lets blocks pass in which nothing happens. */
  async wait(blocks: number): Promise<void> {
    for (let i = 0; i < blocks; i++) await this.#mine([]);
  }

  /** The bytes that a view answers. */
  view(contract: Contract, name: string, ...args: AbiValue[]): Promise<Uint8Array> {
    return this.chain.view(contract.call(name, ...args));
  }

  /** The same as a number: for answers of one word. */
  async number(contract: Contract, name: string, ...args: AbiValue[]): Promise<bigint> {
    return bytesToBigInt(await this.view(contract, name, ...args));
  }

  /** A contract that another one has made, by the view that says where. */
  async find(name: string, by: Contract, view: string, ...args: AbiValue[]): Promise<Contract> {
    return new Contract(name, (await this.view(by, view, ...args)).slice(12, 32));
  }

  #draft(sender: SigningAccount, { to, data }: { to?: Uint8Array; data: Uint8Array }, value = 0n): void {
    this.#drafts.push({ sender, nonce: sender.nonce++, data, value, ...(to && { to }) });
  }

  async #mine(transactions: readonly Uint8Array[]): Promise<void> {
    const { outcomes } = await this.chain.mine(transactions, { coinbase: COINBASE });
    const failure = outcomes.findIndex(({ succeeded }) => !succeeded);
    if (failure >= 0)
      throw new Error(`transaction ${failure} of a set-up block failed: ${outcomes[failure]?.error}`);
  }
}

function sign({ sender, nonce, ...rest }: Draft, gasLimit: bigint): Uint8Array {
  return signTransaction(
    { type: 2, chainId: CHAIN_ID, maxFee: MAX_FEE, tip: 1n, gasLimit, ...rest },
    sender,
    nonce,
  );
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
