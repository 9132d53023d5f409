// One connection to a network that Braid answers: a chain of its own.

import { type BraidProvider, createNode, FailedExecutionError, type NodeOptions } from "@braid/node";
import { atOnce, BaseError, type Steps, wait } from "@braid/primitives";
import { RpcError } from "@braid/rpc";
import type { EdrNetworkConfig, EdrNetworkForkingConfig } from "hardhat/types/config";
import type { HookContext } from "hardhat/types/hooks";
import type { ChainType, NetworkConnection } from "hardhat/types/network";
import type { JsonRpcRequest, JsonRpcResponse } from "hardhat/types/providers";
import { ContractNames } from "./contract-names.ts";
import { Defaults } from "./defaults.ts";
import { type OpenFork, openFork } from "./fork.ts";
import { type BraidNetworkConfig, nodeOptions, refusal } from "./node-options.ts";
import { Observer } from "./observer.ts";
import { activeRecorder } from "./parallelism/recorder.ts";
import { RequestLog } from "./request-log.ts";
import { type AskEdr, Stage } from "./stage.ts";

/** What Braid's node sends of a subscription. */
interface SubscriptionMessage {
  type: string;
  data: { subscription: string; result: unknown };
}

export class BraidConnection {
  readonly #braid: BraidProvider;
  readonly #defaults: Defaults;
  readonly #observer: Observer;
  readonly #log: RequestLog;
  readonly #fork: OpenFork | undefined;

  private constructor(
    braid: BraidProvider,
    config: Readonly<EdrNetworkConfig>,
    observer: Observer,
    requests: RequestLog,
    fork: OpenFork | undefined,
  ) {
    this.#braid = braid;
    this.#log = requests;
    this.#fork = fork;
    this.#observer = observer;
    const hasBaseFee = braid.node.next.baseFee !== undefined;
    this.#defaults = new Defaults(config, (method, params) => this.#perform(method, params), hasBaseFee);
  }

  /** Throws HardhatPluginError for a configuration that Braid cannot run. */
  static async open<Type extends ChainType | string>(
    context: HookContext,
    connection: NetworkConnection<Type>,
    madeAt: number | undefined,
    askEdr: AskEdr,
  ): Promise<BraidConnection> {
    const { networkName, chainType } = connection;
    const networkConfig = await withCoverage(context, connection.networkConfig as BraidNetworkConfig);
    const options = await nodeOptions({ networkName, networkConfig, chainType, madeAt });
    const { braid, fork } = await begin(networkName, options, networkConfig.braid.forking);
    activeRecorder()?.watch(braid.node);
    braid.on("message", ({ type, data }: SubscriptionMessage) => {
      connection.provider.emit("notification", data);
      connection.provider.emit("message", { type, data });
    });
    const stage = new Stage(askEdr, networkConfig.allowBlocksWithSameTimestamp);
    const observer = await Observer.create(context, braid, options.hardhat ?? {}, stage);
    const names = new ContractNames(braid, context.artifacts);
    const requests = new RequestLog(braid, names, networkConfig.braid.loggingEnabled);
    return new BraidConnection(braid, networkConfig, observer, requests, fork);
  }

  /**
   * Rejects with what Hardhat's own network rejects with when an execution fails. PERF: as few promises as can be: under node:test, which follows each
   * of them until it is collected, they are a quarter of what a test run costs.
   */
  answer(request: JsonRpcRequest): JsonRpcResponse | Promise<JsonRpcResponse> {
    return atOnce(this.#answer(request));
  }

  *#answer({ id, method, params = [] }: JsonRpcRequest): Steps<JsonRpcResponse> {
    try {
      const given = Array.isArray(params) ? yield* this.#defaults.fill(method, params) : params;
      return { jsonrpc: "2.0", id, result: yield* this.#perform(method, given) };
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      const { code, message, data = null } = error;
      return { jsonrpc: "2.0", id, error: { code, message, data } };
    }
  }

  async close(): Promise<void> {
    this.#observer.close();
    await this.#braid.close();
    await this.#fork?.close();
  }

  *#perform(method: string, params: unknown): Steps<unknown> {
    this.#observer.requested(params);
    try {
      const result = yield* this.#log.around(method, params, () =>
        wait(this.#braid.answer({ method, params })),
      );
      const looking = this.#observer.succeeded(method, params);
      if (looking !== undefined) yield* wait(looking);
      return result;
    } catch (error) {
      if (!(error instanceof FailedExecutionError)) throw error;
      throw yield* wait(this.#observer.failed(method, params, error));
    }
  }
}

/** Opens the node, and what it goes on from. Throws HardhatPluginError for what the other node does not do. */
async function begin(
  networkName: string,
  options: NodeOptions,
  forking: EdrNetworkForkingConfig | undefined,
): Promise<{ braid: BraidProvider; fork: OpenFork | undefined }> {
  let fork: OpenFork | undefined;
  try {
    fork = await openFork(forking);
    return {
      braid: await createNode(fork === undefined ? options : { ...options, fork: fork.options }),
      fork,
    };
  } catch (error) {
    await fork?.close();
    throw error instanceof BaseError ? refusal(networkName, error.message, error) : error;
  }
}

/** With coverage on, code is larger and takes more gas; what the user has set stays. */
async function withCoverage(context: HookContext, config: BraidNetworkConfig): Promise<BraidNetworkConfig> {
  if (!(await context.hooks.hasHandlers("network", "onCoverageData"))) return config;
  const { allowUnlimitedContractSize = true, blockGasLimit = false, transactionGasCap = false } = config;
  return { ...config, allowUnlimitedContractSize, blockGasLimit, transactionGasCap };
}
