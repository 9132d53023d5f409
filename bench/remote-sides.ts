// Who executes a block on a state that is far away: Braid in four ways, ethereumjs's RPCStateManager, and anvil.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Executor } from "@braid/executor";
import { bytesToHex } from "@braid/primitives";
import type { BlockAccessList } from "@braid/protocol";
import { RpcClient, RpcStateSource } from "@braid/remote";
import { type LoadedBlock, loadBlockFile, openParentState, verifyBlock } from "@braid/replay";
import type { StateSource } from "@braid/state";
import { runRemote } from "@braid/stock/run-remote";
import { anvilBinary, freePort } from "@braid/testing/anvil";
import type { RemoteRun, RemoteWay } from "./measurements.ts";
import type { DelayedNode } from "./remote-node.ts";

export class RemoteSides {
  readonly block: LoadedBlock;
  /** Accounts and slots that the block needs. */
  readonly needed: number;
  readonly #executor: Executor;
  readonly #accessList: BlockAccessList;

  private constructor(block: LoadedBlock, executor: Executor, accessList: BlockAccessList) {
    this.block = block;
    this.#executor = executor;
    this.#accessList = accessList;
    this.needed = accessList.reduce(
      (count, { storageChanges, storageReads }) => count + 1 + storageChanges.length + storageReads.length,
      0,
    );
  }

  /** Runs the block on the state of its file: Braid's side is warm but for the state. */
  static async open(path: string): Promise<RemoteSides> {
    const file = await loadBlockFile(path);
    const [block] = file.blocks;
    if (block === undefined) throw new RangeError("the file holds no block");
    const { source } = openParentState(file).open();
    const executor = new Executor();
    const common = { block: block.input, chain: block.chain, source };
    const { accessList } = await executor.executeBlock({ ...common, mode: "sequential" });
    await executor.executeBlock(common);
    return new RemoteSides(block, executor, accessList);
  }

  /** anvil takes no blob transaction without its blobs. */
  get hasBlobs(): boolean {
    return this.block.input.transactions.some(([type]) => type === 3);
  }

  async run(way: RemoteWay, node: DelayedNode): Promise<RemoteRun> {
    if (way === "anvil") return this.#onAnvil(node);
    await node.traffic();
    const run =
      way === "RPCStateManager" ? { ms: await this.#onStock(node.url) } : await this.#onBraid(way, node.url);
    return { ...run, ...(await node.traffic()) };
  }

  close(): Promise<void> {
    return this.#executor.close();
  }

  async #onBraid(way: RemoteWay, url: string): Promise<{ ms: number; reexecutions: number }> {
    const { input, chain, number } = this.block;
    const isOneByOne = way === "one by one";
    const client = new RpcClient(url, isOneByOne ? { concurrency: 1, batch: 1 } : {});
    const source = new RpcStateSource(client, { number: number - 1n, hash: input.header.parentHash });
    const begin = performance.now();
    const result = await this.#executor.executeBlock({
      block: input,
      chain,
      // A source with `getMany` would be asked for many keys at once.
      source: isOneByOne ? readByRead(source) : source,
      mode: isOneByOne ? "sequential" : "parallel",
      hints: isOneByOne ? false : { learned: way === "learned hints" },
      readTimeoutMs: Number.POSITIVE_INFINITY,
      ...(way === "access list" ? { accessList: this.#accessList } : {}),
    });
    const ms = performance.now() - begin;
    if (verifyBlock(this.block, result).differences.length > 0) throw new Error("Braid's result is wrong");
    return { ms, reexecutions: result.statistics.reexecutions };
  }

  async #onStock(url: string): Promise<number> {
    const { input, chain, fork } = this.block;
    const begin = performance.now();
    const { gasUsed } = await runRemote(url, { chain, fork, input });
    const ms = performance.now() - begin;
    if (gasUsed !== input.header.gasUsed)
      console.error(`RPCStateManager uses ${gasUsed} gas, and the header says ${input.header.gasUsed}.`);
    return ms;
  }

  /**
   * `anvil --fork-url` at the parent, with the block's transactions in its pool, mines one block. Its time begins when the pool has them: by then it has read
   * their senders, which its side gets for nothing.
   */
  async #onAnvil(node: DelayedNode): Promise<RemoteRun> {
    const port = await freePort();
    const { fork, number, input } = this.block;
    const { header, transactions } = input;
    const anvil = spawn(
      anvilBinary(),
      [
        ...["--fork-url", node.url, "--fork-block-number", String(number - 1n), "--port", String(port)],
        ...["--no-rate-limit", "--no-storage-caching", "--no-mining", "--order", "fifo", "--quiet"],
        ...["--hardfork", fork.toLowerCase(), "--gas-limit", String(header.gasLimit)],
      ],
      { stdio: ["ignore", "ignore", "inherit"] },
    );
    const ended = once(anvil, "exit");
    const ask = async (method: string, params: unknown[]): Promise<unknown> => {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
      const headers = { "content-type": "application/json" };
      const response = await fetch(`http://127.0.0.1:${port}`, { method: "POST", headers, body });
      const answer = (await response.json()) as { result?: unknown; error?: { message: string } };
      if (answer.error !== undefined) throw new Error(`anvil, ${method}: ${answer.error.message}`);
      return answer.result;
    };
    try {
      while (!(await ask("eth_blockNumber", []).then(Boolean, () => false))) {
        if (anvil.exitCode !== null) throw new Error(`anvil ended with code ${anvil.exitCode}`);
        await sleep(20);
      }
      await ask("anvil_setCoinbase", [bytesToHex(header.coinbase)]);
      await ask("evm_setNextBlockTimestamp", [Number(header.timestamp)]);
      if (header.baseFeePerGas !== undefined)
        await ask("anvil_setNextBlockBaseFeePerGas", [`0x${header.baseFeePerGas.toString(16)}`]);
      for (const raw of transactions) await ask("eth_sendRawTransaction", [bytesToHex(raw)]);
      await node.traffic();
      const begin = performance.now();
      await ask("evm_mine", []);
      const ms = performance.now() - begin;
      const mined = (await ask("eth_getBlockByNumber", ["latest", false])) as {
        gasUsed: string;
        transactions: unknown[];
      };
      console.error(
        `anvil has mined ${mined.transactions.length} of ${transactions.length} transactions, ${BigInt(mined.gasUsed)} of ${header.gasUsed} gas.`,
      );
      return { ms, ...(await node.traffic()) };
    } finally {
      anvil.kill();
      await ended;
    }
  }
}

function readByRead(source: RpcStateSource): StateSource {
  return {
    getAccount: (address) => source.getAccount(address),
    getStorage: (address, slot) => source.getStorage(address, slot),
    getCode: (hash) => source.getCode(hash),
    getBlockHash: (ancestor) => source.getBlockHash(ancestor),
  };
}
