// A chain for the contracts' tests: Hardhat's network, spoken to by plain JSON-RPC, so that the same tests run on any network that
// a Hardhat configuration names.
import type { NetworkHelpers } from "@nomicfoundation/hardhat-network-helpers/types";
import { artifacts, network } from "hardhat";
import type { EthereumProvider } from "hardhat/types/providers";
import {
  type Abi,
  type Address,
  encodeDeployData,
  getAddress,
  type Hex,
  keccak256,
  numberToHex,
  slice,
  toHex,
} from "viem";
import { asReverted } from "./reverted.ts";
import { TestContract } from "./test-contract.ts";

/** Enough for every call here, below the cap of EIP-7825. A fixed limit saves an estimation a transaction. */
const GAS_LIMIT = 16_000_000n;

export interface Transaction {
  from: Address;
  to?: Address;
  data?: Hex;
  value?: bigint;
}

interface Log {
  address: Address;
  topics: [Hex, ...Hex[]];
  data: Hex;
}

export interface Receipt {
  from: Address;
  status: Hex;
  contractAddress: Address | null;
  blockNumber: Hex;
  gasUsed: Hex;
  effectiveGasPrice: Hex;
  logs: Log[];
}

export class TestChain {
  readonly provider: EthereumProvider;
  readonly helpers: NetworkHelpers;
  /** Funded accounts that the network signs for. */
  readonly accounts: readonly Address[];

  private constructor(provider: EthereumProvider, helpers: NetworkHelpers, accounts: readonly Address[]) {
    this.provider = provider;
    this.helpers = helpers;
    this.accounts = accounts;
  }

  /** A chain of its own; a test file takes one and lets `fixture` bring it back to where it was. */
  static async create(): Promise<TestChain> {
    const { provider, networkHelpers } = await network.create();
    const accounts = (await provider.request({ method: "eth_accounts" })) as Hex[];
    return new TestChain(
      provider,
      networkHelpers,
      accounts.map((account) => getAddress(account)),
    );
  }

  /** Runs `prepare` once and brings the chain back to its end each time it is called. */
  fixture<T>(prepare: () => Promise<T>): () => Promise<T> {
    // The helper takes only functions that have a name: it knows a fixture by its function.
    const fixture = () => prepare();
    return () => this.helpers.loadFixture(fixture);
  }

  account(index: number): Address {
    const account = this.accounts[index];
    if (account === undefined) throw new RangeError(`the network has ${this.accounts.length} accounts`);
    return account;
  }

  /** Further accounts, always the same ones: the network sends for them, and they have ether. */
  async newcomers(count: number, isWanted: (account: Address) => boolean = () => true): Promise<Address[]> {
    const found: Address[] = [];
    for (let i = 0; found.length < count; i++) {
      const account = getAddress(slice(keccak256(toHex(`newcomer ${i}`)), 0, 20));
      if (!isWanted(account)) continue;
      await this.helpers.impersonateAccount(account);
      await this.helpers.setBalance(account, 10_000n * 10n ** 18n);
      found.push(account);
    }
    return found;
  }

  /** Deploys a contract of contracts/src from account 0. */
  async deploy(
    name: string,
    args: readonly unknown[] = [],
    options: { from?: Address; value?: bigint } = {},
  ): Promise<TestContract> {
    const { abi, bytecode } = await artifacts.readArtifact(name);
    const data = encodeDeployData({ abi: abi as Abi, bytecode: bytecode as Hex, args });
    const from = options.from ?? this.account(0);
    const { contractAddress } = await this.send({ ...options, from, data }, abi as Abi);
    if (contractAddress === null) throw new Error(`the network gives no address for ${name}`);
    return new TestContract(this, getAddress(contractAddress), abi as Abi);
  }

  /** A contract that is there already, such as one that a factory made. */
  async at(name: string, address: Address): Promise<TestContract> {
    const { abi } = await artifacts.readArtifact(name);
    return new TestContract(this, address, abi as Abi);
  }

  /** Sends a transaction and waits for its receipt. Throws a Reverted when it failed. */
  async send(transaction: Transaction, abi: Abi = []): Promise<Receipt> {
    const request = { ...this.encode(transaction), gas: numberToHex(GAS_LIMIT) };
    try {
      const hash = await this.provider.request({ method: "eth_sendTransaction", params: [request] });
      const receipt = (await this.provider.request({
        method: "eth_getTransactionReceipt",
        params: [hash],
      })) as Receipt | null;
      if (receipt === null) throw new Error(`${hash} was not mined at once`);
      // Some networks give a receipt where others refuse: what a call answers is the same.
      if (receipt.status === "0x0") await this.call(transaction, abi);
      return receipt;
    } catch (error) {
      throw asReverted(error, abi);
    }
  }

  /** What a call answers now. Throws a Reverted. */
  async call(transaction: Transaction, abi: Abi = []): Promise<Hex> {
    try {
      return (await this.provider.request({
        method: "eth_call",
        params: [this.encode(transaction), "latest"],
      })) as Hex;
    } catch (error) {
      throw asReverted(error, abi);
    }
  }

  /** In wei. */
  async balance(address: Address): Promise<bigint> {
    return BigInt(
      (await this.provider.request({ method: "eth_getBalance", params: [address, "latest"] })) as Hex,
    );
  }

  /** What the contract keeps in a slot. */
  async storage(address: Address, slot: bigint): Promise<bigint> {
    const params = [address, numberToHex(slot), "latest"];
    return BigInt((await this.provider.request({ method: "eth_getStorageAt", params })) as Hex);
  }

  private encode({ from, to, data, value }: Transaction): Record<string, string> {
    return { from, ...(to && { to }), ...(data && { data }), ...(value && { value: numberToHex(value) }) };
  }
}
