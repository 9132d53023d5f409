// geth's default tracer: every opcode with gas, stack, memory and storage.

import type { TraceMessage, TraceResult, TraceStep } from "@braid/executor";
import { bigIntToBytes32, bytesToHex, type Hex } from "@braid/primitives";
import type { ForkRules } from "@braid/protocol";
import { hexOf } from "../format.ts";
import { describeHalt, type LastStep, lastStepOf, nameOfOpcode } from "./halts.ts";
import type { ResultTracer, Traced, TracedCall } from "./result-tracer.ts";
import type { Room } from "./room.ts";

export interface StructLogOptions {
  enableMemory: boolean;
  disableStack: boolean;
  disableStorage: boolean;
  enableReturnData: boolean;
  /** Opcodes that are logged; 0: all. */
  limit: bigint;
}

interface StructLog {
  pc: number;
  op: string;
  gas: number;
  gasCost: number;
  depth: number;
  stack?: string[];
  memory?: string[];
  storage?: Record<string, Hex>;
  returnData?: Hex;
  refund?: number;
  error?: string;
}

/** What a frame has, beside what its opcodes show. */
interface Frame {
  /** What the last call in it gave. */
  returned: Uint8Array;
  last: { log: StructLog; step: LastStep } | undefined;
}

const WORD_BYTES = 32;
const STIPEND = 2_300;
const CALLS = new Set(["CALL", "CALLCODE", "DELEGATECALL", "STATICCALL"]);
/** Characters of a log with nothing in it, and of a word of the stack or the memory. */
const LOG_CHARACTERS = 100;
const WORD_CHARACTERS = 69;

export class StructLogger implements ResultTracer {
  readonly #options: StructLogOptions;
  readonly #rules: ForkRules;
  readonly #room: Room;
  readonly #logs: StructLog[] = [];
  readonly #frames: Frame[] = [];
  /** Slots that were looked at or written, by contract. */
  readonly #storage = new Map<Hex, Record<string, Hex>>();
  #pendingLoad: { storage: Record<string, Hex>; key: string; log: StructLog } | undefined;

  /** @param room shared by the tracers of one request. */
  constructor({ rules }: TracedCall, options: StructLogOptions, room: Room) {
    this.#rules = rules;
    this.#options = options;
    this.#room = room;
  }

  beforeMessage({ gasLimit, value }: TraceMessage): void {
    const last = this.#frames.at(-1)?.last?.log;
    // What a call gives along is part of its cost, but for what it gets as a gift.
    if (last !== undefined && CALLS.has(last.op))
      last.gasCost += Number(gasLimit) - (value > 0n && last.op !== "DELEGATECALL" ? STIPEND : 0);
    this.#frames.push({ returned: new Uint8Array(0), last: undefined });
  }

  afterMessage({ execResult }: TraceResult): void {
    const { exceptionError, returnValue } = execResult;
    const frame = this.#frames.pop();
    if (frame?.last !== undefined && exceptionError !== undefined && exceptionError.error !== "revert")
      frame.last.log.error = describeHalt(exceptionError.error, frame.last.step, this.#rules);
    const caller = this.#frames.at(-1);
    if (caller !== undefined) caller.returned = returnValue.slice();
  }

  step(step: TraceStep): void {
    const { opcode, gasLeft, gasRefund, stack, depth, pc } = step;
    this.#settleLoad(stack);
    const { disableStack, enableMemory, enableReturnData, limit } = this.#options;
    const frame = this.#frames.at(-1);
    if (frame === undefined) return;
    if (limit > 0n && BigInt(this.#logs.length) >= limit) return;
    this.#room.take(this.#charactersOf(step, frame));
    const log: StructLog = {
      pc,
      op: nameOfOpcode(opcode),
      gas: Number(gasLeft),
      gasCost: Number(opcode.dynamicFee ?? opcode.fee),
      depth: depth + 1,
      ...(gasRefund === 0n ? {} : { refund: Number(gasRefund) }),
      ...(disableStack ? {} : { stack: stack.map(hexOf) }),
      ...(enableMemory && step.memory.length > 0 ? { memory: words(step.memory) } : {}),
      ...(enableReturnData && frame.returned.length > 0 ? { returnData: bytesToHex(frame.returned) } : {}),
    };
    this.#noteStorage(step, log);
    frame.last = { log, step: lastStepOf(step) };
    this.#logs.push(log);
  }

  codeEnd(step: TraceStep): void {
    this.step(step);
  }

  result({ status, gasUsed, output }: Traced): object {
    return {
      gas: Number(gasUsed),
      failed: status === 0,
      returnValue: bytesToHex(output),
      structLogs: this.#logs,
    };
  }

  /** PERF: of each opcode; what its log has in it is not made yet. */
  #charactersOf({ stack, memory }: TraceStep, { returned }: Frame): number {
    const { disableStack, enableMemory, enableReturnData } = this.#options;
    const words = (disableStack ? 0 : stack.length) + (enableMemory ? memory.length / WORD_BYTES : 0);
    return LOG_CHARACTERS + WORD_CHARACTERS * words + (enableReturnData ? 2 * returned.length : 0);
  }

  #noteStorage({ opcode, stack, address }: TraceStep, log: StructLog): void {
    if (this.#options.disableStorage) return;
    const slot = stack.at(-1);
    if (slot === undefined || (opcode.name !== "SLOAD" && opcode.name !== "SSTORE")) return;
    const of = bytesToHex(address.bytes);
    const storage = this.#storage.get(of) ?? {};
    this.#storage.set(of, storage);
    const key = bytesToHex(bigIntToBytes32(slot));
    if (opcode.name === "SLOAD") {
      // What it loads is on the stack when the next opcode comes.
      this.#pendingLoad = { storage, key, log };
      return;
    }
    const value = stack.at(-2);
    if (value === undefined) return;
    storage[key] = bytesToHex(bigIntToBytes32(value));
    log.storage = this.#copy(storage);
  }

  #copy(storage: Record<string, Hex>): Record<string, Hex> {
    this.#room.take(2 * WORD_CHARACTERS * Object.keys(storage).length);
    return { ...storage };
  }

  #settleLoad(stack: readonly bigint[]): void {
    if (this.#pendingLoad === undefined) return;
    const { storage, key, log } = this.#pendingLoad;
    this.#pendingLoad = undefined;
    storage[key] = bytesToHex(bigIntToBytes32(stack.at(-1) ?? 0n));
    log.storage = this.#copy(storage);
  }
}

function words(memory: Uint8Array): Hex[] {
  return Array.from({ length: Math.ceil(memory.length / WORD_BYTES) }, (_, i) =>
    bytesToHex(memory.slice(i * WORD_BYTES, (i + 1) * WORD_BYTES)),
  );
}
