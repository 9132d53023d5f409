// The loop of opcodes: runs the current frame until it ends, calls another one, or stops. Stack, gas and place in the code are locals; they are
// written to the frame when the loop is left. An opcode that cannot go on leaves everything as it found it, and begins again.

import {
  ACCOUNT_ADDRESS,
  ERROR_INVALID_JUMP,
  ERROR_INVALID_OPCODE,
  ERROR_NONE,
  ERROR_OUT_OF_GAS,
  ERROR_REVERT,
  ERROR_STACK_OVERFLOW,
  ERROR_STACK_UNDERFLOW,
  ERROR_STATIC,
  EVM_BASE_FEE,
  EVM_BLOB_FEE,
  EVM_BLOCK_GAS_LIMIT,
  EVM_CHAIN_ID,
  EVM_COINBASE,
  EVM_GAS_EXP_BYTE,
  EVM_HASH,
  EVM_HASH_KNOWN,
  EVM_HASH_NUMBER,
  EVM_NUMBER,
  EVM_OPCODES,
  EVM_RANDOM,
  EVM_RETURN,
  EVM_RETURN_LENGTH,
  EVM_SEEN,
  EVM_STEPS,
  EVM_TIMESTAMP,
  EXIT_BLOCK_HASH,
  EXIT_STEP,
  EXIT_TIME,
  EXIT_UNSUPPORTED,
  OPCODE_INVALID,
  OPCODE_ROOM,
  OPCODE_SIZE,
  OPCODE_TAKEN,
  RULE_STEPS,
  RULE_TIME_LIMIT,
  SEEN_DEPTH,
  SEEN_GAS,
  SEEN_OPCODE,
  SEEN_PC,
  SEEN_STACK,
  SEEN_TOP,
  TX_BLOB_COUNT,
  TX_BLOB_HASHES,
  TX_GAS_PRICE,
} from "../../src/layout";
import { keccak, keccakOfKey, MAPPING_KEY } from "../keccak";
import { area, evm } from "../memory";
import { CHECK_GAS, callOp, ENTERED, GO_ON, leave, STOP } from "./calls";
import { balance } from "./accounts";
import { createOp, selfDestructOp } from "./creations";
import { balanceOf, codeHashOf, codeSizeOf, copyCodeOf } from "./environment";
import { A_RECORD } from "./entries";
import { addLog } from "./logs";
import {
  depth,
  exit,
  FRAME_CALLER,
  FRAME_CHECK,
  FRAME_CODE,
  FRAME_CODE_LENGTH,
  FRAME_DATA,
  FRAME_DATA_LENGTH,
  FRAME_GAS,
  FRAME_JUMPS,
  FRAME_MEMORY,
  FRAME_MEMORY_SIZE,
  FRAME_PC,
  FRAME_SELF,
  FRAME_STACK,
  FRAME_STATIC,
  FRAME_TOP,
  FRAME_VALUE,
  frame,
  hasRule,
  param,
  stop,
} from "./machine";
import { areaEnd, copyPadded, expand, STOPPED, wordsGas } from "./memory";
import { addMod, byteLength, div, divSigned, exp, mod, modSigned, mul, mulMod } from "./mul-div";
import { keepPreimage, preimagesLeft } from "./preimages";
import { loadStorage, loadTransient, storeError, storeStorage, storeTransient } from "./storage";
import { origin, transaction } from "./transaction";
import {
  add,
  byteAt,
  copy,
  equal,
  isNegative,
  isShort,
  isZero,
  leadingZeros,
  less,
  lessSigned,
  readAddress,
  readBytes,
  set,
  setShort,
  shiftLeft,
  shiftRight,
  signExtend,
  sub,
  writeBytes,
} from "./u256";

/** What the frame that has ended returns. */
let output: u32 = 0;
let outputLength: u32 = 0;

/** Runs frames until the outermost one has ended or the EVM stops: EXIT_*. */
export function run(): i32 {
  while (true) {
    outputLength = 0;
    const end = runFrame();
    if (end == STOP) return exit;
    if (end == ENTERED) continue;
    if (!leave(end, output, outputLength)) return exit;
  }
}

/** Which of the reasons for not running an opcode comes first. */
function refuse(opcode: u32, height: u32): i32 {
  const taken = u32(load<u16>(evm + EVM_OPCODES + opcode * OPCODE_SIZE, OPCODE_TAKEN));
  if (taken == OPCODE_INVALID) return ERROR_INVALID_OPCODE;
  return height < taken ? ERROR_STACK_UNDERFLOW : ERROR_STACK_OVERFLOW;
}

/** Somebody has seen the opcode that comes next. */
let isSeen: bool = false;

/** With RULE_STEPS each opcode is refused at first: what else refuses it, ERROR_NONE when nothing does, STOP when nobody has seen it yet. */
function step(opcode: u32, height: u32, pc: u32, gas: i64): i32 {
  isSeen = !isSeen;
  if (isSeen) {
    const seen = evm + EVM_SEEN;
    const stack = load<u32>(frame, FRAME_STACK);
    store<u32>(seen, pc - load<u32>(frame, FRAME_CODE), SEEN_PC);
    store<u32>(seen, opcode, SEEN_OPCODE);
    store<u32>(seen, depth(), SEEN_DEPTH);
    store<i64>(seen, gas, SEEN_GAS);
    store<u32>(seen, stack, SEEN_STACK);
    store<u32>(seen, stack + height, SEEN_TOP);
    stop(EXIT_STEP);
    return STOP;
  }
  const row = evm + EVM_OPCODES + (opcode << 3);
  return height - u32(load<u16>(row, OPCODE_TAKEN)) > load<u32>(row, OPCODE_ROOM) ? refuse(opcode, height) : ERROR_NONE;
}

/** Does the opcode look at accounts before it is known whether there is gas for it? Then it says so itself. */
function looksFirst(opcode: u32): bool {
  return opcode == 0xf1 || opcode == 0xf2 || opcode == 0xf4 || opcode == 0xfa || opcode == 0xff;
}

/** Leaves the loop with all as it was before the opcode. */
function again(pc: u32, top: u32, gas: i64): i32 {
  store<u32>(frame, pc, FRAME_PC);
  store<u32>(frame, top, FRAME_TOP);
  store<i64>(frame, gas, FRAME_GAS);
  return STOP;
}

/** What `gas < 0` means: an error, or that the EVM stops and the opcode begins again. */
// @ts-ignore: decorator
@inline
function short(gas: i64, pc: u32, top: u32, before: i64): i32 {
  return gas == STOPPED ? again(pc - 1, top, before) : ERROR_OUT_OF_GAS;
}

/** The place in the code of a jump's target; 0 when it is none. */
// @ts-ignore: decorator
@inline
function placeOf(to: u64): u32 {
  if (to >= u64(load<u32>(frame, FRAME_CODE_LENGTH))) return 0;
  const index = u32(to);
  const word = load<u32>(load<u32>(frame, FRAME_JUMPS) + ((index >> 5) << 2));
  return (word >> (index & 31)) & 1 ? load<u32>(frame, FRAME_CODE) + index : 0;
}

/** The word at an offset (a word) of bytes that are followed by zeros without end. */
function readPadded(source: u32, length: u32, offset: u32, out: u32): void {
  if (isShort(offset) && load<u64>(offset) + 32 <= u64(length) && load<u64>(offset) < u64(length)) {
    readBytes(source + u32(load<u64>(offset)), out);
    return;
  }
  copyPadded(area, source, length, offset, 32);
  readBytes(area, out);
}

// @ts-ignore: decorator
@inline
function swap(a: u32, b: u32): void {
  const a0 = load<u64>(a);
  const a1 = load<u64>(a, 8);
  const a2 = load<u64>(a, 16);
  const a3 = load<u64>(a, 24);
  copy(a, b);
  set(b, a0, a1, a2, a3);
}

/** PUSH3 to PUSH32: the bytes before the code are the record's, so that 32 bytes can be read that end anywhere in it. */
function push(end: u32, size: u32, out: u32): void {
  const missing = u64((32 - size) & 7) << 3;
  const mask = u64.MAX_VALUE >> missing;
  let l0 = bswap<u64>(load<u64>(end - 8));
  let l1: u64 = 0;
  let l2: u64 = 0;
  let l3: u64 = 0;
  if (size <= 8) l0 &= mask;
  else {
    l1 = bswap<u64>(load<u64>(end - 16));
    if (size <= 16) l1 &= mask;
    else {
      l2 = bswap<u64>(load<u64>(end - 24));
      if (size <= 24) l2 &= mask;
      else l3 = bswap<u64>(load<u64>(end - 32)) & mask;
    }
  }
  set(out, l0, l1, l2, l3);
}

const PUSH2: u32 = 0x61;
const NO_OPCODE: u32 = 256;
const PUSH_GAS: i64 = 3;
const JUMP_GAS: i64 = 8;
const JUMP_IF_GAS: i64 = 10;
/** Bytes on the stack with room for one word more. */
const LAST_ROOM: u32 = 1023 * 32;
/** In the place of a jump's target: nothing but a comparison yet. */
const COMPARED: u64 = u64.MAX_VALUE;
/** Where no code has a place. */
const NOWHERE: u64 = u64.MAX_VALUE - 1;

// @ts-ignore: decorator
@inline
function wordOrNone(word: u32): u64 {
  return isShort(word) ? min(load<u64>(word), NOWHERE) : NOWHERE;
}

/** Runs the current frame: ERROR_NONE or another ERROR_* when it has ended, ENTERED, or STOP. */
function runFrame(): i32 {
  const self = load<u32>(frame, FRAME_SELF);
  const stack = load<u32>(frame, FRAME_STACK);
  const bytes = load<u32>(frame, FRAME_MEMORY);
  // PERF: whoever looks on costs nothing when nobody does.
  const looksOn = hasRule(RULE_STEPS);
  const table = evm + (looksOn ? EVM_STEPS : EVM_OPCODES);
  let size = u64(load<u32>(frame, FRAME_MEMORY_SIZE));
  let pc = load<u32>(frame, FRAME_PC);
  let top = load<u32>(frame, FRAME_TOP);
  let gas = load<i64>(frame, FRAME_GAS);
  let checkBelow = hasRule(RULE_TIME_LIMIT) ? load<i64>(frame, FRAME_CHECK) : i64.MIN_VALUE;
  // PERF: a jump is done together with what is pushed or compared right before it, and with the JUMPDEST that it goes to.
  const jump: u32 = looksOn ? NO_OPCODE : 0x56;
  const jumpIf: u32 = looksOn ? NO_OPCODE : 0x57;
  let to: u64 = 0;
  let holds = false;
  while (true) {
    const opcode = u32(load<u8>(pc));
    let row = table + (opcode << 3);
    const height = top - stack;
    // One comparison for both ends: what is too low wraps around.
    if (height - u32(load<u16>(row, OPCODE_TAKEN)) > load<u32>(row, OPCODE_ROOM)) {
      if (!looksOn) return refuse(opcode, height);
      const end = step(opcode, height, pc, gas);
      if (end == STOP) return again(pc, top, gas);
      if (end != ERROR_NONE) return end;
      row = evm + EVM_OPCODES + (opcode << 3);
    }
    const before = gas;
    gas -= i64(load<u16>(row));
    if (gas < 0 && !looksFirst(opcode)) return ERROR_OUT_OF_GAS;
    pc++;
    switch (opcode) {
      case 0x00: // STOP
        store<i64>(frame, gas, FRAME_GAS);
        return ERROR_NONE;
      case 0x01: // ADD
        add(top - 32, top - 64, top - 64);
        top -= 32;
        continue;
      case 0x02: // MUL
        mul(top - 32, top - 64, top - 64);
        top -= 32;
        continue;
      case 0x03: // SUB
        sub(top - 32, top - 64, top - 64);
        top -= 32;
        continue;
      case 0x04: // DIV
        div(top - 32, top - 64, top - 64);
        top -= 32;
        continue;
      case 0x05: // SDIV
        divSigned(top - 32, top - 64, top - 64);
        top -= 32;
        continue;
      case 0x06: // MOD
        mod(top - 32, top - 64, top - 64);
        top -= 32;
        continue;
      case 0x07: // SMOD
        modSigned(top - 32, top - 64, top - 64);
        top -= 32;
        continue;
      case 0x08: // ADDMOD
        addMod(top - 32, top - 64, top - 96, top - 96);
        top -= 64;
        continue;
      case 0x09: // MULMOD
        mulMod(top - 32, top - 64, top - 96, top - 96);
        top -= 64;
        continue;
      case 0x0a: // EXP
        gas -= i64(param(EVM_GAS_EXP_BYTE)) * i64(byteLength(top - 64));
        if (gas < 0) return ERROR_OUT_OF_GAS;
        exp(top - 32, top - 64, top - 64);
        top -= 32;
        continue;
      case 0x0b: // SIGNEXTEND
        signExtend(top - 32, top - 64, top - 64);
        top -= 32;
        continue;
      case 0x10: // LT
        holds = less(top - 32, top - 64);
        top -= 32;
        to = COMPARED;
        break;
      case 0x11: // GT
        holds = less(top - 64, top - 32);
        top -= 32;
        to = COMPARED;
        break;
      case 0x12: // SLT
        holds = lessSigned(top - 32, top - 64);
        top -= 32;
        to = COMPARED;
        break;
      case 0x13: // SGT
        holds = lessSigned(top - 64, top - 32);
        top -= 32;
        to = COMPARED;
        break;
      case 0x14: // EQ
        holds = equal(top - 32, top - 64);
        top -= 32;
        to = COMPARED;
        break;
      case 0x15: // ISZERO
        holds = isZero(top - 32);
        to = COMPARED;
        break;
      case 0x16: // AND
        top -= 32;
        set(
          top - 32,
          load<u64>(top - 32) & load<u64>(top),
          load<u64>(top - 32, 8) & load<u64>(top, 8),
          load<u64>(top - 32, 16) & load<u64>(top, 16),
          load<u64>(top - 32, 24) & load<u64>(top, 24),
        );
        continue;
      case 0x17: // OR
        top -= 32;
        set(
          top - 32,
          load<u64>(top - 32) | load<u64>(top),
          load<u64>(top - 32, 8) | load<u64>(top, 8),
          load<u64>(top - 32, 16) | load<u64>(top, 16),
          load<u64>(top - 32, 24) | load<u64>(top, 24),
        );
        continue;
      case 0x18: // XOR
        top -= 32;
        set(
          top - 32,
          load<u64>(top - 32) ^ load<u64>(top),
          load<u64>(top - 32, 8) ^ load<u64>(top, 8),
          load<u64>(top - 32, 16) ^ load<u64>(top, 16),
          load<u64>(top - 32, 24) ^ load<u64>(top, 24),
        );
        continue;
      case 0x19: // NOT
        set(top - 32, ~load<u64>(top - 32), ~load<u64>(top - 32, 8), ~load<u64>(top - 32, 16), ~load<u64>(top - 32, 24));
        continue;
      case 0x1a: // BYTE
        byteAt(top - 32, top - 64, top - 64);
        top -= 32;
        continue;
      case 0x1b: // SHL
        top -= 32;
        if (isShort(top) && load<u64>(top) < 256) shiftLeft(top - 32, u32(load<u64>(top)), top - 32);
        else setShort(top - 32, 0);
        continue;
      case 0x1c: // SHR
        top -= 32;
        if (isShort(top) && load<u64>(top) < 256) shiftRight(top - 32, u32(load<u64>(top)), 0, top - 32);
        else setShort(top - 32, 0);
        continue;
      case 0x1d: // SAR
        {
          top -= 32;
          const fill: u64 = isNegative(top - 32) ? u64.MAX_VALUE : 0;
          if (isShort(top) && load<u64>(top) < 256) shiftRight(top - 32, u32(load<u64>(top)), fill, top - 32);
          else set(top - 32, fill, fill, fill, fill);
        }
        continue;
      case 0x1e: // CLZ
        setShort(top - 32, u64(leadingZeros(top - 32)));
        continue;
      case 0x20: // KECCAK256
        gas = expand(areaEnd(top - 32, top - 64), wordsGas(top - 64, 6), gas);
        if (gas < 0) return short(gas, pc, top, before);
        size = u64(load<u32>(frame, FRAME_MEMORY_SIZE));
        const hashed = load<u32>(top - 64);
        if (hashed == MAPPING_KEY) readBytes(keccakOfKey(bytes + load<u32>(top - 32)), top - 64);
        else {
          keccak(bytes + (isZero(top - 64) ? 0 : load<u32>(top - 32)), load<u32>(top - 64), area);
          readBytes(area, top - 64);
        }
        if (preimagesLeft != 0) keepPreimage(bytes + (hashed == 0 ? 0 : load<u32>(top - 32)), hashed, top - 64);
        top -= 32;
        continue;
      case 0x30: // ADDRESS
        readAddress(load<u32>(self, A_RECORD) + ACCOUNT_ADDRESS, top);
        top += 32;
        continue;
      case 0x31: // BALANCE
        {
          const price = balanceOf(top - 32, gas);
          if (price < 0) return short(price, pc, top, before);
          gas -= price;
        }
        continue;
      case 0x32: // ORIGIN
        readAddress(origin, top);
        top += 32;
        continue;
      case 0x33: // CALLER
        readAddress(load<u32>(frame, FRAME_CALLER), top);
        top += 32;
        continue;
      case 0x34: // CALLVALUE
        copy(top, frame + FRAME_VALUE);
        top += 32;
        continue;
      case 0x35: // CALLDATALOAD
        readPadded(load<u32>(frame, FRAME_DATA), load<u32>(frame, FRAME_DATA_LENGTH), top - 32, top - 32);
        continue;
      case 0x36: // CALLDATASIZE
        setShort(top, u64(load<u32>(frame, FRAME_DATA_LENGTH)));
        top += 32;
        continue;
      case 0x37: // CALLDATACOPY, CODECOPY
      case 0x39:
        gas = expand(areaEnd(top - 32, top - 96), wordsGas(top - 96, 3), gas);
        if (gas < 0) return short(gas, pc, top, before);
        size = u64(load<u32>(frame, FRAME_MEMORY_SIZE));
        copyPadded(
          bytes + load<u32>(top - 32),
          load<u32>(frame + (opcode == 0x37 ? FRAME_DATA : FRAME_CODE)),
          load<u32>(frame + (opcode == 0x37 ? FRAME_DATA_LENGTH : FRAME_CODE_LENGTH)),
          top - 64,
          load<u32>(top - 96),
        );
        top -= 96;
        continue;
      case 0x38: // CODESIZE
        setShort(top, u64(load<u32>(frame, FRAME_CODE_LENGTH)));
        top += 32;
        continue;
      case 0x3a: // GASPRICE
        copy(top, transaction + TX_GAS_PRICE);
        top += 32;
        continue;
      case 0x3b: // EXTCODESIZE
        {
          const price = codeSizeOf(top - 32, gas);
          if (price < 0) return short(price, pc, top, before);
          gas -= price;
        }
        continue;
      case 0x3c: // EXTCODECOPY
        gas = copyCodeOf(top, gas);
        if (gas < 0) return short(gas, pc, top, before);
        size = u64(load<u32>(frame, FRAME_MEMORY_SIZE));
        top -= 128;
        continue;
      case 0x3d: // RETURNDATASIZE
        setShort(top, u64(load<u32>(evm + EVM_RETURN_LENGTH)));
        top += 32;
        continue;
      case 0x3e: // RETURNDATACOPY
        {
          // EIP-211: beyond the end is an exceptional halt.
          const end = areaEnd(top - 64, top - 96);
          const length = u64(load<u32>(evm + EVM_RETURN_LENGTH));
          if (end > length || (isZero(top - 96) && (!isShort(top - 64) || load<u64>(top - 64) > length))) return ERROR_OUT_OF_GAS;
          gas = expand(areaEnd(top - 32, top - 96), wordsGas(top - 96, 3), gas);
          if (gas < 0) return short(gas, pc, top, before);
          size = u64(load<u32>(frame, FRAME_MEMORY_SIZE));
          if (!isZero(top - 96)) memory.copy(bytes + load<u32>(top - 32), evm + EVM_RETURN + load<u32>(top - 64), load<u32>(top - 96));
          top -= 96;
        }
        continue;
      case 0x3f: // EXTCODEHASH
        {
          const price = codeHashOf(top - 32, gas);
          if (price < 0) return short(price, pc, top, before);
          gas -= price;
        }
        continue;
      case 0x40: // BLOCKHASH
        {
          const number = load<u64>(top - 32);
          const now = param(EVM_NUMBER);
          if (!isShort(top - 32) || number >= now || now - number > 256) setShort(top - 32, 0);
          else if (load<u32>(evm + EVM_HASH_KNOWN) != 0 && param(EVM_HASH_NUMBER) == number) readBytes(evm + EVM_HASH, top - 32);
          else {
            store<u64>(evm + EVM_HASH_NUMBER, number);
            store<u32>(evm + EVM_HASH_KNOWN, 0);
            stop(EXIT_BLOCK_HASH);
            return again(pc - 1, top, before);
          }
        }
        continue;
      case 0x41: // COINBASE
        readAddress(evm + EVM_COINBASE, top);
        top += 32;
        continue;
      case 0x42: // TIMESTAMP
        setShort(top, param(EVM_TIMESTAMP));
        top += 32;
        continue;
      case 0x43: // NUMBER
        setShort(top, param(EVM_NUMBER));
        top += 32;
        continue;
      case 0x44: // PREVRANDAO
        copy(top, evm + EVM_RANDOM);
        top += 32;
        continue;
      case 0x45: // GASLIMIT
        setShort(top, param(EVM_BLOCK_GAS_LIMIT));
        top += 32;
        continue;
      case 0x46: // CHAINID
        copy(top, evm + EVM_CHAIN_ID);
        top += 32;
        continue;
      case 0x47: // SELFBALANCE
        if (!balance(self, top)) return again(pc - 1, top, before);
        top += 32;
        continue;
      case 0x48: // BASEFEE
        copy(top, evm + EVM_BASE_FEE);
        top += 32;
        continue;
      case 0x49: // BLOBHASH
        if (isShort(top - 32) && load<u64>(top - 32) < u64(load<u32>(transaction, TX_BLOB_COUNT)))
          readBytes(load<u32>(transaction, TX_BLOB_HASHES) + (load<u32>(top - 32) << 5), top - 32);
        else setShort(top - 32, 0);
        continue;
      case 0x4a: // BLOBBASEFEE
        copy(top, evm + EVM_BLOB_FEE);
        top += 32;
        continue;
      case 0x50: // POP
        top -= 32;
        continue;
      case 0x51: // MLOAD
        {
          const offset = load<u64>(top - 32);
          if (!isShort(top - 32) || offset > size || offset + 32 > size) {
            gas = expand(isShort(top - 32) ? offset + min<u64>(32, ~offset) : u64.MAX_VALUE, 0, gas);
            if (gas < 0) return short(gas, pc, top, before);
            size = u64(load<u32>(frame, FRAME_MEMORY_SIZE));
          }
          readBytes(bytes + u32(offset), top - 32);
        }
        continue;
      case 0x52: // MSTORE
        {
          const offset = load<u64>(top - 32);
          if (!isShort(top - 32) || offset > size || offset + 32 > size) {
            gas = expand(isShort(top - 32) ? offset + min<u64>(32, ~offset) : u64.MAX_VALUE, 0, gas);
            if (gas < 0) return short(gas, pc, top, before);
            size = u64(load<u32>(frame, FRAME_MEMORY_SIZE));
          }
          writeBytes(top - 64, bytes + u32(offset));
          top -= 64;
        }
        continue;
      case 0x53: // MSTORE8
        {
          const offset = load<u64>(top - 32);
          if (!isShort(top - 32) || offset >= size) {
            gas = expand(isShort(top - 32) ? offset + min<u64>(1, ~offset) : u64.MAX_VALUE, 0, gas);
            if (gas < 0) return short(gas, pc, top, before);
            size = u64(load<u32>(frame, FRAME_MEMORY_SIZE));
          }
          store<u8>(bytes + u32(offset), load<u8>(top - 64));
          top -= 64;
        }
        continue;
      case 0x54: // SLOAD
        {
          const price = loadStorage(self, top - 32, gas);
          if (price < 0) return short(price, pc, top, before);
          gas -= price;
        }
        continue;
      case 0x55: // SSTORE
        {
          if (load<u32>(frame, FRAME_STATIC) != 0) return ERROR_STATIC;
          const price = storeStorage(self, top - 32, top - 64, gas);
          if (price < 0) return storeError != ERROR_NONE ? storeError : again(pc - 1, top, before);
          gas -= price;
          top -= 64;
        }
        continue;
      case 0x56: // JUMP
        top -= 32;
        to = wordOrNone(top);
        break;
      case 0x57: // JUMPI
        top -= 64;
        if (isZero(top)) continue;
        to = wordOrNone(top + 32);
        break;
      case 0x58: // PC
        setShort(top, u64(pc - 1 - load<u32>(frame, FRAME_CODE)));
        top += 32;
        continue;
      case 0x59: // MSIZE
        setShort(top, size);
        top += 32;
        continue;
      case 0x5a: // GAS
        setShort(top, u64(gas));
        top += 32;
        continue;
      case 0x5b: // JUMPDEST
        continue;
      case 0x5c: // TLOAD
        loadTransient(self, top - 32);
        continue;
      case 0x5d: // TSTORE
        if (load<u32>(frame, FRAME_STATIC) != 0) return ERROR_STATIC;
        if (!storeTransient(self, top - 32, top - 64)) return again(pc - 1, top, before);
        top -= 64;
        continue;
      case 0x5e: // MCOPY
        gas = expand(max(areaEnd(top - 32, top - 96), areaEnd(top - 64, top - 96)), wordsGas(top - 96, 3), gas);
        if (gas < 0) return short(gas, pc, top, before);
        size = u64(load<u32>(frame, FRAME_MEMORY_SIZE));
        if (!isZero(top - 96)) memory.copy(bytes + load<u32>(top - 32), bytes + load<u32>(top - 64), load<u32>(top - 96));
        top -= 96;
        continue;
      case 0x5f: // PUSH0
        setShort(top, 0);
        top += 32;
        continue;
      case 0x60: // PUSH1
        setShort(top, u64(load<u8>(pc)));
        pc++;
        top += 32;
        continue;
      case 0x61: // PUSH2
        {
          const value = u64(bswap<u16>(load<u16>(pc)));
          pc += 2;
          const next = u32(load<u8>(pc));
          if (next == jump && gas >= JUMP_GAS) {
            gas -= JUMP_GAS;
            to = value;
            break;
          }
          if (next == jumpIf && gas >= JUMP_IF_GAS && height != 0) {
            gas -= JUMP_IF_GAS;
            pc++;
            top -= 32;
            if (isZero(top)) continue;
            to = value;
            break;
          }
          setShort(top, value);
          top += 32;
        }
        continue;
      case 0x63: // PUSH4
        setShort(top, u64(bswap<u32>(load<u32>(pc))));
        pc += 4;
        top += 32;
        continue;
      case 0x62: // PUSH3, PUSH5 to PUSH32
      case 0x64:
      case 0x65:
      case 0x66:
      case 0x67:
      case 0x68:
      case 0x69:
      case 0x6a:
      case 0x6b:
      case 0x6c:
      case 0x6d:
      case 0x6e:
      case 0x6f:
      case 0x70:
      case 0x71:
      case 0x72:
      case 0x73:
      case 0x74:
      case 0x75:
      case 0x76:
      case 0x77:
      case 0x78:
      case 0x79:
      case 0x7a:
      case 0x7b:
      case 0x7c:
      case 0x7d:
      case 0x7e:
      case 0x7f:
        pc += opcode - 0x5f;
        push(pc, opcode - 0x5f, top);
        top += 32;
        continue;
      case 0x80: // DUP1 to DUP16
      case 0x81:
      case 0x82:
      case 0x83:
      case 0x84:
      case 0x85:
      case 0x86:
      case 0x87:
      case 0x88:
      case 0x89:
      case 0x8a:
      case 0x8b:
      case 0x8c:
      case 0x8d:
      case 0x8e:
      case 0x8f:
        copy(top, top - ((opcode - 0x7f) << 5));
        top += 32;
        continue;
      case 0x90: // SWAP1 to SWAP16
      case 0x91:
      case 0x92:
      case 0x93:
      case 0x94:
      case 0x95:
      case 0x96:
      case 0x97:
      case 0x98:
      case 0x99:
      case 0x9a:
      case 0x9b:
      case 0x9c:
      case 0x9d:
      case 0x9e:
      case 0x9f:
        swap(top - 32, top - ((opcode - 0x8e) << 5));
        continue;
      case 0xa0: // LOG0 to LOG4
      case 0xa1:
      case 0xa2:
      case 0xa3:
      case 0xa4:
        {
          if (load<u32>(frame, FRAME_STATIC) != 0) return ERROR_STATIC;
          const topics = opcode - 0xa0;
          const length = load<u64>(top - 64);
          const end = areaEnd(top - 32, top - 64);
          gas = end == u64.MAX_VALUE ? -1 : expand(end, i64(375 * topics) + 8 * i64(length), gas);
          if (gas < 0) return short(gas, pc, top, before);
          size = u64(load<u32>(frame, FRAME_MEMORY_SIZE));
          if (!addLog(bytes + (length == 0 ? 0 : load<u32>(top - 32)), u32(length), topics, top - 96)) return again(pc - 1, top, before);
          top -= (topics + 2) << 5;
        }
        continue;
      case 0xf1: // CALL, CALLCODE, DELEGATECALL, STATICCALL
      case 0xf2:
      case 0xf4:
      case 0xfa:
        {
          again(pc - 1, top, before);
          const end = callOp(opcode, gas);
          if (end != GO_ON) return end;
          size = u64(load<u32>(frame, FRAME_MEMORY_SIZE));
          top = load<u32>(frame, FRAME_TOP);
          gas = load<i64>(frame, FRAME_GAS);
        }
        continue;
      case 0xf3: // RETURN, REVERT
      case 0xfd:
        gas = expand(areaEnd(top - 32, top - 64), 0, gas);
        if (gas < 0) return short(gas, pc, top, before);
        store<i64>(frame, gas, FRAME_GAS);
        outputLength = load<u32>(top - 64);
        output = outputLength == 0 ? bytes : bytes + load<u32>(top - 32);
        return opcode == 0xf3 ? ERROR_NONE : ERROR_REVERT;
      case 0xf0: // CREATE, CREATE2
      case 0xf5: {
        again(pc - 1, top, before);
        const end = createOp(opcode, gas);
        if (end != GO_ON) return end;
        size = u64(load<u32>(frame, FRAME_MEMORY_SIZE));
        top = load<u32>(frame, FRAME_TOP);
        gas = load<i64>(frame, FRAME_GAS);
        continue;
      }
      case 0xff: {
        // SELFDESTRUCT
        if (load<u32>(frame, FRAME_STATIC) != 0) return ERROR_STATIC;
        gas = selfDestructOp(top - 32, gas);
        if (gas < 0) return short(gas, pc, top, before);
        store<i64>(frame, gas, FRAME_GAS);
        return ERROR_NONE;
      }
      default:
        // The table has what this loop does not.
        stop(EXIT_UNSUPPORTED);
        return STOP;
    }
    if (to == COMPARED) {
      // PERF: what follows is mostly PUSH2 and JUMPI, and then nobody needs the word.
      if (
        u32(load<u8>(pc, 3)) != jumpIf ||
        load<u8>(pc) != PUSH2 ||
        gas < PUSH_GAS + JUMP_IF_GAS ||
        top - stack > LAST_ROOM
      ) {
        setShort(top - 32, u64(holds));
        continue;
      }
      gas -= PUSH_GAS + JUMP_IF_GAS;
      top -= 32;
      pc += 4;
      if (!holds) continue;
      to = u64(bswap<u16>(load<u16>(pc - 3)));
    }
    pc = placeOf(to);
    if (pc == 0) return ERROR_INVALID_JUMP;
    if (gas < checkBelow) {
      store<i64>(frame, gas - CHECK_GAS, FRAME_CHECK);
      stop(EXIT_TIME);
      return again(pc, top, gas);
    }
    // What is there is a JUMPDEST.
    if (looksOn) continue;
    if (--gas < 0) return ERROR_OUT_OF_GAS;
    pc++;
  }
}
