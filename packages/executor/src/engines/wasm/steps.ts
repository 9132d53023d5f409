// The units that are no transactions on the wasm EVM: what calls override of the state, a block's prologue and epilogue. Each is a list of steps; one
// that stops for state is called again when that is there.

import {
  ERROR_NO_CODE,
  ERROR_NONE,
  ERROR_SIZE,
  EVM_ERROR,
  EVM_ERRORS,
  EVM_RETURN,
  EVM_RETURN_LENGTH,
  type Kernel,
  TX_DATA,
  TX_DATA_LENGTH,
  TX_GAS_LIMIT,
  TX_SIZE,
  TX_TO,
} from "@braid/kernel";
import { SYSTEM_ADDRESS } from "@braid/protocol";
import { type CallUnits, FIRST_MESSAGE, RESET_UNIT, type StateOverride } from "../../block/call-input.ts";
import { storeOutcome, type TransactionOutcome } from "../../records/outcome.ts";
import { writeU256 } from "../../records/words.ts";
import type { EngineBlock, UnitEnd } from "../engine.ts";
import {
  epilogueCredits,
  lastOutcome,
  NOTHING,
  prologueCalls,
  requestCalls,
  requestOf,
  SYSTEM_CALL_GAS,
  type SystemCall,
} from "../system-calls.ts";
import { DONE, FAULT, UNSUPPORTED } from "./ends.ts";

/** Does something in the kernel, and answers EXIT_*. */
export type Step = () => number;
/** The steps of a unit, and how it ends when all are done. It may throw what is wrong with the block. */
export type Steps = Generator<Step, UnitEnd, void>;

// Where a step finds what it is given. Nothing else is there while no frame runs.
const ADDRESS = EVM_RETURN;
const WORD = EVM_RETURN + 32;
const KEY = EVM_RETURN + 64;

const decoder = new TextDecoder();

export class StepUnits {
  readonly #kernel: Kernel;
  /** What EVM_* are offsets from. */
  readonly #evm: number;
  readonly #block: EngineBlock;

  constructor(kernel: Kernel, evm: number, block: EngineBlock) {
    this.#kernel = kernel;
    this.#evm = evm;
    this.#block = block;
  }

  /** The steps of a unit of calls that is no message. */
  ofCalls(unit: number, head: boolean, calls: CallUnits): Steps {
    if (unit >= FIRST_MESSAGE) return this.epilogue(unit, head);
    return unit === RESET_UNIT ? this.#reset(unit, head, calls) : this.#override(unit, head, calls);
  }

  *prologue(unit: number, head: boolean): Steps {
    yield this.#begin(unit, head);
    yield* this.#prologueCalls();
    return this.#end(unit, NOTHING, true);
  }

  *epilogue(unit: number, head: boolean): Steps {
    const { context } = this.#block;
    const { exports } = this.#kernel;
    yield this.#begin(unit, head);
    for (const [address, amount] of epilogueCredits(context))
      yield () => exports.evmCredit(this.#address(address), this.#word(amount));
    const requests: Uint8Array[] = [];
    for (const call of requestCalls(context.rules)) {
      const record = this.#record(call);
      if (record === 0) return FAULT;
      yield () => exports.evmSystemCall(record, this.#address(SYSTEM_ADDRESS));
      requests.push(requestOf(call, this.#ended()));
    }
    return this.#end(unit, lastOutcome(requests, context.coinbase), true);
  }

  /** Empties what is to hold nothing else than what is overridden. */
  *#reset(unit: number, head: boolean, { overrides }: CallUnits): Steps {
    const { exports } = this.#kernel;
    yield this.#begin(unit, head);
    for (const { address, state } of overrides)
      if (state !== undefined) yield () => exports.evmEmptyStorage(this.#address(address));
    return this.#end(unit, NOTHING, false);
  }

  *#override(unit: number, head: boolean, { overrides, block }: CallUnits): Steps {
    yield this.#begin(unit, head);
    for (const override of overrides) {
      const code = override.code === undefined ? 0 : this.#put(override.code);
      if (override.code !== undefined && code === 0) return FAULT;
      yield* this.#overrideOne(override, code);
    }
    if (block !== undefined) yield* this.#prologueCalls();
    return this.#end(unit, NOTHING, block !== undefined);
  }

  /** `codePtr` is where its code lies, if it has one. */
  *#overrideOne(override: StateOverride, codePtr: number): Generator<Step, void, void> {
    const { address, balance, nonce, code, state = [], stateDiff = [] } = override;
    const { exports, u8 } = this.#kernel;
    yield () => exports.evmTouch(this.#address(address));
    if (balance !== undefined) yield () => exports.evmSetBalance(this.#address(address), this.#word(balance));
    if (nonce !== undefined) yield () => exports.evmSetNonce(this.#address(address), nonce);
    if (code !== undefined) yield () => exports.evmSetCode(this.#address(address), codePtr, code.length);
    for (const [slot, value] of [...state, ...stateDiff])
      yield () => {
        u8.set(slot, this.#evm + KEY);
        return exports.evmSetSlot(this.#address(address), this.#evm + KEY, this.#word(value));
      };
  }

  *#prologueCalls(): Generator<Step, void, void> {
    const { exports } = this.#kernel;
    for (const call of prologueCalls(this.#block.context)) {
      const record = this.#record(call);
      // The kernel is in its fault state then, and does not end the unit.
      if (record === 0) return;
      yield () => exports.evmSystemCall(record, this.#address(SYSTEM_ADDRESS));
    }
  }

  #begin(unit: number, head: boolean): Step {
    return () => this.#kernel.exports.evmBeginSteps(unit, +head);
  }

  /** `clears`: the touched accounts that are empty go (EIP-161). */
  #end(unit: number, outcome: TransactionOutcome, clears: boolean): UnitEnd {
    const kernel = this.#kernel;
    const accesses = kernel.exports.evmEndSteps(+clears) >>> 0;
    if (kernel.faultError() !== undefined) return FAULT;
    if (accesses === 0) return UNSUPPORTED;
    return storeOutcome(kernel, unit, outcome, accesses) ? DONE : FAULT;
  }

  #address(address: Uint8Array): number {
    this.#kernel.u8.set(address, this.#evm + ADDRESS);
    return this.#evm + ADDRESS;
  }

  #word(value: bigint): number {
    writeU256(this.#kernel.u64, (this.#evm + WORD) >>> 3, value);
    return this.#evm + WORD;
  }

  /** ptr of bytes that stay for the block; 0 when the arena is full. */
  #put(bytes: Uint8Array): number {
    const at = this.#kernel.alloc(bytes.length);
    if (at !== 0) this.#kernel.u8.set(bytes, at);
    return at;
  }

  /** What a system call has of a transaction's record; 0 when the arena is full. */
  #record({ to, data }: SystemCall): number {
    const { u8, u32, u64 } = this.#kernel;
    const record = this.#kernel.alloc(TX_SIZE + data.length);
    if (record === 0) return 0;
    u8.fill(0, record, record + TX_SIZE);
    u64[(record + TX_GAS_LIMIT) >>> 3] = SYSTEM_CALL_GAS;
    u8.set(to, record + TX_TO);
    u32[(record + TX_DATA) >>> 2] = record + TX_SIZE;
    u32[(record + TX_DATA_LENGTH) >>> 2] = data.length;
    u8.set(data, record + TX_SIZE);
    return record;
  }

  /** How the system call has ended; undefined when there was no contract. */
  #ended(): { output: Uint8Array; error: string | undefined } | undefined {
    const { u8, u32 } = this.#kernel;
    const field = (offset: number): number => u32[(this.#evm + offset) >>> 2] as number;
    const error = field(EVM_ERROR);
    if (error === ERROR_NO_CODE) return undefined;
    const name = this.#evm + EVM_ERRORS + error * ERROR_SIZE;
    const output = this.#evm + EVM_RETURN;
    return {
      output: u8.slice(output, output + field(EVM_RETURN_LENGTH)),
      error:
        error === ERROR_NONE
          ? undefined
          : decoder.decode(u8.slice(name + 4, name + 4 + (u32[name >>> 2] as number))),
    };
  }
}
