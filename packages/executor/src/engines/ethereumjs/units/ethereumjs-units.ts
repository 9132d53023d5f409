// The units of one block on ethereumjs's EVM: decodes a transaction when its turn comes, runs it, stores its outcome.

import type { Kernel } from "@braid/kernel";
import { InvalidTransactionError } from "../../../errors.ts";
import { storeOutcome, type TransactionOutcome } from "../../../records/outcome.ts";
import { decodeTransaction, type Transaction } from "../../../transaction/transaction.ts";
import type { EngineBlock, UnitEnd, UnitExecutor } from "../../engine.ts";
import type { BraidEvm } from "../evm/braid-evm.ts";
import { messageCall } from "../evm/message-call.ts";
import { FaultSignal, SuspendSignal } from "../state/signals.ts";
import type { VersionedState } from "../state/versioned-state.ts";
import { executeTransaction, type TransactionContext } from "./execute-transaction.ts";
import { executeEpilogue, executePrologue } from "./system-units.ts";

const NOTHING: TransactionOutcome = {
  status: 1,
  gasUsed: 0n,
  blockGasUsed: 0n,
  blobCount: 0,
  error: undefined,
  output: new Uint8Array(0),
  logs: [],
  createdAddress: undefined,
};

export class EthereumjsUnits implements UnitExecutor {
  readonly #kernel: Kernel;
  readonly #evm: BraidEvm;
  readonly #block: EngineBlock;
  readonly #context: TransactionContext;
  /** A copy: what the engine keeps of a transaction must not change with the shared memory. */
  readonly #encodings: Uint8Array;
  readonly #lastUnit: number;

  constructor(kernel: Kernel, evm: BraidEvm, block: EngineBlock) {
    this.#kernel = kernel;
    this.#evm = evm;
    this.#block = block;
    this.#encodings = new Uint8Array(block.transactions).slice();
    const { context } = block;
    evm.state.complete = block.complete;
    this.#context = {
      rules: context.rules,
      coinbase: context.coinbase,
      gasLimit: context.gasLimit,
      baseFeePerGas: context.baseFeePerGas,
      blobGasPrice: context.blobGasPrice,
      call: messageCall(evm, context),
    };
    this.#lastUnit = block.offsets.length;
  }

  #state(): VersionedState {
    return this.#evm.state;
  }

  #encoding(unit: number): Uint8Array {
    const { offsets } = this.#block;
    return this.#encodings.subarray(offsets[unit - 1], offsets[unit]);
  }

  #sender(unit: number, tx: Transaction): Uint8Array {
    const sender = this.#kernel.sender(unit);
    if (sender === undefined)
      throw new InvalidTransactionError(
        "BRAID_TX_INVALID_SIGNATURE",
        `The signature of the transaction with nonce ${tx.nonce} is invalid.`,
      );
    return sender;
  }

  async executeUnit(unit: number, head: boolean): Promise<UnitEnd> {
    const state = this.#state();
    state.begin(unit, head, this.#context.rules.spuriousDragon);
    try {
      const outcome = await this.#run(unit, state);
      // The engine turns some of what its helpers throw into a failed call.
      if (state.suspended !== undefined) throw state.suspended;
      state.collectWrites();
      const accesses = state.collectAccesses(this.#context.rules.eip7928);
      if (accesses === 0 || !storeOutcome(this.#kernel, unit, outcome, accesses)) return { kind: "fault" };
      return { kind: "done" };
    } catch (error) {
      this.#evm.reset();
      if (error instanceof FaultSignal) return { kind: "fault" };
      if (state.suspended !== undefined && !head)
        return { kind: "suspended", blockingUnit: state.suspended.blockingUnit };
      if (error instanceof SuspendSignal)
        return { kind: "failed", error: new Error("the head of the block met an estimate") };
      if (!head) return { kind: "suspended", blockingUnit: -1 };
      return { kind: "failed", error };
    }
  }

  async #run(unit: number, state: VersionedState): Promise<TransactionOutcome> {
    const { context } = this.#block;
    if (unit === 0) {
      await executePrologue(state, context, this.#context.call);
      return NOTHING;
    }
    if (unit === this.#lastUnit) {
      const requests = await executeEpilogue(state, context, this.#context.call);
      // The requests travel as the data of logs; the epilogue has no logs of its own.
      return { ...NOTHING, logs: requests.map((request) => [context.coinbase, [], request]) };
    }
    // PERF: decoded again by each incarnation: what lives no longer than one costs the garbage collector nothing.
    const tx = decodeTransaction(this.#encoding(unit));
    return executeTransaction(tx, this.#sender(unit, tx), state, this.#context);
  }
}
