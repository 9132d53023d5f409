// A chain of simulated blocks: each is executed, sealed with all its roots, and the next one's parent.

import type { StoredBlock } from "@braid/chain";
import type { CallMessage, CallResult, StateOverride } from "@braid/executor";
import {
  bytesToHex,
  equalBytes,
  hexToBytes,
  type Payer,
  rlpOfBigInt,
  rlpOfBytes,
  rlpOfList,
} from "@braid/primitives";
import {
  type Block,
  Chain,
  createHeader,
  depositRequest,
  EncodedReceipt,
  eipsOf,
  encodeBlock,
  encodeLogs,
  encodeTransaction,
  type ForkRules,
  type Header,
  hashHeader,
  type Log,
  logsBloom,
  nextBaseFee,
  nextExcessBlobGas,
  receiptsRoot,
  requestsHash,
  SYSTEM_ADDRESS,
  type Transaction,
  transactionsRoot,
  unionBloom,
} from "@braid/protocol";
import { RpcError, SERVER_ERROR } from "@braid/rpc";
import { EMPTY_TRIE_ROOT, type StateChanges, type StateSource, stateChangesOf } from "@braid/state";
import { ChangedState } from "../../changed-state.ts";
import type { Node } from "../../node.ts";
import { haltMessage, revertMessage } from "../errors.ts";
import { formatLog, hexOf, type Json } from "../format.ts";
import { precompilesOf } from "../precompiles.ts";
import { mergeChanges } from "./merge-changes.ts";
import { callLimitMs } from "./run-call.ts";
import type { PlannedBlock } from "./simulate-plan.ts";
import { messageOf, type TransactionArgs } from "./transaction-args.ts";

export interface SimulationOptions {
  /** Blocks and transactions must be valid, as far as they can be without signatures. */
  validation: boolean;
  /** Transfers of ether are shown as logs. */
  traceTransfers: boolean;
  signal: AbortSignal;
  /** For whom; see CallInput. */
  payer: Payer | undefined;
}

export interface SimulatedBlock {
  block: Block;
  hash: Uint8Array;
  /** Bytes of its encoding. */
  size: number;
  senders: Uint8Array[];
  /** What the calls came to, as they are shown. */
  calls: (stored: StoredBlock) => Json[];
}

/** Where logs of transfers seem to come from. */
const TRANSFER_ADDRESS = hexToBytes("0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
const TRANSFER_LOGS = 7708;
/** The highest gas limit of a transaction: a call may have more. */
const GAS_CAP = 7825;

const REVERTED = 3;
const HALTED = -32015;
const NO_BYTES = new Uint8Array(0);

export class SimulatedChain {
  readonly #node: Node;
  readonly #base: StoredBlock;
  readonly #options: SimulationOptions;
  #parent: Header;
  #parentHash: Uint8Array;
  #state: StateSource;
  /** All that was changed since the base. */
  #changes: StateChanges = stateChangesOf({ accounts: new Map(), codes: new Map() });
  /** Gas that is left for all calls together. */
  #gasLeft: bigint;

  constructor(node: Node, base: StoredBlock, options: SimulationOptions) {
    this.#node = node;
    this.#base = base;
    this.#options = options;
    this.#parent = base.header;
    this.#parentHash = base.hash;
    this.#state = node.chain.stateAfter(base.hash);
    this.#gasLeft = node.callGasLimit;
  }

  /** Runs a block and goes on from it. Rejects as Executor.simulate, and with RpcError. */
  async extend(planned: PlannedBlock): Promise<SimulatedBlock> {
    const { validation, signal, payer } = this.#options;
    const { chain } = this.#node;
    const rules = chain.rules.rulesAt(planned);
    const draft = this.#draft(planned, rules);
    const overrides = checkMoves(planned.stateOverrides, rules);
    const { blobGasPrice } = planned.blockOverrides;
    const { results, stateChanges, requests } = await this.#node.executor.simulate({
      header: draft,
      chain: this.#rules(rules),
      source: this.#state,
      messages: planned.calls.map((args) => this.#message(args)),
      validate: validation,
      stateOverrides: overrides,
      ...(blobGasPrice === undefined ? {} : { blockOverrides: { blobGasPrice } }),
      gasBudget: this.#gasLeft,
      timeLimitMs: callLimitMs(this.#node),
      signal,
      payer,
    });
    const { transactions, senders } = await this.#transactions(planned, draft, overrides, results);
    this.#changes = mergeChanges(this.#changes, stateChanges);
    const stateRoot = chain.rootWith(this.#base.hash, this.#changes);
    const header = sealed(draft, rules, { transactions, results, requests, stateRoot });
    const withdrawals = rules.eip4895 ? { withdrawals: [] } : {};
    const block: Block = {
      header,
      transactions: transactions.map(({ raw }) => raw),
      uncles: [],
      ...withdrawals,
    };
    const hash = hashHeader(header);
    this.#parent = header;
    this.#parentHash = hash;
    this.#state = new ChangedState(this.#state, stateChanges, stateRoot, { number: header.number, hash });
    this.#gasLeft -= header.gasUsed;
    const shown = { results, values: planned.calls.map(({ value }) => value), ...this.#options };
    const calls = (stored: StoredBlock): Json[] => formatCalls(stored, shown);
    return { block, hash, size: encodeBlock(block).length, senders, calls };
  }

  #draft({ number, timestamp, blockOverrides }: PlannedBlock, rules: ForkRules): Header {
    const parent = this.#parent;
    const { coinbase = parent.coinbase, gasLimit = parent.gasLimit, prevRandao } = blockOverrides;
    const baseFee = blockOverrides.baseFeePerGas ?? (this.#options.validation ? nextBaseFee(parent) : 0n);
    return createHeader(
      {
        number,
        timestamp,
        coinbase,
        gasLimit,
        parentHash: this.#parentHash,
        difficulty: rules.proofOfWork ? this.#base.header.difficulty : 0n,
        ...(prevRandao === undefined ? {} : { mixHash: prevRandao }),
        ...(rules.eip1559 ? { baseFeePerGas: baseFee } : {}),
        ...(rules.eip4844 ? { excessBlobGas: nextExcessBlobGas(parent, rules) } : {}),
      },
      rules,
    );
  }

  /** The chain's rules for messages, which are no whole transactions. */
  #rules({ fork }: ForkRules): Chain {
    const { spec, forks } = this.#node.chain.rules;
    const eips = Object.fromEntries(
      forks.map(({ name }) => [name as string, eipsOf(spec, name).filter((eip) => eip !== GAS_CAP)]),
    );
    if (this.#options.traceTransfers) eips[fork] = [...(eips[fork] ?? []), TRANSFER_LOGS];
    return new Chain({ ...spec, eips });
  }

  #message(args: TransactionArgs): CallMessage {
    const { nonce, gasLimit: _, ...message } = messageOf(args, 0n);
    return {
      ...message,
      ...(args.gas === undefined ? {} : { gasLimit: args.gas }),
      // Without validation a nonce is only shown.
      ...(nonce === undefined || !this.#options.validation ? {} : { nonce }),
    };
  }

  /** The calls as transactions that nobody has signed. */
  async #transactions(
    { calls }: PlannedBlock,
    { gasLimit: blockGas }: Header,
    overrides: readonly StateOverride[],
    results: readonly CallResult[],
  ): Promise<{ transactions: { raw: Uint8Array; tx: Transaction }[]; senders: Uint8Array[] }> {
    const nonces = new Map<string, bigint>();
    const senders: Uint8Array[] = [];
    const transactions: { raw: Uint8Array; tx: Transaction }[] = [];
    let used = 0n;
    for (const [i, args] of calls.entries()) {
      const sender = args.from ?? new Uint8Array(20);
      const key = bytesToHex(sender);
      const overridden = overrides.find(({ address }) => equalBytes(address, sender))?.nonce;
      const nonce = nonces.get(key) ?? overridden ?? (await this.#state.getAccount(sender))?.nonce ?? 0n;
      nonces.set(key, BigInt.asUintN(64, nonce + 1n));
      senders.push(sender);
      const wanted = args.gas ?? blockGas - used;
      const allowed = this.#gasLeft > used ? this.#gasLeft - used : 0n;
      used += results[i]?.gasUsed ?? 0n;
      const tx = this.#transaction(args, args.nonce ?? nonce, wanted < allowed ? wanted : allowed);
      transactions.push({ tx, raw: encodeUnsigned(tx) });
    }
    return { transactions, senders };
  }

  #transaction(args: TransactionArgs, nonce: bigint, gasLimit: bigint): Transaction {
    const { gasPrice, maxFeePerGas = 0n, maxPriorityFeePerGas = 0n, maxFeePerBlobGas = 0n } = args;
    return {
      type:
        gasPrice !== undefined
          ? 0
          : args.authorizations !== undefined
            ? 4
            : args.blobVersionedHashes !== undefined
              ? 3
              : 2,
      chainId: this.#node.chain.rules.chainId,
      nonce,
      gasLimit,
      to: args.to,
      value: args.value,
      data: args.data,
      maxFeePerGas: gasPrice ?? maxFeePerGas,
      maxPriorityFeePerGas: gasPrice ?? maxPriorityFeePerGas,
      accessList: args.accessList ?? [],
      maxFeePerBlobGas,
      blobVersionedHashes: args.blobVersionedHashes ?? [],
      authorizations: args.authorizations ?? [],
      yParity: 0,
      r: 0n,
      s: 0n,
    };
  }
}

/** With a signature of zeros, which for a legacy transaction is not even a number of a chain. */
function encodeUnsigned(tx: Transaction): Uint8Array {
  if (tx.type !== 0) return encodeTransaction(tx);
  const { nonce, maxFeePerGas, gasLimit, to = NO_BYTES, value, data } = tx;
  return rlpOfList([
    ...[nonce, maxFeePerGas, gasLimit].map(rlpOfBigInt),
    rlpOfBytes(to),
    rlpOfBigInt(value),
    rlpOfBytes(data),
    ...[0n, 0n, 0n].map(rlpOfBigInt),
  ]);
}

/** Only precompiles move; of several that move to one place the last one is there. Throws RpcError. */
function checkMoves(overrides: readonly StateOverride[], rules: ForkRules): StateOverride[] {
  const precompiles = new Set<string>(Object.values(precompilesOf(rules)));
  const targets = new Set<string>();
  const kept: StateOverride[] = [];
  for (const override of overrides) {
    const { movePrecompileToAddress: target, ...rest } = override;
    const address = bytesToHex(override.address);
    if (targets.has(address))
      throw new RpcError(SERVER_ERROR, `account ${address} has already been overridden by a precompile`);
    if (target === undefined) {
      kept.push(override);
      continue;
    }
    if (!precompiles.has(address)) throw new RpcError(SERVER_ERROR, `account ${address} is not a precompile`);
    for (const [i, { movePrecompileToAddress: other, ...left }] of kept.entries())
      if (other !== undefined && equalBytes(other, target)) kept[i] = left;
    targets.add(bytesToHex(target));
    kept.push({ ...rest, movePrecompileToAddress: target });
  }
  return kept;
}

interface Execution {
  transactions: readonly { raw: Uint8Array; tx: Transaction }[];
  results: readonly CallResult[];
  requests: Uint8Array[];
  stateRoot: Uint8Array;
}

/** The header with what execution determines. */
function sealed(
  draft: Header,
  rules: ForkRules,
  { transactions, results, requests, stateRoot }: Execution,
): Header {
  let cumulativeGasUsed = 0n;
  const receipts = results.map((result, i) => {
    cumulativeGasUsed += result.gasUsed;
    const logs = result.logs.filter((log) => !isTransfer(log));
    const type = transactions[i]?.tx.type ?? 0;
    const fields = { type, status: result.status, cumulativeGasUsed, logsBloom: logsBloom(logs) };
    return new EncodedReceipt(fields, encodeLogs(logs));
  });
  const blobs = transactions.reduce((sum, { tx }) => sum + tx.blobVersionedHashes.length, 0);
  const deposits = depositRequest(
    receipts.flatMap(({ logs }) => logs),
    hexToBytes(rules.depositContract),
  );
  const all = deposits === undefined ? requests : [deposits, ...requests];
  return {
    ...draft,
    stateRoot,
    gasUsed: cumulativeGasUsed,
    transactionsRoot: transactionsRoot(transactions.map(({ raw }) => raw)),
    receiptsRoot: receipts.length === 0 ? EMPTY_TRIE_ROOT : receiptsRoot(receipts),
    logsBloom: unionBloom(receipts),
    ...(rules.eip4844 ? { blobGasUsed: BigInt(blobs) * rules.blobGasPerBlob } : {}),
    ...(rules.eip7685 ? { requestsHash: requestsHash(all) } : {}),
  };
}

/** Nobody else has logs there. */
function isTransfer({ address }: Log): boolean {
  return equalBytes(address, SYSTEM_ADDRESS);
}

interface ShownCalls extends Pick<SimulationOptions, "traceTransfers"> {
  results: readonly CallResult[];
  /** What each call sends along, in wei. */
  values: readonly bigint[];
}

function formatCalls(block: StoredBlock, { results, values, traceTransfers }: ShownCalls): Json[] {
  let logIndex = 0;
  return results.map((result, transactionIndex) => {
    const { status, error, output, gasUsed, maxGasUsed } = result;
    const shown = traceTransfers ? result.logs : result.logs.filter((log) => !isTransfer(log));
    const logs = shown.map((log) => {
      const shownLog = isTransfer(log) ? { ...log, address: TRANSFER_ADDRESS } : log;
      return formatLog({ log: shownLog, block, transactionIndex, logIndex: logIndex++ });
    });
    // As geth: the number of a transfer that was taken back is not given again.
    if (status === 0 && traceTransfers && values[transactionIndex] !== 0n) logIndex++;
    return {
      returnData: status === 1 ? bytesToHex(output) : "0x",
      logs,
      gasUsed: hexOf(gasUsed),
      maxUsedGas: hexOf(maxGasUsed),
      status: hexOf(status),
      ...(status === 1 ? {} : { error: formatFailure(error, output) }),
    };
  });
}

function formatFailure(error: string | undefined, output: Uint8Array): Json {
  if (error === "revert") return { message: revertMessage(output), code: REVERTED, data: bytesToHex(output) };
  return { message: haltMessage(error), code: HALTED };
}
