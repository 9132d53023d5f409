// The node in the same process, without a server: an EIP-1193 provider, and typed methods for what a program does most.

import { EventEmitter } from "node:events";
import type { RpcConnection, RpcHandler } from "@braid/rpc";
import { openNode } from "./create-node.ts";
import type { Node } from "./node.ts";
import type { NodeOptions } from "./options.ts";
import { GETH_DIALECT } from "./rpc/dialect.ts";
import { Filters } from "./rpc/filters.ts";
import { hardhatDialect } from "./rpc/hardhat/dialect.ts";
import { type Dialect, MethodTable } from "./rpc/method.ts";
import { Subscriptions } from "./rpc/subscriptions.ts";
import type { RpcCall, RpcMethodName, RpcResult } from "./schema/rpc-schema.ts";

/** EIP-1193. viem takes it as `custom(braid)`, ethers as `new BrowserProvider(braid)`. */
export class BraidProvider extends EventEmitter implements AsyncDisposable {
  readonly node: Node;
  /** The same methods for a server. */
  readonly handler: RpcHandler;
  readonly #methods: MethodTable;
  readonly #filters: Filters;
  readonly #subscriptions: Subscriptions;
  readonly #end = new AbortController();
  readonly #connection: RpcConnection;

  constructor(node: Node, dialect: Dialect = GETH_DIALECT) {
    super();
    this.node = node;
    this.#filters = new Filters(node);
    this.#subscriptions = new Subscriptions(node);
    const shared = { node, filters: this.#filters, subscriptions: this.#subscriptions };
    this.#methods = new MethodTable(dialect, shared);
    this.handler = this.#methods;
    this.#connection = {
      closed: this.#end.signal,
      notify: (method, data) => this.emit("message", { type: method, data }),
    };
  }

  /** Rejects with RpcError: `code`, `message`, and `data` where there is any. */
  request<Name extends RpcMethodName>(call: RpcCall<Name>): Promise<RpcResult<Name>>;
  /** A method whose name is only known when the program runs. */
  request(call: { method: string; params?: unknown }): Promise<unknown>;
  async request(call: { method: string; params?: unknown }): Promise<unknown> {
    return this.answer(call);
  }

  /** As `request`, at once where the method does not wait for anything: then it throws what `request` rejects with. */
  answer({ method, params }: { method: string; params?: unknown }): unknown {
    return this.#methods.answer(method, params, { connection: this.#connection, signal: this.#end.signal });
  }

  /** Ends mining, threads and store. */
  async close(): Promise<void> {
    this.#end.abort();
    this.#filters.close();
    this.#subscriptions.close();
    await this.node.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Opens a node in this process; rejects as openNode. */
export async function createNode(options: NodeOptions = {}): Promise<BraidProvider> {
  const { hardhat } = options;
  return new BraidProvider(await openNode(options), hardhat && hardhatDialect(hardhat));
}
