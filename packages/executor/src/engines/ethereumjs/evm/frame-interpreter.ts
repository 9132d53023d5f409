// One call frame: ethereumjs's interpreter with its own run loop. A frame object serves one depth of the call stack for good:
// its memory and stack are used again, after they were cleared.
//
// The stock loop awaits a promise for every opcode and analyses the code's jump destinations anew in every frame. This one
// runs the common opcodes in a plain synchronous function (hot-loop.ts), keeps one analysis per code, and calls
// ethereumjs's own handlers for everything else.

import type { EVMMockBlockchainInterface, EVMPerformanceLogger, ExecResult, Message } from "@ethereumjs/evm";
import { type EVM, EVMError } from "@ethereumjs/evm";
import { type Address, equalsBytes } from "@ethereumjs/util";
import type { TraceStep } from "../../../block/tracer.ts";
import type { TimeLimit } from "../../time-limit.ts";
import type { AccountView } from "../state/account-view.ts";
import { analyse, type CodeAnalysis, slotsOf } from "../state/code-analysis.ts";
import type { AccountEntry, SlotEntry } from "../state/entries.ts";
import type { VersionedState } from "../state/versioned-state.ts";
import type { BraidEvm } from "./braid-evm.ts";
import type { GasTable } from "./gas-table.ts";
import { HotExit, type HotFrame, MEMORY_GRANULE, runHot } from "./hot-loop.ts";
import { burnLog, transferLog } from "./transfer-logs.ts";

export type RunState = NonNullable<ExecResult["runState"]>;
type Interpreter = RunState["interpreter"];

/** The constructor of ethereumjs's Interpreter, which its package does not export. */
export type InterpreterClass = new (
  evm: EVM,
  stateManager: EVM["stateManager"],
  blockchain: EVMMockBlockchainInterface,
  env: RunState["env"],
  gasLeft: bigint,
  journal: EVM["journal"],
  performanceLogs: EVMPerformanceLogger,
) => Interpreter;

/** A frame, which its EVM begins and ends for each call that it runs. */
export interface Frame extends Interpreter {
  begin(env: RunState["env"], gasLimit: bigint): void;
  end(): void;
}

export type FrameInterpreterClass = new (...args: ConstructorParameters<InterpreterClass>) => Frame;

function isEvmError(error: unknown): error is EVMError {
  return error instanceof EVMError;
}

const { INVALID_JUMP } = EVMError.errorMessages;

/**
 * ethereumjs's handlers say where a jump failed, with the hash of the code. The hot loop does not: a block can ask for a hundred thousand such
 * hashes. What is said must not depend on who looks on.
 */
function withoutPlace(error: EVMError): EVMError {
  return error.error.startsWith(INVALID_JUMP) ? new EVMError(INVALID_JUMP) : error;
}

const NO_BYTES = new Uint8Array(0);
const NO_ANALYSIS = analyse(NO_BYTES);
/** A memory that has grown beyond this is not kept for the next frame. */
const MAX_KEPT_MEMORY = 65_536;
/** Nearly all stacks stay below this. */
const STACK_ITEMS = 128;

/** Derives Braid's frame from ethereumjs's Interpreter class. */
export function frameInterpreterClass(Base: InterpreterClass): FrameInterpreterClass {
  return class FrameInterpreter extends Base implements Frame, HotFrame {
    missing: SlotEntry | undefined = undefined;
    memoryWords = 0;
    /** Of the code that runs. */
    analysis: CodeAnalysis = NO_ANALYSIS;
    /** Between `begin` and `end`. */
    #isRunning = false;
    #hasScouted = false;

    constructor(...args: ConstructorParameters<InterpreterClass>) {
      super(...args);
      // PERF: a store behind the end of an array makes V8 give up the code that did it.
      this._runState.stack["_store"] = Array.from({ length: STACK_ITEMS }, () => 0n);
    }

    /** Makes the object a new frame, of which nothing but the arguments is set. */
    begin(env: RunState["env"], gasLimit: bigint): void {
      if (this.#isRunning) throw new Error("a frame of this depth is running");
      this.#isRunning = true;
      const { memory, stack } = this._runState;
      this.#clearMemory();
      stack["_len"] = 0;
      this.missing = undefined;
      this.#hasScouted = false;
      this._env = env;
      this._runState = {
        programCounter: 0,
        opCode: 0xfe,
        memory,
        memoryWordCount: 0n,
        highestMemCost: 0n,
        stack,
        code: NO_BYTES,
        validJumps: NO_BYTES,
        cachedPushes: {},
        stateManager: this._stateManager,
        blockchain: this._runState.blockchain,
        env,
        shouldDoJumpAnalysis: true,
        interpreter: this,
        gasRefund: env.gasRefund,
        gasLeft: gasLimit,
        stateGasSpilled: 0n,
        returnBytes: NO_BYTES,
      };
      this._result = {
        logs: env.initialLogs === undefined ? [] : [...env.initialLogs],
        returnValue: undefined,
        selfdestruct: new Map(),
      };
    }

    /** The frame has ended, however it did. */
    end(): void {
      this.analysis = NO_ANALYSIS;
      this.#isRunning = false;
    }

    /** Sets back to zero what the last frame may have written: never more than the memory that it has paid for. */
    #clearMemory(): void {
      const { memory, memoryWordCount } = this._runState;
      const used = 32 * Math.max(this.memoryWords, Number(memoryWordCount));
      if (memory._store.length > MAX_KEPT_MEMORY) memory._store = new Uint8Array(MEMORY_GRANULE);
      else memory._store.fill(0, 0, used);
      this.memoryWords = 0;
    }

    get state(): VersionedState {
      return (this._evm as BraidEvm).state;
    }

    get table(): GasTable {
      return (this._evm as BraidEvm).gasTable;
    }

    get timeLimit(): TimeLimit {
      return (this._evm as BraidEvm).timeLimit;
    }

    get self(): AccountEntry {
      return (this._env.contract as AccountView).entry;
    }

    override async run(code: Uint8Array, options: { pc?: number } = {}): ReturnType<Interpreter["run"]> {
      const runState = this._runState;
      runState.code = code;
      runState.programCounter = options.pc ?? 0;
      this.analysis = this.state.codes.analysis(code);
      runState.validJumps = this.analysis.jumps;
      if (this.timeLimit.check()) await this.timeLimit.pause();
      try {
        if ((this._evm as BraidEvm).tracer.steps) {
          await this.#stepThrough(code);
          return { runState };
        }
        for (;;) {
          const exit = runHot(this, runState);
          if (exit === HotExit.Cold) {
            // A cold step may end the frame by throwing STOP.
            await this.#coldStep();
            if (this.timeLimit.check()) await this.timeLimit.pause();
          } else if (exit === HotExit.Missing) {
            await this.state.fetchSlot(this.missing as SlotEntry);
            this.#scout(code);
            if (this.timeLimit.check()) await this.timeLimit.pause();
          } else if (exit === HotExit.Pause) await this.timeLimit.pause();
          else if (exit === HotExit.Revert)
            return { runState, exceptionError: new EVMError(EVMError.errorMessages.REVERT) };
          else return { runState };
        }
      } catch (error) {
        if (!isEvmError(error)) throw error;
        return error.error === EVMError.errorMessages.STOP
          ? { runState }
          : { runState, exceptionError: withoutPlace(error) };
      }
    }

    /** A scout whose code reads one slot asks for what else it reads, once for each call: a contract's variables are often read together. */
    #scout(code: Uint8Array): void {
      if (this.#hasScouted || this.state.misses.refused.length === 0) return;
      this.#hasScouted = true;
      for (const slot of slotsOf(code, this.analysis)) this.state.expectSlot(this.self, slot);
    }

    /** All opcodes by ethereumjs's handlers, each announced before it runs. Ends by throwing STOP or at the end of the code. */
    async #stepThrough(code: Uint8Array): Promise<void> {
      const runState = this._runState;
      const { tracer } = this._evm as BraidEvm;
      while (runState.programCounter < code.length) {
        runState.opCode = code[runState.programCounter] as number;
        tracer.opcode = runState.opCode;
        await this.runStep();
        if (this.timeLimit.check()) await this.timeLimit.pause();
      }
      await tracer.codeEnd(() => this.#stopAtEnd());
    }

    /** The STOP that stands behind every code (Yellow Paper, section 9.4). */
    #stopAtEnd(): TraceStep {
      const { programCounter, gasLeft, gasRefund, stack, memory, memoryWordCount } = this._runState;
      return {
        pc: programCounter,
        depth: this._env.depth,
        opcode: { name: "STOP", fee: 0, dynamicFee: 0n, isAsync: false, code: 0 },
        gasLeft,
        gasRefund,
        stack: stack.getStack(),
        memory: memory._store.slice(0, 32 * Number(memoryWordCount)),
        memoryWordCount,
        address: this._env.address,
        codeAddress: this._env.codeAddress,
      };
    }

    /** One opcode by ethereumjs's gas and opcode handlers. */
    async #coldStep(): Promise<void> {
      const runState = this._runState;
      const opcode = runState.code[runState.programCounter] as number;
      runState.opCode = opcode;
      const { opcodeInfo, gasHandler, opHandler } = this.lookupOpInfo(opcode);
      if (opcodeInfo.isInvalid) throw new EVMError(EVMError.errorMessages.INVALID_OPCODE);
      let gas = opcodeInfo.feeBigInt;
      if (opcodeInfo.dynamicGas) gas = await gasHandler(runState, gas, this.common);
      this.useGas(gas);
      runState.programCounter++;
      // EIP-7928: a call whose target was accessed before the gas ran out. The gas handler has taken all of it.
      if (runState.eip7928PostTargetCallOog !== undefined) {
        runState.eip7928PostTargetCallOog = undefined;
        throw new EVMError(EVMError.errorMessages.OUT_OF_GAS);
      }
      await opHandler(runState, this.common);
    }

    override _baseCall(message: Message): Promise<bigint> {
      return this.#comparing(message.delegatecall ? undefined : message.value, () =>
        super._baseCall(message),
      );
    }

    override create(...args: Parameters<Interpreter["create"]>): Promise<bigint> {
      return this.#comparing(args[1], () => super.create(...args));
    }

    /**
     * Runs an action of the base class that begins with the comparison "own balance < amount", so that it records the answer
     * and not the balance. The comparison comes before the action's first await.
     */
    #comparing<T>(amount: bigint | undefined, action: () => Promise<T>): Promise<T> {
      const view = this._env.contract as AccountView;
      view.comparand = amount;
      try {
        return action();
      } finally {
        view.comparand = undefined;
      }
    }

    /** SELFDESTRUCT (EIP-6780, before that Yellow Paper appendix H): the same effects as the base class, but crediting without reading the receiver. */
    override async _selfDestruct(toAddress: Address): Promise<void> {
      const own = this._env.address;
      const { selfdestruct } = this._result;
      const ownHex = own.toString();
      if (!selfdestruct.has(ownHex)) this.refundGas(this.common.param("selfdestructRefundGas"));
      selfdestruct.set(ownHex, toAddress.toString());
      const toSelf = equalsBytes(toAddress.bytes, own.bytes);
      const state = this.state;
      const balance = state.balance(this.self);
      if (!toSelf) {
        const receiver = await state.account(toAddress.bytes);
        state.addBalance(receiver, balance);
        state.touch(receiver);
      }
      // From Cancun on a contract that was not made in this transaction keeps what it sends to itself.
      const emptied =
        !toSelf || !this.common.isActivatedEIP(6780) || this._env.createdAddresses?.has(ownHex) === true;
      if (emptied && balance > 0n && this.common.isActivatedEIP(7708)) {
        this._result.logs.push(
          toSelf ? burnLog(own.bytes, balance) : transferLog(own.bytes, toAddress.bytes, balance),
        );
      }
      if (emptied) state.setBalance(this.self, 0n);
      throw new EVMError(EVMError.errorMessages.STOP);
    }
  };
}
