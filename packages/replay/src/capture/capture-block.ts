// One block from a node, as a bundle: how its state is had depends on what the node offers, which is found out by asking.

import type { BlockResult } from "@braid/executor";
import { bytesToHex, equalBytes } from "@braid/primitives";
import { encodeBlock, encodeHeader } from "@braid/protocol";
import { type RemoteNode, RpcError, RpcStateSource } from "@braid/remote";
import { type FlatPreState, MemoryStateSource, type StateSource } from "@braid/state";
import type { BlockExecutor } from "../block-runner.ts";
import type { Bundle, BundleState } from "../bundle.ts";
import { RecordingSource } from "../record-reads.ts";
import type { RemoteBlock } from "../remote-block.ts";
import { verifyBlock } from "../verify.ts";
import { completeWitness, TREATED_AS_ABSENT, type WitnessTask } from "./complete-witness.ts";
import { addByHash, emptyWitness, fetchExecutionWitness, type GrowingWitness } from "./execution-witness.ts";
import { PrestateSource } from "./prestate.ts";

/** How a block's state was had, the best way first. */
export type CaptureWay =
  /** debug_executionWitness. */
  | "execution witness"
  /** debug_traceBlockByHash with the prestateTracer, and what it leaves out. */
  | "prestate"
  /** Execution, with each read made when it is needed. */
  | "reads";

export interface CapturedBlock {
  bundle: Bundle;
  way: CaptureWay;
}

/** Captures blocks of one node, and remembers what it does not offer. */
export class BlockCapturer {
  readonly #node: RemoteNode;
  readonly #executor: BlockExecutor;
  readonly #witness: boolean;
  readonly #signal: AbortSignal | undefined;
  readonly #unsupported = new Set<CaptureWay>();

  constructor(
    node: RemoteNode,
    executor: BlockExecutor,
    options: { witness: boolean; signal?: AbortSignal | undefined },
  ) {
    this.#node = node;
    this.#executor = executor;
    this.#witness = options.witness;
    this.#signal = options.signal;
  }

  /**
   * The block with the state that it needs. That it reproduces its header is for the caller to see.
   *
   * @throws RpcError; MissingTrieNodeError with `witness`, when the node cannot show what a state root needs; what the executor throws
   *   for a block that it cannot execute on the state that the node tells.
   */
  async capture(remote: RemoteBlock): Promise<CapturedBlock> {
    const proven = await this.#try("execution witness", () => this.#fromWitness(remote));
    if (proven !== undefined) return { bundle: proven, way: "execution witness" };
    const source = new RpcStateSource(this.#node.client, remote.parent);
    const traced = await this.#try("prestate", () => this.#fromPrestate(remote, source));
    if (traced !== undefined) return { bundle: traced, way: "prestate" };
    return { bundle: await this.#fromFlat(remote, source, await this.#read(remote, source)), way: "reads" };
  }

  /** Undefined when the node cannot, or what it gives is not right; the next way may do then. */
  async #try(way: CaptureWay, capture: () => Promise<Bundle | undefined>): Promise<Bundle | undefined> {
    if (this.#unsupported.has(way)) return undefined;
    try {
      return await capture();
    } catch (error) {
      this.#signal?.throwIfAborted();
      if (error instanceof RpcError) {
        if (!OTHER_WAY.has(error.code)) throw error;
        if (error.code === "BRAID_RPC_UNSUPPORTED") this.#unsupported.add(way);
      }
      return undefined;
    }
  }

  async #fromWitness(remote: RemoteBlock): Promise<Bundle | undefined> {
    const { header } = remote.parent;
    if (header === undefined) return undefined;
    const witness = await fetchExecutionWitness(this.#node.client, remote.block);
    await completeWitness(this.#witnessTask(remote, header.stateRoot), witness);
    return bundleOf(remote, witnessState(header.stateRoot, witness), witness.blockHashes);
  }

  async #fromPrestate(remote: RemoteBlock, source: RpcStateSource): Promise<Bundle | undefined> {
    const prestate = await PrestateSource.trace(this.#node.client, remote.block, source);
    const read = await this.#read(remote, prestate);
    // A tracer may forget more than is known here.
    if (verifyBlock(remote.block, read.result).differences.length > 0) return undefined;
    return await this.#fromFlat(remote, source, read);
  }

  /** Executes the block on a source, and again on what was read, in order: what that reads is what the block needs. */
  async #read(remote: RemoteBlock, source: StateSource): Promise<FlatRead> {
    const { input, chain } = remote.block;
    const first = new RecordingSource(source);
    const common = { block: input, chain, ...(this.#signal === undefined ? {} : { signal: this.#signal }) };
    // The client has limits of its own, and knows more of why it waits.
    await this.#executor.executeBlock({ ...common, source: first, readTimeoutMs: Number.POSITIVE_INFINITY });
    const second = new RecordingSource(
      new MemoryStateSource(await first.preState(), new Map(first.blockHashes)),
    );
    const result = await this.#executor.executeBlock({ ...common, source: second, mode: "sequential" });
    return { pre: await second.preState(), blockHashes: second.blockHashes, result };
  }

  /** The bundle over what was read; with `witness`, over the proofs of it. */
  async #fromFlat(remote: RemoteBlock, source: RpcStateSource, read: FlatRead): Promise<Bundle> {
    if (!this.#witness) return bundleOf(remote, { kind: "flat", pre: read.pre }, read.blockHashes);
    const { header } = remote.parent;
    if (header === undefined) throw unprovable(this.#node, remote);
    const witness = emptyWitness();
    for (const [number, hash] of read.blockHashes) witness.blockHashes.set(number, hash);
    addByHash(
      witness.codes,
      read.pre.codes.map(([, code]) => code),
    );
    const proofs = await Promise.all(touched(read).map(({ address, slots }) => source.prove(address, slots)));
    for (const nodes of proofs) addByHash(witness.nodes, nodes);
    await completeWitness(this.#witnessTask(remote, header.stateRoot), witness);
    return bundleOf(remote, witnessState(header.stateRoot, witness), witness.blockHashes);
  }

  #witnessTask({ block, parent }: RemoteBlock, stateRoot: Uint8Array): WitnessTask {
    const { number, hash, input } = block;
    return {
      executor: this.#executor,
      block,
      stateRoot,
      before: new RpcStateSource(this.#node.client, parent),
      after: new RpcStateSource(this.#node.client, { number, hash, header: input.header }),
      ...(this.#signal === undefined ? {} : { signal: this.#signal }),
    };
  }
}

/** What an execution read, and its result. */
interface FlatRead {
  pre: FlatPreState;
  blockHashes: ReadonlyMap<bigint, Uint8Array>;
  result: BlockResult;
}

/** Errors after which another way may do. */
const OTHER_WAY: ReadonlySet<string> = new Set([
  "BRAID_RPC_UNSUPPORTED",
  "BRAID_RPC_UNAUTHORIZED",
  "BRAID_RPC_INVALID_PARAMS",
  "BRAID_RPC_ARCHIVE_NEEDED",
  "BRAID_RPC_UNKNOWN_BLOCK",
  "BRAID_RPC_FAILED",
  "BRAID_RPC_TIMEOUT",
  "BRAID_RPC_TOO_LARGE",
  "BRAID_RPC_BAD_ANSWER",
  "BRAID_RPC_WRONG_ANSWER",
]);

/** All accounts and slots that were read or changed. */
function touched({ pre, result }: FlatRead): { address: Uint8Array; slots: Uint8Array[] }[] {
  const found = new Map(
    pre.accounts.map(({ address, storage }) => [
      bytesToHex(address),
      { address, slots: new Map(storage.map(([slot]) => [bytesToHex(slot), slot])) },
    ]),
  );
  const { stateChanges } = result;
  for (let i = 0; i < stateChanges.accountCount; i++) {
    const address = stateChanges.addressAt(i);
    const key = bytesToHex(address);
    const account = found.get(key) ?? { address, slots: new Map() };
    found.set(key, account);
    for (let slot = stateChanges.slotsBegin(i); slot < stateChanges.slotsEnd(i); slot++) {
      const slotKey = stateChanges.slotKeyAt(slot);
      account.slots.set(bytesToHex(slotKey), slotKey);
    }
  }
  return [...found.values()].map(({ address, slots }) => ({ address, slots: [...slots.values()] }));
}

function witnessState(stateRoot: Uint8Array, { nodes, codes }: GrowingWitness): BundleState {
  return {
    kind: "witness",
    stateRoot,
    nodes: [...nodes.values()],
    codes: [...codes.values()],
    treatAsAbsent: TREATED_AS_ABSENT,
  };
}

function bundleOf(
  { block, parent }: RemoteBlock,
  state: BundleState,
  blockHashes: ReadonlyMap<bigint, Uint8Array>,
): Bundle {
  const ancestors = [...blockHashes].filter(([, hash]) => !equalBytes(hash, parent.hash));
  return {
    chain: block.chain.spec,
    blocks: [encodeBlock(block.input)],
    state,
    blockHashes: new Map(ancestors),
    ...(parent.header === undefined ? {} : { parentHeader: encodeHeader(parent.header) }),
  };
}

function unprovable({ client }: RemoteNode, { block }: RemoteBlock): RpcError {
  return new RpcError(
    "BRAID_RPC_UNKNOWN_BLOCK",
    `${client.host} does not have the parent of block ${block.number}, without which nothing can be proven. Capture without --witness, or use another node.`,
    { host: client.host, block: block.number.toString() },
  );
}
