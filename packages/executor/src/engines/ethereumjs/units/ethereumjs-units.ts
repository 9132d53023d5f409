// The units of one block on ethereumjs's EVM: reads a transaction when its turn comes, runs it, stores its outcome.

import { type Kernel, TX_DATA, TX_DATA_LENGTH, UNIT_ENCODING, UNIT_ENCODING_LENGTH } from "@braid/kernel";
import { type CallUnits, FIRST_MESSAGE } from "../../../block/call-input.ts";
import { storeOutcome, type TransactionOutcome } from "../../../records/outcome.ts";
import { readTransaction } from "../../../records/transaction-record.ts";
import type { EngineBlock, UnitEnd, UnitExecutor } from "../../engine.ts";
import { NOTHING } from "../../system-calls.ts";
import type { BraidEvm } from "../evm/braid-evm.ts";
import { messageCall } from "../evm/message-call.ts";
import { FaultSignal, SuspendSignal } from "../state/signals.ts";
import { StateView } from "../state/state-view.ts";
import type { VersionedState } from "../state/versioned-state.ts";
import { executeCallUnit } from "./calls.ts";
import { executeTransaction, type TransactionContext } from "./execute-transaction.ts";
import { executeLastUnit, executePrologue } from "./system-units.ts";

export class EthereumjsUnits implements UnitExecutor {
  readonly #kernel: Kernel;
  readonly #evm: BraidEvm;
  readonly #block: EngineBlock;
  readonly #context: TransactionContext;
  /** A copy of all encodings: what the engine keeps of a transaction's data must not change with the shared memory. */
  readonly #encodings: Uint8Array;
  /** Where the first one lies in shared memory. */
  readonly #encodingsPtr: number;
  readonly #lastUnit: number;

  constructor(kernel: Kernel, evm: BraidEvm, block: EngineBlock) {
    this.#kernel = kernel;
    this.#evm = evm;
    this.#block = block;
    this.#lastUnit = kernel.unitCount - 1;
    const end = this.#lastUnit - 1;
    this.#encodingsPtr = kernel.unitField(1, UNIT_ENCODING);
    this.#encodings = kernel.u8.slice(
      this.#encodingsPtr,
      kernel.unitField(end, UNIT_ENCODING) + kernel.unitField(end, UNIT_ENCODING_LENGTH),
    );
    const { context } = block;
    evm.state.cacheHoldsAll = block.cacheHoldsAll;
    evm.timeLimit.begin(block);
    evm.movePrecompiles(block.calls?.overrides ?? []);
    this.#context = {
      rules: context.rules,
      coinbase: context.coinbase,
      baseFeePerGas: context.baseFeePerGas,
      blobGasPrice: context.blobGasPrice,
      call: messageCall(evm, context),
      contractSenders: context.contractSenders,
    };
  }

  #state(): VersionedState {
    return this.#evm.state;
  }

  #data(record: number): Uint8Array {
    const { u32 } = this.#kernel;
    const start = (u32[(record + TX_DATA) >>> 2] as number) - this.#encodingsPtr;
    return this.#encodings.subarray(start, start + (u32[(record + TX_DATA_LENGTH) >>> 2] as number));
  }

  async executeUnit(unit: number, head: boolean): Promise<UnitEnd> {
    const state = this.#state();
    state.begin(unit, head, this.#context.rules.spuriousDragon);
    if (this.#overridesNothing(unit)) return { kind: "done" };
    try {
      const outcome = await this.#run(unit, state);
      // What a scout leaves behind is nothing.
      const { refused } = state.misses;
      if (refused.length > 0) return { kind: "missing", reads: refused };
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

  /** PERF: most calls are run on the state as it is, and nobody asks for the outcome of the units before their messages. */
  #overridesNothing(unit: number): boolean {
    const { calls } = this.#block;
    return (
      calls !== undefined && unit < FIRST_MESSAGE && calls.block === undefined && calls.overrides.length === 0
    );
  }

  async #runCall(unit: number, calls: CallUnits, state: VersionedState): Promise<TransactionOutcome> {
    const { context } = this.#block;
    const run = () => executeCallUnit(unit, calls, state, this.#context, context);
    const index = unit - FIRST_MESSAGE;
    // What is overridden was there before anybody looks on.
    const isMessage = index >= 0 && index < calls.messages.length;
    return (await (isMessage ? this.#traced(index, state, run) : run())) ?? NOTHING;
  }

  /** Runs a transaction or message with whoever looks on. */
  async #traced<Outcome>(
    index: number,
    state: VersionedState,
    run: () => Promise<Outcome>,
  ): Promise<Outcome> {
    const tracer = this.#block.tracer?.(index);
    if (tracer === undefined) return run();
    const seen = new StateView(state);
    await tracer.begin?.(seen);
    this.#evm.tracer.set(tracer);
    const outcome = await run();
    this.#evm.tracer.set(undefined);
    await tracer.end?.(seen);
    return outcome;
  }

  async #run(unit: number, state: VersionedState): Promise<TransactionOutcome> {
    const { context, calls } = this.#block;
    if (calls !== undefined) return this.#runCall(unit, calls, state);
    if (unit === 0) {
      await executePrologue(state, context, this.#context.call);
      return NOTHING;
    }
    if (unit === this.#lastUnit) return executeLastUnit(state, context, this.#context.call);
    const record = this.#kernel.transactionPtr(unit);
    const sender = this.#kernel.sender(unit);
    if (record === 0 || sender === undefined) throw new Error("a transaction that was not laid out");
    const tx = readTransaction(this.#kernel, record);
    const run = () => executeTransaction(tx, this.#data(record), sender, state, this.#context);
    return this.#block.tracer === undefined ? run() : this.#traced(unit - 1, state, run);
  }
}
