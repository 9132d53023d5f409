// The units of one block on the wasm EVM. PERF: a unit that needs nothing from outside ends without a promise; one that does gets it, and goes on.

import {
  ERROR_NONE,
  ERROR_OUT_OF_GAS,
  ERROR_PRECOMPILE,
  EVM_BLOCKING,
  EVM_CALL_ADDRESS,
  EVM_CALL_DATA,
  EVM_CALL_GAS,
  EVM_CALL_LENGTH,
  EVM_ENTRIES,
  EVM_HASH,
  EVM_HASH_NUMBER,
  EVM_INVALID,
  EVM_INVALID_VALUE,
  EVM_MISSING,
  EVM_RETURN,
  EXIT_ACCOUNT,
  EXIT_BLOCK_HASH,
  EXIT_CODE,
  EXIT_DONE,
  EXIT_FAULT,
  EXIT_INVALID,
  EXIT_PRECOMPILE,
  EXIT_SLOT,
  EXIT_STEP,
  EXIT_SUSPENDED,
  EXIT_TIME,
  EXIT_UNSUPPORTED,
  INVALID_FUNDS,
  INVALID_NONCE,
  type Kernel,
  SLOT_ACCOUNT,
  SLOT_HEAD,
} from "@braid/kernel";
import { InvalidTransactionError } from "@braid/protocol";
import { type CallUnits, FIRST_MESSAGE } from "../../block/call-input.ts";
import { layOutMessage } from "../../records/lay-out-message.ts";
import { recordAddress } from "../../records/locations.ts";
import { highestCost, readTransaction } from "../../records/transaction-record.ts";
import { readU256 } from "../../records/words.ts";
import { contractSender, insufficientFunds, wrongNonce } from "../../transaction/sender-errors.ts";
import type { EngineBlock, MissHandler, UnitEnd, UnitExecutor } from "../engine.ts";
import { CHECK_STEPS, type TimeLimit } from "../time-limit.ts";
import { OUT_OF_GAS, writeErrorName } from "./block-words.ts";
import { DONE, FAULT, UNSUPPORTED } from "./ends.ts";
import { type Step, type Steps, StepUnits } from "./steps.ts";

/** What a precompile answers. */
export interface PrecompileResult {
  gasUsed: bigint;
  output: Uint8Array;
  /** Why it failed, in words; undefined when it did not. */
  reason: string | undefined;
}

/** Runs the precompiles of a fork, at once where nothing has to be loaded. Throws or rejects when one cannot be run here. */
export type Precompiles = (
  number: number,
  data: Uint8Array,
  gasLimit: bigint,
) => PrecompileResult | Promise<PrecompileResult>;

/** Sees each opcode of a unit before it runs; EVM_SEEN tells which. `evm` is what EVM_* are offsets from. */
export type OnStep = (unit: number, kernel: Kernel, evm: number) => void;

export class WasmUnits implements UnitExecutor {
  readonly #kernel: Kernel;
  /** What EVM_* are offsets from. */
  readonly #evm: number;
  readonly #block: EngineBlock;
  readonly #misses: MissHandler;
  readonly #timeLimit: TimeLimit;
  readonly #precompiles: Precompiles;
  readonly #onStep: OnStep | undefined;
  readonly #steps: StepUnits;
  readonly #lastUnit: number;

  constructor(
    kernel: Kernel,
    evm: number,
    block: EngineBlock,
    misses: MissHandler,
    timeLimit: TimeLimit,
    precompiles: Precompiles,
    onStep: OnStep | undefined,
  ) {
    this.#kernel = kernel;
    this.#evm = evm;
    this.#block = block;
    this.#misses = misses;
    this.#timeLimit = timeLimit;
    this.#precompiles = precompiles;
    this.#onStep = onStep;
    this.#steps = new StepUnits(kernel, evm, block);
    this.#lastUnit = kernel.unitCount - 1;
  }

  /** PERF: one call into wasm for a transaction that needs nothing from outside. */
  executeUnit(unit: number, head: boolean): UnitEnd | Promise<UnitEnd> {
    // A scout runs on what is predicted, which only the other engine knows how to do.
    if (this.#misses.refused.length > 0) return UNSUPPORTED;
    const { calls } = this.#block;
    if (calls !== undefined) return this.#executeCallUnit(unit, head, calls);
    if (unit === 0) return this.#walk(this.#steps.prologue(unit, head), unit, head);
    if (unit === this.#lastUnit) return this.#walk(this.#steps.epilogue(unit, head), unit, head);
    return this.#executeTransaction(unit, head);
  }

  #executeTransaction(unit: number, head: boolean): UnitEnd | Promise<UnitEnd> {
    const exit = this.#kernel.exports.evmExecute(unit, +head);
    if (exit === EXIT_DONE) return DONE;
    if (exit === EXIT_INVALID) return { kind: "failed", error: this.#invalid(unit) };
    return this.#goOn(exit, unit, head, () => this.#kernel.exports.evmExecute(unit, +head));
  }

  #executeCallUnit(unit: number, head: boolean, calls: CallUnits): UnitEnd | Promise<UnitEnd> {
    const index = unit - FIRST_MESSAGE;
    if (index < 0 && calls.overrides.length === 0 && calls.block === undefined) {
      // PERF: most calls are run on the state as it is, and nobody asks for the outcome of the units before their messages.
      this.#kernel.beginIncarnation();
      return DONE;
    }
    if (index < 0 || index === calls.messages.length)
      return this.#walk(this.#steps.ofCalls(unit, head, calls), unit, head);
    try {
      if (!layOutMessage(this.#kernel, unit, calls, this.#block.context)) return FAULT;
    } catch (error) {
      if (error instanceof InvalidTransactionError) return { kind: "failed", error };
      throw error;
    }
    return this.#executeTransaction(unit, head);
  }

  /** Takes the steps of a unit one after the other. */
  #walk(steps: Steps, unit: number, head: boolean): UnitEnd | Promise<UnitEnd> {
    try {
      for (let step = steps.next(); ; step = steps.next()) {
        if (step.done === true) return step.value;
        const exit = step.value();
        if (exit !== EXIT_DONE) return this.#walkOn(steps, unit, head, exit, step.value);
      }
    } catch (error) {
      return failed(error, head);
    }
  }

  async #walkOn(steps: Steps, unit: number, head: boolean, stopped: number, step: Step): Promise<UnitEnd> {
    const end = await this.#goOn(stopped, unit, head, step);
    return end.kind === "done" ? this.#walk(steps, unit, head) : end;
  }

  #word(offset: number): number {
    return this.#kernel.u32[(this.#evm + offset) >>> 2] as number;
  }

  #long(offset: number): bigint {
    return this.#kernel.u64[(this.#evm + offset) >>> 3] as bigint;
  }

  /** What is wrong with the transaction that has ended as EXIT_INVALID. */
  #invalid(unit: number): InvalidTransactionError {
    const kernel = this.#kernel;
    const tx = readTransaction(kernel, kernel.transactionPtr(unit));
    const sender = kernel.sender(unit) ?? new Uint8Array(20);
    const actual = readU256(kernel.u64, (this.#evm + EVM_INVALID_VALUE) >>> 3);
    switch (this.#word(EVM_INVALID)) {
      case INVALID_NONCE:
        return wrongNonce(sender, tx.nonce, actual);
      case INVALID_FUNDS:
        return insufficientFunds(sender, highestCost(tx, this.#block.context.rules), actual);
      default:
        return contractSender(sender);
    }
  }

  /** Gives the EVM what it stopped for until it is done. `begin` begins again what has not come to its first opcode. */
  #goOn(stopped: number, unit: number, head: boolean, begin: Step): UnitEnd | Promise<UnitEnd> {
    const { exports } = this.#kernel;
    const resume: Step = () => exports.evmResume();
    const when = (ready: Promise<boolean>, again: Step): Promise<UnitEnd> =>
      this.#goOnWhen(ready, unit, head, begin, again);
    for (let exit = stopped; ; ) {
      switch (exit) {
        case EXIT_DONE:
          return DONE;
        case EXIT_SUSPENDED:
          return { kind: "suspended", blockingUnit: this.#word(EVM_BLOCKING) | 0 };
        case EXIT_FAULT:
          return FAULT;
        case EXIT_INVALID:
          return { kind: "failed", error: this.#invalid(unit) };
        case EXIT_TIME:
          try {
            if (this.#timeLimit.check(CHECK_STEPS)) return when(this.#pause(), resume);
          } catch (error) {
            return failed(error, head);
          }
          exit = resume();
          break;
        case EXIT_STEP:
          this.#onStep?.(unit, this.#kernel, this.#evm);
          exit = resume();
          break;
        case EXIT_ACCOUNT:
        case EXIT_SLOT:
        case EXIT_CODE:
          {
            const again = this.#unlessMissing(exit, exports.evmBeginsAgain() === 1 ? begin : resume);
            try {
              const ready = this.#fetch(exit);
              if (ready instanceof Promise) return when(ready, again);
              if (!ready) return UNSUPPORTED;
              exit = again();
            } catch (error) {
              return failed(error, head);
            }
          }
          break;
        case EXIT_BLOCK_HASH:
          return when(this.#fetchBlockHash(), resume);
        case EXIT_PRECOMPILE:
          {
            const answer = this.#callPrecompile();
            if (answer === undefined) return UNSUPPORTED;
            if (answer instanceof Promise) return this.#goOnAfterPrecompile(answer, unit, head, begin);
            exit = this.#takeAnswer(answer);
          }
          break;
        default:
          return UNSUPPORTED;
      }
    }
  }

  /** Goes on when what the EVM stopped for is there; it is not (false) for who must not wait, which is left to the other engine. */
  async #goOnWhen(
    ready: Promise<boolean>,
    unit: number,
    head: boolean,
    begin: Step,
    again: Step,
  ): Promise<UnitEnd> {
    let exit: number;
    try {
      if (!(await ready)) return UNSUPPORTED;
      exit = again();
    } catch (error) {
      return failed(error, head);
    }
    return this.#goOn(exit, unit, head, begin);
  }

  /** Goes on as `again` does. What was fetched and is not in the cache all the same would be asked for without end: an arena is full, or something is broken. */
  #unlessMissing(exit: number, again: Step): Step {
    const missing = this.#word(EVM_MISSING);
    return () => {
      if (this.#kernel.faultError() !== undefined) return EXIT_FAULT;
      const next = again();
      if (next === exit && this.#word(EVM_MISSING) === missing)
        throw new Error("the state source answered, but what it was asked for is not in the cache");
      return next;
    };
  }

  async #goOnAfterPrecompile(
    answer: Promise<PrecompileResult>,
    unit: number,
    head: boolean,
    begin: Step,
  ): Promise<UnitEnd> {
    let found: PrecompileResult;
    try {
      found = await answer;
    } catch {
      return UNSUPPORTED;
    }
    return this.#goOn(this.#takeAnswer(found), unit, head, begin);
  }

  async #pause(): Promise<boolean> {
    await this.#timeLimit.pause();
    return true;
  }

  /** False when nobody waits for it; at once where the source has it at hand. Throws or rejects when it cannot be had. */
  #fetch(exit: number): boolean | Promise<boolean> {
    const { u8 } = this.#kernel;
    const missing = this.#word(EVM_MISSING);
    if (exit === EXIT_ACCOUNT) return this.#misses.fetchAccount(u8.slice(missing, missing + 20));
    if (exit === EXIT_CODE) return this.#misses.fetchCode(u8.slice(missing, missing + 32));
    const account = this.#kernel.u32[(missing - SLOT_HEAD + SLOT_ACCOUNT) >>> 2] as number;
    return this.#misses.fetchSlot(recordAddress(this.#kernel, account), this.#kernel.slotKey(missing));
  }

  /** False when nobody waits for it. Rejects when it cannot be had. */
  async #fetchBlockHash(): Promise<boolean> {
    const hash = await this.#misses.blockHash(this.#long(EVM_HASH_NUMBER));
    this.#kernel.u8.set(hash, this.#evm + EVM_HASH);
    this.#kernel.exports.evmHashKnown();
    return this.#misses.refused.length === 0;
  }

  /** Undefined when it cannot be run here. */
  #callPrecompile(): PrecompileResult | Promise<PrecompileResult> | undefined {
    const data = this.#word(EVM_CALL_DATA);
    const input = this.#kernel.u8.slice(data, data + this.#word(EVM_CALL_LENGTH));
    try {
      return this.#precompiles(this.#word(EVM_CALL_ADDRESS), input, this.#long(EVM_CALL_GAS));
    } catch {
      return undefined;
    }
  }

  /** Gives the EVM what the precompile has answered, with an ERROR_* that stands for its reason, and goes on: EXIT_*. */
  #takeAnswer({ gasUsed, output, reason }: PrecompileResult): number {
    if (output.length > EVM_ENTRIES - EVM_RETURN) return EXIT_UNSUPPORTED;
    this.#kernel.u8.set(output, this.#evm + EVM_RETURN);
    let error: number = ERROR_NONE;
    if (reason === OUT_OF_GAS) error = ERROR_OUT_OF_GAS;
    else if (reason !== undefined) {
      writeErrorName(this.#kernel, this.#evm, ERROR_PRECOMPILE, reason);
      error = ERROR_PRECOMPILE;
    }
    return this.#kernel.exports.evmPrecompiled(error, gasUsed, output.length);
  }
}

/** What a unit ends with that something has gone wrong for: only the head can tell whether that means anything. */
function failed(error: unknown, head: boolean): UnitEnd {
  return head ? { kind: "failed", error } : { kind: "suspended", blockingUnit: -1 };
}
