// A deployed contract as tests use it: call, read, and look at events by name.
import {
  type Abi,
  type Address,
  decodeFunctionResult,
  encodeFunctionData,
  type Hex,
  parseEventLogs,
} from "viem";
import type { Receipt, TestChain } from "./test-chain.ts";

export class TestContract {
  readonly chain: TestChain;
  readonly address: Address;
  readonly abi: Abi;

  constructor(chain: TestChain, address: Address, abi: Abi) {
    this.chain = chain;
    this.address = address;
    this.abi = abi;
  }

  /** Sends a transaction that calls `name`. Throws a Reverted. */
  send(from: Address, name: string, ...args: unknown[]): Promise<Receipt> {
    return this.pay(from, 0n, name, ...args);
  }

  /** The same with ether, in wei. */
  pay(from: Address, value: bigint, name: string, ...args: unknown[]): Promise<Receipt> {
    return this.chain.send({ from, to: this.address, data: this.data(name, ...args), value }, this.abi);
  }

  /** The answer of a view, of the type that the caller says: a word if not said otherwise, a tuple for several results. */
  read<T = bigint>(name: string, ...args: unknown[]): Promise<T> {
    return this.simulate<T>(this.chain.account(0), name, ...args);
  }

  /** What a transaction of `from` would answer now. Throws a Reverted. */
  async simulate<T = bigint>(from: Address, name: string, ...args: unknown[]): Promise<T> {
    const data = await this.chain.call({ from, to: this.address, data: this.data(name, ...args) }, this.abi);
    return decodeFunctionResult({ abi: this.abi, functionName: name, data }) as T;
  }

  /** Call data. */
  data(name: string, ...args: unknown[]): Hex {
    return encodeFunctionData({ abi: this.abi, functionName: name, args });
  }

  /** The arguments of this contract's events of that name, in order. */
  events(receipt: Receipt, name: string): Record<string, unknown>[] {
    const logs = receipt.logs.filter(({ address }) => address.toLowerCase() === this.address.toLowerCase());
    return parseEventLogs({ abi: this.abi, eventName: name, logs: logs as never }).map(
      ({ args }) => args as unknown as Record<string, unknown>,
    );
  }
}
