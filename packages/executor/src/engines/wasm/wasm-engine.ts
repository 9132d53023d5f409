// The engine in the kernel: an EVM in WebAssembly over the same memory as the versions (kernel/assembly/evm), which runs a transaction from its checks
// to its outcome. It stops where it needs something from outside: state, a precompile, a block's hash, a look at the clock. Whatever it does not cover
// is unsupported, and leaves no trace.

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
  EVM_MISSING,
  EVM_RETURN,
  EXIT_ACCOUNT,
  EXIT_BLOCK_HASH,
  EXIT_CODE,
  EXIT_DONE,
  EXIT_FAULT,
  EXIT_PRECOMPILE,
  EXIT_SLOT,
  EXIT_STEP,
  EXIT_SUSPENDED,
  EXIT_TIME,
  INSTANCE_EVM,
  type Kernel,
  SLOT_ACCOUNT,
  SLOT_HEAD,
} from "@braid/kernel";
import type { ChainSetup } from "../../block/prepare-block.ts";
import { recordAddress } from "../../records/locations.ts";
import type { Engine, EngineBlock, MissHandler, UnitEnd, UnitExecutor } from "../engine.ts";
import { CHECK_STEPS, TimeLimit } from "../time-limit.ts";
import { OUT_OF_GAS, writeBlock, writeErrorName, writeSteps } from "./block-words.ts";
import { isSince } from "./opcodes.ts";

const DONE: UnitEnd = { kind: "done" };
const FAULT: UnitEnd = { kind: "fault" };
const UNSUPPORTED: UnitEnd = { kind: "unsupported" };

/** Amounts and numbers from here on are left to the other engine. */
const HUGE = 1n << 128n;
const MAX_LONG = 1n << 63n;

/** What a precompile answers. */
interface PrecompileResult {
  gasUsed: bigint;
  output: Uint8Array;
  /** Why it failed, in words; undefined when it did not. */
  reason: string | undefined;
}

/** Runs the precompiles of a fork. Rejects when one cannot be run here. */
export type Precompiles = (number: number, data: Uint8Array, gasLimit: bigint) => Promise<PrecompileResult>;

/** Sees each opcode of a unit before it runs; EVM_SEEN tells which. `evm` is what EVM_* are offsets from. */
export type OnStep = (unit: number, kernel: Kernel, evm: number) => void;

export class WasmEngine implements Engine {
  readonly #kernel: Kernel;
  readonly #misses: MissHandler;
  readonly #timeLimit: TimeLimit;
  readonly #precompilesOf: (chain: ChainSetup) => Precompiles;
  readonly #onStep: OnStep | undefined;

  constructor(
    kernel: Kernel,
    misses: MissHandler,
    precompilesOf: (chain: ChainSetup) => Precompiles,
    onStep?: OnStep,
  ) {
    this.#onStep = onStep;
    this.#kernel = kernel;
    this.#misses = misses;
    this.#timeLimit = new TimeLimit(misses);
    this.#precompilesOf = precompilesOf;
  }

  async beginBlock(block: EngineBlock): Promise<UnitExecutor> {
    if (!isSupported(block)) return { executeUnit: () => UNSUPPORTED };
    const evm = this.#kernel.scratch + INSTANCE_EVM;
    writeBlock(this.#kernel, evm, block);
    if (this.#onStep !== undefined) writeSteps(this.#kernel, evm);
    this.#timeLimit.begin(block);
    const precompiles = this.#precompilesOf(block.chain);
    return new WasmUnits(this.#kernel, evm, this.#misses, this.#timeLimit, precompiles, this.#onStep);
  }
}

/** From Byzantium to Osaka and its blob forks, by the rules that these forks are known by; EIP-1283 held on test networks only. */
function isSupported({ context, chain, calls, tracer }: EngineBlock): boolean {
  const { fork } = chain;
  return (
    calls === undefined &&
    tracer === undefined &&
    isSince(fork, "byzantium") &&
    !isSince(fork, "amsterdam") &&
    fork !== "constantinople" &&
    Object.keys(chain.spec.eips ?? {}).length === 0 &&
    chain.spec.unlimitedCodeSize !== true &&
    (context.baseFeePerGas ?? 0n) < HUGE &&
    (context.blobGasPrice ?? 0n) < HUGE &&
    context.gasLimit < MAX_LONG &&
    context.number < MAX_LONG &&
    context.timestamp < MAX_LONG
  );
}

class WasmUnits implements UnitExecutor {
  readonly #kernel: Kernel;
  /** What EVM_* are offsets from. */
  readonly #evm: number;
  readonly #misses: MissHandler;
  readonly #timeLimit: TimeLimit;
  readonly #precompiles: Precompiles;
  readonly #onStep: OnStep | undefined;
  readonly #lastUnit: number;

  constructor(
    kernel: Kernel,
    evm: number,
    misses: MissHandler,
    timeLimit: TimeLimit,
    precompiles: Precompiles,
    onStep: OnStep | undefined,
  ) {
    this.#kernel = kernel;
    this.#evm = evm;
    this.#misses = misses;
    this.#timeLimit = timeLimit;
    this.#precompiles = precompiles;
    this.#onStep = onStep;
    this.#lastUnit = kernel.unitCount - 1;
  }

  /** PERF: one call into wasm for a transaction that needs nothing from outside. */
  executeUnit(unit: number, head: boolean): UnitEnd | Promise<UnitEnd> {
    // A scout runs on what is predicted, which only the other engine knows how to do.
    if (unit === 0 || unit === this.#lastUnit || this.#misses.refused.length > 0) return UNSUPPORTED;
    const exit = this.#kernel.exports.evmExecute(unit, +head);
    if (exit === EXIT_DONE) return DONE;
    if (exit === EXIT_SUSPENDED) return { kind: "suspended", blockingUnit: this.#word(EVM_BLOCKING) | 0 };
    return this.#goOn(unit, head, exit);
  }

  #word(offset: number): number {
    return this.#kernel.u32[(this.#evm + offset) >>> 2] as number;
  }

  #long(offset: number): bigint {
    return this.#kernel.u64[(this.#evm + offset) >>> 3] as bigint;
  }

  /** Gives the EVM what it stopped for until the unit has ended. */
  async #goOn(unit: number, head: boolean, stopped: number): Promise<UnitEnd> {
    const { exports } = this.#kernel;
    let exit = stopped;
    for (;;) {
      switch (exit) {
        case EXIT_DONE:
          return DONE;
        case EXIT_SUSPENDED:
          return { kind: "suspended", blockingUnit: this.#word(EVM_BLOCKING) | 0 };
        case EXIT_FAULT:
          return FAULT;
        case EXIT_TIME:
          try {
            if (this.#timeLimit.check(CHECK_STEPS)) await this.#timeLimit.pause();
          } catch (error) {
            return head ? { kind: "failed", error } : { kind: "suspended", blockingUnit: -1 };
          }
          exit = exports.evmResume();
          break;
        case EXIT_STEP:
          this.#onStep?.(unit, this.#kernel, this.#evm);
          exit = exports.evmResume();
          break;
        case EXIT_ACCOUNT:
        case EXIT_SLOT:
        case EXIT_CODE:
          if (!(await this.#fetch(exit))) return UNSUPPORTED;
          exit = exports.evmBeginsAgain() === 1 ? exports.evmExecute(unit, +head) : exports.evmResume();
          break;
        case EXIT_BLOCK_HASH:
          if (!(await this.#fetchBlockHash())) return UNSUPPORTED;
          exit = exports.evmResume();
          break;
        case EXIT_PRECOMPILE: {
          const result = await this.#callPrecompile();
          if (result === undefined) return UNSUPPORTED;
          exit = exports.evmPrecompiled(result.error, result.gasUsed, result.output.length);
          break;
        }
        default:
          return UNSUPPORTED;
      }
    }
  }

  /** False when nobody waits for it, or it could not be had: the other engine then says so. */
  async #fetch(exit: number): Promise<boolean> {
    const { u8 } = this.#kernel;
    const missing = this.#word(EVM_MISSING);
    try {
      if (exit === EXIT_ACCOUNT) return await this.#misses.fetchAccount(u8.slice(missing, missing + 20));
      if (exit === EXIT_CODE) return await this.#misses.fetchCode(u8.slice(missing, missing + 32));
      const account = this.#kernel.u32[(missing - SLOT_HEAD + SLOT_ACCOUNT) >>> 2] as number;
      return await this.#misses.fetchSlot(
        recordAddress(this.#kernel, account),
        this.#kernel.slotKey(missing),
      );
    } catch {
      // It fails in the other engine as well, which knows how that is reported.
      return false;
    }
  }

  async #fetchBlockHash(): Promise<boolean> {
    try {
      const hash = await this.#misses.blockHash(this.#long(EVM_HASH_NUMBER));
      this.#kernel.u8.set(hash, this.#evm + EVM_HASH);
    } catch {
      return false;
    }
    this.#kernel.exports.evmHashKnown();
    return this.#misses.refused.length === 0;
  }

  /** What the precompile answers, with an ERROR_* that stands for its reason; undefined when it cannot be run here. */
  async #callPrecompile(): Promise<(PrecompileResult & { error: number }) | undefined> {
    const data = this.#word(EVM_CALL_DATA);
    let result: PrecompileResult;
    try {
      result = await this.#precompiles(
        this.#word(EVM_CALL_ADDRESS),
        this.#kernel.u8.slice(data, data + this.#word(EVM_CALL_LENGTH)),
        this.#long(EVM_CALL_GAS),
      );
    } catch {
      return undefined;
    }
    if (result.output.length > EVM_ENTRIES - EVM_RETURN) return undefined;
    this.#kernel.u8.set(result.output, this.#evm + EVM_RETURN);
    const { reason } = result;
    if (reason === undefined) return { ...result, error: ERROR_NONE };
    if (reason === OUT_OF_GAS) return { ...result, error: ERROR_OUT_OF_GAS };
    writeErrorName(this.#kernel, this.#evm, ERROR_PRECOMPILE, reason);
    return { ...result, error: ERROR_PRECOMPILE };
  }
}
