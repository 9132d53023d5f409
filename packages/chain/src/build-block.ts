// Building a block on any block of the tree: what its parent and the fork's rules determine, what the builder chooses, and what execution gives.

import type { BuiltBlock, ExecuteBlockInput, Executor } from "@braid/executor";
import type { Steps } from "@braid/primitives";
import {
  accessListHash,
  type Block,
  type Chain,
  createHeader,
  ethashDifficulty,
  type Header,
  hashHeader,
  nextBaseFee,
  nextExcessBlobGas,
  transactionsRoot,
  type Withdrawal,
  withdrawalsRoot,
} from "@braid/protocol";
import type { PreparedState, StateStore } from "@braid/state";
import type { StoredBlock } from "./stored-block.ts";

/** What the builder of a block chooses. */
export interface BlockAttributes {
  /** Seconds. */
  timestamp: bigint;
  /** 20 bytes. */
  coinbase: Uint8Array;
  /** 32 bytes; from the Merge on what PREVRANDAO gives. */
  prevRandao?: Uint8Array;
  /** 8 bytes, default zero; until the Merge. */
  nonce?: Uint8Array;
  /** Default: the parent's. */
  gasLimit?: bigint;
  /** At most 32 bytes. */
  extraData?: Uint8Array;
  /** Default: none. Shanghai and later. */
  withdrawals?: readonly Withdrawal[];
  /** 32 bytes, default zero. Cancun and later. */
  parentBeaconBlockRoot?: Uint8Array;
  /** Amsterdam and later. */
  slotNumber?: bigint;
  /** Default: what EIP-1559 makes of the parent's. Wei per gas. */
  baseFeePerGas?: bigint;
  /** Default: what EIP-4844 makes of the parent's. */
  excessBlobGas?: bigint;
}

/** A block that was built and is in no tree yet. */
export interface BuiltChild {
  block: Block;
  hash: Uint8Array;
  result: BuiltBlock;
  /** The state that it was executed on, as the store knows it. */
  state: Uint8Array;
  /** The state after it. */
  after: PreparedState;
  /** Of its transactions, where they are known. */
  transactionHashes?: readonly Uint8Array[] | undefined;
}

/** How a block is built; never what comes out. */
export type BuildOptions = Pick<
  ExecuteBlockInput,
  "mode" | "workers" | "force" | "hints" | "senders" | "contractSenders" | "signal"
>;

/** A block of an empty range does not go by the hash of its header. */
type Parent = Pick<StoredBlock, "header" | "hash">;

interface BuildInput {
  chain: Chain;
  store: StateStore;
  executor: Pick<Executor, "buildSteps">;
  parent: Parent;
  /** The state that the block is executed on, as the store knows it. */
  state: Uint8Array;
  attributes: BlockAttributes;
  /** EIP-2718 encodings, blob transactions without their blobs. */
  candidates: readonly Uint8Array[];
  /** Theirs, where they are known. */
  hashes: readonly Uint8Array[] | undefined;
  options: BuildOptions;
}

/** The header of a block without transactions on `parent`. */
export function draftHeader(
  chain: Chain,
  { header: parent, hash }: Parent,
  attributes: BlockAttributes,
): Header {
  const { timestamp, coinbase, prevRandao, extraData, parentBeaconBlockRoot, slotNumber } = attributes;
  const position = { number: parent.number + 1n, timestamp };
  const rules = chain.rulesAt(position);
  const { gasLimit = parent.gasLimit, withdrawals = [] } = attributes;
  return createHeader(
    {
      ...position,
      parentHash: hash,
      coinbase,
      gasLimit,
      ...(extraData === undefined ? {} : { extraData }),
      ...(rules.proofOfWork
        ? {
            difficulty: ethashDifficulty(position, parent, rules),
            ...(attributes.nonce === undefined ? {} : { nonce: attributes.nonce }),
          }
        : prevRandao === undefined
          ? {}
          : { mixHash: prevRandao }),
      ...(rules.eip1559 ? { baseFeePerGas: attributes.baseFeePerGas ?? nextBaseFee(parent) } : {}),
      ...(rules.eip4895 ? { withdrawalsRoot: withdrawalsRoot(withdrawals) } : {}),
      ...(rules.eip4844
        ? { excessBlobGas: attributes.excessBlobGas ?? nextExcessBlobGas(parent, rules) }
        : {}),
      ...(rules.eip4788 && parentBeaconBlockRoot !== undefined ? { parentBeaconBlockRoot } : {}),
      ...(rules.eip7843 && slotNumber !== undefined ? { slotNumber } : {}),
    },
    rules,
  );
}

/** Builds a block of the candidates that can be part of it. */
export function* buildChild(input: BuildInput): Steps<BuiltChild> {
  const { chain, store, executor, parent, state, attributes, candidates, hashes, options } = input;
  const draft = draftHeader(chain, parent, attributes);
  const withdrawals =
    draft.withdrawalsRoot === undefined ? {} : { withdrawals: attributes.withdrawals ?? [] };
  const result = yield* executor.buildSteps({
    ...options,
    block: { header: draft, transactions: candidates, uncles: [], ...withdrawals },
    chain,
    source: store.stateAt(state),
    intermediateRoots: (changes) => store.prepare(state, changes).root,
  });
  const after = store.prepare(state, result.stateChanges);
  const { included } = result;
  const transactions = included.map((i) => candidates[i] as Uint8Array);
  const header: Header = {
    ...draft,
    gasUsed: result.gasUsed,
    logsBloom: result.logsBloom,
    transactionsRoot: transactionsRoot(transactions),
    stateRoot: after.root,
    ...(result.receiptsRoot === undefined ? {} : { receiptsRoot: result.receiptsRoot }),
    ...(draft.blobGasUsed === undefined ? {} : { blobGasUsed: result.blobGasUsed }),
    ...(result.requestsHash === undefined ? {} : { requestsHash: result.requestsHash }),
    ...(draft.blockAccessListHash === undefined
      ? {}
      : { blockAccessListHash: accessListHash(result.accessList) }),
  };
  const block: Block = { header, transactions, uncles: [], ...withdrawals };
  const transactionHashes = hashes && included.map((i) => hashes[i] as Uint8Array);
  return { block, hash: hashHeader(header), result, state, after, transactionHashes };
}
