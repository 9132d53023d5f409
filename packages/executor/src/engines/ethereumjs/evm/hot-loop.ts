// The opcodes that make up nearly all of what contracts execute, in one synchronous function: stack, gas, program counter
// and memory are plain locals, gas is a number, nothing is awaited. It stops in front of the first opcode that it does not
// run, and the frame goes on with ethereumjs's handler for that one.

import { bigIntToBytes32, bytesToBigInt } from "@braid/primitives";
import { EVMError } from "@ethereumjs/evm";
import { keepPreimage } from "../../../records/preimages.ts";
import { readWordBigEndian, writeWordBigEndian } from "../../../records/words.ts";
import { CHECK_GAS, CHECK_STEPS, type TimeLimit } from "../../time-limit.ts";
import { type CodeAnalysis, wideConstant } from "../state/code-analysis.ts";
import type { AccountEntry, SlotEntry } from "../state/entries.ts";
import type { VersionedState } from "../state/versioned-state.ts";
import type { RunState } from "./frame-interpreter.ts";
import { COLD, type GasTable, PLAIN } from "./gas-table.ts";

/** Why the hot loop stopped. */
export const HotExit = {
  /** In front of an opcode that ethereumjs's handlers run. */
  Cold: 0,
  /** STOP, RETURN, or the end of the code. */
  Done: 1,
  Revert: 2,
  /** In front of an opcode whose slot the state source has to give first: `HotFrame.missing`. */
  Missing: 3,
  /** Others have to have the thread first: TimeLimit.pause. */
  Pause: 4,
} as const;
export type HotExit = (typeof HotExit)[keyof typeof HotExit];

/** What the loop needs of its frame besides the run state. */
export interface HotFrame {
  readonly state: VersionedState;
  readonly table: GasTable;
  readonly self: AccountEntry;
  readonly analysis: CodeAnalysis;
  readonly timeLimit: TimeLimit;
  missing: SlotEntry | undefined;
  /** The most words of memory that the loop has paid for. */
  memoryWords: number;
}

const MASK_256 = (1n << 256n) - 1n;
const SIGN_BIT = 1n << 255n;
/** Gas above this stays a bigint outside the loop: numbers are exact below 2^53. */
const MAX_LOOP_GAS = 2 ** 52;
/** 2 GiB: a price of 2^43 gas, more than any transaction has. */
const MAX_MEMORY = 2 ** 31;
export const MEMORY_GRANULE = 8_192;
/** Scratch of a worker's kernel: what is hashed in place. */
const MAX_SCRATCH_HASH = 32_768;
/** Mostly keys of mappings, 64 bytes: for these a loop beats making a view. */
const MAX_COPIED_BY_LOOP = 128;
const STACK_LIMIT = 1_024;

const BYTE_VALUES: bigint[] = Array.from({ length: 256 }, (_, i) => BigInt(i));
const PUSH2_VALUES: (bigint | undefined)[] = new Array(65_536).fill(undefined);

function trap(error: EVMError["error"]): never {
  throw new EVMError(error);
}

const { OUT_OF_GAS, STACK_UNDERFLOW, STACK_OVERFLOW, INVALID_JUMP, STATIC_STATE_CHANGE, REFUND_EXHAUSTED } =
  EVMError.errorMessages;

/** Runs from the frame's program counter. Throws EVMError for an exceptional halt and whatever the state throws to leave the incarnation. */
export function runHot(frame: HotFrame, rs: RunState): HotExit {
  const { state, self } = frame;
  const { fees, stackNeeded, stackGrowth, coldSload, warmRead } = frame.table;
  const analysis = frame.analysis;
  const jumps = analysis.jumps;
  const code = rs.code;
  const length = code.length;
  const stack = rs.stack;
  const items = stack["_store"];
  const memory = rs.memory;
  const env = rs.env;
  const reserve = rs.gasLeft > BigInt(MAX_LOOP_GAS) ? rs.gasLeft - BigInt(MAX_LOOP_GAS) : 0n;
  let gas = Number(rs.gasLeft - reserve);
  const { timeLimit } = frame;
  /** At the next jump with less gas than this the clock is looked at: what runs long jumps. */
  let checkBelow = timeLimit.isSet ? gas - CHECK_GAS : 0;
  let pc = rs.programCounter;
  let top = stack["_len"];
  let bytes = memory._store;
  let view = new DataView(bytes.buffer);
  let callData: DataView | undefined;
  let words = Number(rs.memoryWordCount);
  let exit: HotExit = HotExit.Done;

  /** Charges for memory up to `end` bytes (Yellow Paper appendix H) and makes room for it. */
  const expand = (end: number): void => {
    const needed = Math.ceil(end / 32);
    if (needed <= words) return;
    if (end > MAX_MEMORY) trap(OUT_OF_GAS);
    gas -= 3 * (needed - words) + Math.floor((needed * needed) / 512) - Math.floor((words * words) / 512);
    if (gas < 0) trap(OUT_OF_GAS);
    words = needed;
    frame.memoryWords = needed;
    if (needed * 32 > bytes.length) {
      const grown = new Uint8Array(
        Math.ceil(Math.max(needed * 32, bytes.length * 2) / MEMORY_GRANULE) * MEMORY_GRANULE,
      );
      grown.set(bytes);
      bytes = memory._store = grown;
      view = new DataView(bytes.buffer);
    }
  };
  /** Makes room for `size` bytes at `offset`; an empty area costs nothing wherever it lies. */
  const area = (offset: bigint, size: bigint): void => {
    if (size === 0n) return;
    const end = offset + size;
    if (end > BigInt(MAX_MEMORY)) trap(OUT_OF_GAS);
    expand(Number(end));
  };
  /** Copies into memory from a source that is followed by zeros without end. */
  const copy = (target: bigint, from: bigint, size: bigint, source: Uint8Array): void => {
    if (size === 0n) return;
    const start = Number(target);
    const count = Number(size);
    const begin = from >= BigInt(source.length) ? source.length : Number(from);
    const available = Math.min(count, source.length - begin);
    bytes.set(source.subarray(begin, begin + available), start);
    if (available < count) bytes.fill(0, start + available, start + count);
  };

  loop: while (pc < length) {
    const opcode = code[pc] as number;
    const fee = fees[opcode] as number;
    if (fee === COLD) {
      exit = HotExit.Cold;
      break;
    }
    if (top < (stackNeeded[opcode] as number)) trap(STACK_UNDERFLOW);
    if (top + (stackGrowth[opcode] as number) > STACK_LIMIT) trap(STACK_OVERFLOW);
    gas -= fee;
    if (gas < 0) trap(OUT_OF_GAS);
    pc++;
    if (opcode >= 0x80 && opcode <= 0x8f) {
      items[top] = items[top - (opcode - 0x7f)] as bigint;
      top++;
      continue;
    }
    if (opcode >= 0x90 && opcode <= 0x9f) {
      const other = top - 1 - (opcode - 0x8f);
      const value = items[top - 1] as bigint;
      items[top - 1] = items[other] as bigint;
      items[other] = value;
      continue;
    }
    if (opcode >= 0x60 && opcode <= 0x7f) {
      const size = opcode - 0x5f;
      let value: bigint;
      if (size === 1) value = BYTE_VALUES[code[pc] ?? 0] as bigint;
      else if (size === 2) {
        const number = ((code[pc] ?? 0) << 8) | (code[pc + 1] ?? 0);
        value = PUSH2_VALUES[number] ??= BigInt(number);
      } else value = wideConstant(code, pc, size, analysis);
      items[top++] = value;
      pc += size;
      continue;
    }
    switch (opcode) {
      case 0x00:
        exit = HotExit.Done;
        break loop;
      case 0x01: {
        const sum = (items[--top] as bigint) + (items[top - 1] as bigint);
        items[top - 1] = sum > MASK_256 ? sum & MASK_256 : sum;
        break;
      }
      case 0x02: {
        const product = (items[--top] as bigint) * (items[top - 1] as bigint);
        items[top - 1] = product > MASK_256 ? product & MASK_256 : product;
        break;
      }
      case 0x03: {
        const difference = (items[--top] as bigint) - (items[top - 1] as bigint);
        items[top - 1] = difference < 0n ? difference & MASK_256 : difference;
        break;
      }
      case 0x04: {
        const dividend = items[--top] as bigint;
        const divisor = items[top - 1] as bigint;
        items[top - 1] = divisor === 0n ? 0n : dividend / divisor;
        break;
      }
      case 0x06: {
        const dividend = items[--top] as bigint;
        const divisor = items[top - 1] as bigint;
        items[top - 1] = divisor === 0n ? 0n : dividend % divisor;
        break;
      }
      case 0x10:
        items[top - 2] = (items[--top] as bigint) < (items[top - 1] as bigint) ? 1n : 0n;
        break;
      case 0x11:
        items[top - 2] = (items[--top] as bigint) > (items[top - 1] as bigint) ? 1n : 0n;
        break;
      // Flipping the sign bit turns the signed order into the unsigned one.
      case 0x12:
        items[top - 2] =
          ((items[--top] as bigint) ^ SIGN_BIT) < ((items[top - 1] as bigint) ^ SIGN_BIT) ? 1n : 0n;
        break;
      case 0x13:
        items[top - 2] =
          ((items[--top] as bigint) ^ SIGN_BIT) > ((items[top - 1] as bigint) ^ SIGN_BIT) ? 1n : 0n;
        break;
      case 0x14:
        items[top - 2] = (items[--top] as bigint) === (items[top - 1] as bigint) ? 1n : 0n;
        break;
      case 0x15:
        items[top - 1] = (items[top - 1] as bigint) === 0n ? 1n : 0n;
        break;
      case 0x16:
        items[top - 2] = (items[--top] as bigint) & (items[top - 1] as bigint);
        break;
      case 0x17:
        items[top - 2] = (items[--top] as bigint) | (items[top - 1] as bigint);
        break;
      case 0x18:
        items[top - 2] = (items[--top] as bigint) ^ (items[top - 1] as bigint);
        break;
      case 0x19:
        items[top - 1] = (items[top - 1] as bigint) ^ MASK_256;
        break;
      case 0x1b: {
        const shift = items[--top] as bigint;
        items[top - 1] = shift > 255n ? 0n : ((items[top - 1] as bigint) << shift) & MASK_256;
        break;
      }
      case 0x1c: {
        const shift = items[--top] as bigint;
        items[top - 1] = shift > 255n ? 0n : (items[top - 1] as bigint) >> shift;
        break;
      }
      case 0x20: {
        const offset = items[--top] as bigint;
        const size = items[top - 1] as bigint;
        if (size > BigInt(MAX_MEMORY)) trap(OUT_OF_GAS);
        const count = Number(size);
        gas -= 6 * Math.ceil(count / 32);
        if (gas < 0) trap(OUT_OF_GAS);
        area(offset, size);
        const start = count === 0 ? 0 : Number(offset);
        items[top - 1] = keccakWord(state, bytes, start, count);
        break;
      }
      case 0x30:
        items[top++] = bytesToBigInt(env.address.bytes);
        break;
      case 0x33:
        items[top++] = bytesToBigInt(env.caller.bytes);
        break;
      case 0x34:
        items[top++] = env.callValue;
        break;
      case 0x35:
        callData ??= new DataView(env.callData.buffer, env.callData.byteOffset, env.callData.length);
        items[top - 1] = callDataWord(env.callData, callData, items[top - 1] as bigint);
        break;
      case 0x36:
        items[top++] = BigInt(env.callData.length);
        break;
      case 0x37:
      case 0x39: {
        const target = items[--top] as bigint;
        const from = items[--top] as bigint;
        const size = items[--top] as bigint;
        area(target, size);
        gas -= 3 * Math.ceil(Number(size) / 32);
        if (gas < 0) trap(OUT_OF_GAS);
        copy(target, from, size, opcode === 0x37 ? env.callData : env.code);
        break;
      }
      case 0x3d:
        items[top++] = BigInt(rs.returnBytes.length);
        break;
      case 0x3e: {
        const target = items[--top] as bigint;
        const from = items[--top] as bigint;
        const size = items[--top] as bigint;
        // EIP-211: beyond the end of the buffer is an exceptional halt.
        if (from + size > BigInt(rs.returnBytes.length)) trap(OUT_OF_GAS);
        area(target, size);
        gas -= 3 * Math.ceil(Number(size) / 32);
        if (gas < 0) trap(OUT_OF_GAS);
        copy(target, from, size, rs.returnBytes);
        break;
      }
      case 0x50:
        top--;
        break;
      case 0x51: {
        const offset = items[top - 1] as bigint;
        area(offset, 32n);
        items[top - 1] = readWordBigEndian(view, Number(offset));
        break;
      }
      case 0x52: {
        const offset = items[--top] as bigint;
        area(offset, 32n);
        writeWordBigEndian(view, Number(offset), items[--top] as bigint);
        break;
      }
      case 0x53: {
        const offset = items[--top] as bigint;
        area(offset, 1n);
        bytes[Number(offset)] = Number((items[--top] as bigint) & 0xffn);
        break;
      }
      case 0x54: {
        const slot = state.slotByWord(self, items[top - 1] as bigint);
        const wasCold = coldSload !== undefined && !slot.warm;
        const price = coldSload === undefined ? 0 : wasCold ? coldSload : warmRead;
        gas -= price;
        if (gas < 0) trap(OUT_OF_GAS);
        if (!state.tryLoadSlot(slot)) {
          frame.missing = slot;
          gas += price + fee;
          pc--;
          exit = HotExit.Missing;
          break loop;
        }
        if (wasCold) state.warmSlot(slot);
        items[top - 1] = slot.value;
        break;
      }
      case 0x55: {
        if (env.isStatic) trap(STATIC_STATE_CHANGE);
        const net = frame.table.netMetering;
        if (net !== undefined && gas <= net.sentry) trap(OUT_OF_GAS);
        const slot = state.slotByWord(self, items[top - 1] as bigint);
        if (!state.tryLoadSlot(slot)) {
          frame.missing = slot;
          gas += fee;
          pc--;
          exit = HotExit.Missing;
          break loop;
        }
        const value = items[top - 2] as bigint;
        top -= 2;
        const current = slot.value;
        if (net === undefined) {
          gas -= current === 0n && value !== 0n ? 20_000 : 5_000;
          if (current !== 0n && value === 0n) rs.gasRefund += 15_000n;
        } else if (current === value) gas -= net.noop;
        else {
          const original = slot.original;
          if (original === current) {
            gas -= original === 0n ? net.init : net.clean;
            if (original !== 0n && value === 0n) rs.gasRefund += net.clearRefund;
          } else {
            gas -= net.dirty;
            if (original !== 0n) {
              if (current === 0n) rs.gasRefund -= net.clearRefund;
              else if (value === 0n) rs.gasRefund += net.clearRefund;
            }
            if (original === value) rs.gasRefund += original === 0n ? net.initRefund : net.cleanRefund;
            if (rs.gasRefund < 0n) trap(REFUND_EXHAUSTED);
          }
        }
        if (coldSload !== undefined && !slot.warm) {
          gas -= coldSload;
          if (gas >= 0) state.warmSlot(slot);
        }
        if (gas < 0) trap(OUT_OF_GAS);
        if (current !== value) state.setSlot(slot, value);
        break;
      }
      case 0x56:
        pc = jumpTarget(items[--top] as bigint, jumps);
        if (gas < checkBelow) {
          if (timeLimit.check(CHECK_STEPS)) {
            exit = HotExit.Pause;
            break loop;
          }
          checkBelow = gas - CHECK_GAS;
        }
        break;
      case 0x57:
        top -= 2;
        if ((items[top] as bigint) !== 0n) pc = jumpTarget(items[top + 1] as bigint, jumps);
        if (gas < checkBelow) {
          if (timeLimit.check(CHECK_STEPS)) {
            exit = HotExit.Pause;
            break loop;
          }
          checkBelow = gas - CHECK_GAS;
        }
        break;
      case 0x58:
        items[top++] = BigInt(pc - 1);
        break;
      case 0x5a:
        items[top++] = reserve + BigInt(gas);
        break;
      case 0x5b:
        break;
      case 0x5f:
        items[top++] = 0n;
        break;
      case 0xa0:
      case 0xa1:
      case 0xa2:
      case 0xa3:
      case 0xa4: {
        if (env.isStatic) trap(STATIC_STATE_CHANGE);
        const offset = items[--top] as bigint;
        const size = items[--top] as bigint;
        area(offset, size);
        const topicCount = opcode - 0xa0;
        const count = Number(size);
        gas -= 375 * topicCount + 8 * count;
        if (gas < 0) trap(OUT_OF_GAS);
        const topics: Uint8Array[] = [];
        for (let i = 0; i < topicCount; i++) topics.push(bigIntToBytes32(items[--top] as bigint));
        const start = count === 0 ? 0 : Number(offset);
        rs.interpreter._result.logs.push([env.address.bytes, topics, bytes.slice(start, start + count)]);
        break;
      }
      case 0xf3:
      case 0xfd: {
        const offset = items[--top] as bigint;
        const size = items[--top] as bigint;
        area(offset, size);
        const start = size === 0n ? 0 : Number(offset);
        rs.interpreter._result.returnValue = bytes.slice(start, start + Number(size));
        exit = opcode === 0xf3 ? HotExit.Done : HotExit.Revert;
        break loop;
      }
      default: {
        if (!PLAIN.has(opcode))
          throw new Error(`opcode 0x${opcode.toString(16)} is in the gas table but not in the hot loop`);
        stack["_len"] = top;
        rs.programCounter = pc;
        rs.memoryWordCount = BigInt(words);
        const handler = rs.interpreter._evm["_opcodeMap"][opcode];
        if (handler === undefined) throw new Error("an active opcode without a handler");
        rs.opCode = opcode;
        void handler.opHandler(rs, rs.interpreter._evm.common);
        top = stack["_len"];
      }
    }
  }
  stack["_len"] = top;
  rs.programCounter = pc;
  rs.gasLeft = reserve + BigInt(gas);
  rs.memoryWordCount = BigInt(words);
  rs.highestMemCost = BigInt(3 * words + Math.floor((words * words) / 512));
  return exit;
}

function jumpTarget(target: bigint, jumps: Uint8Array): number {
  const pc = target < 0x7fffffffn ? Number(target) : -1;
  if (jumps[pc] !== 1) trap(INVALID_JUMP);
  return pc;
}

/** The hash of a part of `data` as a word. PERF: hashed in the worker's scratch memory, no allocation but the result. */
function keccakWord(state: VersionedState, data: Uint8Array, start: number, count: number): bigint {
  const { kernel } = state;
  if (count > MAX_SCRATCH_HASH) return bytesToBigInt(kernel.keccak256(data.subarray(start, start + count)));
  const { scratch, u8 } = kernel;
  if (count > MAX_COPIED_BY_LOOP) u8.set(data.subarray(start, start + count), scratch);
  else for (let i = 0; i < count; i++) u8[scratch + i] = data[start + i] as number;
  const output = scratch + MAX_SCRATCH_HASH;
  kernel.keccak(scratch, count, output);
  if (state.preimagesLeft > 0) {
    state.preimagesLeft--;
    keepPreimage(kernel, state.unit, count, output);
  }
  return readWordBigEndian(kernel.view, output);
}

const padded = new Uint8Array(32);

/** The word at `offset` of the call's data, which is followed by zeros without end. */
function callDataWord(data: Uint8Array, view: DataView, offset: bigint): bigint {
  if (offset >= BigInt(data.length)) return 0n;
  const start = Number(offset);
  if (start + 32 <= data.length) return readWordBigEndian(view, start);
  padded.fill(0);
  padded.set(data.subarray(start));
  return bytesToBigInt(padded);
}
