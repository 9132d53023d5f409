// A chain that goes on from a block of another node: what that node is asked for, and what is kept of its answers.

import { equalBytes, type JsonObject, jsonBytes, jsonObject, jsonQuantity } from "@braid/primitives";
import { type Chain, decodeRpcHeader, type Header, InvalidBlockError, type RpcHeader } from "@braid/protocol";
import {
  type AnswerCache,
  hexOf,
  type RemoteCodes,
  RpcClient,
  RpcError,
  RpcStateSource,
} from "@braid/remote";
import type { StateSource } from "@braid/state";
import { forkedChain, isPublicChain, knownChain, type RuleOptions } from "./fork-rules.ts";

/** Which node's chain goes on here, and how that node is asked. */
export interface ForkOptions {
  /** http:// or https://; a key in it is never shown or kept. */
  url: string;
  /** Default: the other node's newest block. */
  blockNumber?: bigint;
  /** Sent with each request; never shown or kept. */
  headers?: Readonly<Record<string, string>>;
  /**
   * Keeps what the other node answers, so that it is not asked twice: a folder, which needs the npm package lmdb, or one that is open, which stays
   * open. Only of public chains: what a development chain has at a block may change. Default: none.
   */
  cache?: string | AnswerCache;
  /** The other node's chain, when it is not to be asked for it. */
  chainId?: number;
  /** For one request, in milliseconds; default 60,000. */
  timeoutMs?: number;
  /** How often a call is made before it has failed, when the reason may pass; default 5. */
  attempts?: number;
  /** The wait before the second attempt, in milliseconds; it doubles from one to the next; default 250. */
  backoffMs?: number;
}

/** What forks that follow one another share. */
export interface SharedByForks {
  cache: AnswerCache | undefined;
  codes: RemoteCodes;
  /** Ends all requests. */
  signal: AbortSignal;
}

const DEFAULT_ATTEMPTS = 5;

/** The block after which the chains part. */
export interface ForkedBlock {
  number: bigint;
  /** 32 bytes. */
  hash: Uint8Array;
  header: Header;
}

export class Fork {
  /** The rules here. */
  readonly chain: Chain;
  readonly block: ForkedBlock;
  /** The other node's chain. */
  readonly remoteId: bigint;
  /** The state after the block. */
  readonly source: StateSource;
  readonly #client: RpcClient;
  readonly #cache: AnswerCache | undefined;

  private constructor(
    client: RpcClient,
    { chain, block, remoteId }: Pick<Fork, "chain" | "block" | "remoteId">,
    { cache, codes }: SharedByForks,
  ) {
    this.chain = chain;
    this.block = block;
    this.remoteId = remoteId;
    this.#client = client;
    this.#cache = isPublicChain(remoteId) ? cache : undefined;
    this.source = new RpcStateSource(client, block, this.#cache, codes);
  }

  /**
   * Asks the other node for its chain and the block.
   *
   * @throws RpcError of @braid/remote: the node does not answer, does not have the block, or has blocks that are none of Ethereum's;
   *   ForkOptionsError.
   */
  static async open(options: ForkOptions, rules: RuleOptions, shared: SharedByForks): Promise<Fork> {
    const { url, headers, blockNumber, chainId, timeoutMs, attempts = DEFAULT_ATTEMPTS, backoffMs } = options;
    const client = new RpcClient(url, {
      attempts,
      signal: shared.signal,
      ...(headers === undefined ? {} : { headers }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(backoffMs === undefined ? {} : { backoffMs }),
    });
    const [remoteId, json] = await Promise.all([
      chainId === undefined
        ? client.call("eth_chainId", [], (answer) => jsonQuantity(answer, "the chain's id", 64n))
        : BigInt(chainId),
      fetchBlock(client, blockNumber),
    ]);
    const chain = forkedChain(remoteId, json, rules);
    const block = readBlock(client, json, rules.chain ?? knownChain(remoteId) ?? chain);
    if (blockNumber !== undefined && block.number !== blockNumber)
      throw wrongBlock(
        client,
        `answers with block ${block.number} when it is asked for block ${blockNumber}`,
      );
    return new Fork(client, { chain, block, remoteId }, shared);
  }

  /** The other node's host and port: all of its URL that may be shown. */
  get host(): string {
    return this.#client.host;
  }

  /** Does the chain that Braid knows by the other node's id go on here? */
  get isKnownChain(): boolean {
    return knownChain(this.remoteId) !== undefined;
  }

  /**
   * What the other node answers about the past, in its own words; kept, for what was stays as it was.
   *
   * @throws RpcError of @braid/remote.
   */
  async ask(method: string, params: readonly unknown[]): Promise<unknown> {
    const { hash } = this.block;
    const question = `${method} ${JSON.stringify(params)}`;
    const known = this.#cache?.get(hash, question);
    if (known !== undefined) return known;
    return this.#client.call(method, params, (answer) => {
      // What is not there may come yet.
      if (answer !== null && answer !== undefined) this.#cache?.put(hash, question, answer);
      return answer;
    });
  }

  /**
   * Asks another node from now on, which must have the same block.
   *
   * @throws RpcError of @braid/remote.
   */
  async redirect(url: string): Promise<void> {
    const probe = new RpcClient(url, { attempts: DEFAULT_ATTEMPTS });
    const json = await fetchBlock(probe, this.block.number);
    if (!equalBytes(jsonBytes(json.hash, "block.hash", 32), this.block.hash))
      throw wrongBlock(
        probe,
        `has another block ${this.block.number} than the one that this chain goes on from`,
      );
    this.#client.redirect(url);
  }
}

async function fetchBlock(client: RpcClient, number: bigint | undefined): Promise<JsonObject> {
  const tag = number === undefined ? "latest" : hexOf(number);
  return client.call("eth_getBlockByNumber", [tag, false], (answer) => {
    if (answer === null)
      throw new RpcError(
        "BRAID_RPC_UNKNOWN_BLOCK",
        `${client.host} does not have block ${number}. Check the number, and that the node is in sync.`,
        { host: client.host },
      );
    return jsonObject(answer, "block");
  });
}

/** The block's header, held against its hash. */
function readBlock(client: RpcClient, json: JsonObject, chain: Chain): ForkedBlock {
  const hash = jsonBytes(json.hash, "block.hash", 32);
  try {
    const header = decodeRpcHeader(json as object as RpcHeader, chain);
    return { number: header.number, hash, header };
  } catch (error) {
    if (!(error instanceof InvalidBlockError)) throw error;
    throw wrongBlock(
      client,
      `has a block whose header is none of Ethereum's: ${error.message.replace(/\.$/, "")}`,
    );
  }
}

function wrongBlock(client: RpcClient, what: string): RpcError {
  return new RpcError("BRAID_RPC_WRONG_ANSWER", `${client.host} ${what}. Use another node.`, {
    host: client.host,
  });
}
