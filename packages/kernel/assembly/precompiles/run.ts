// The precompiles that run in the kernel: what a call of one takes, and what it answers. The others are a matter for whoever is outside.

import {
  ERROR_NONE,
  ERROR_OUT_OF_GAS,
  ERROR_OUT_OF_RANGE,
  EVM_PRECOMPILE_GAS,
  EVM_RETURN,
  EVM_TEMP,
  PRECOMPILE_BLAKE2F,
  PRECOMPILE_IDENTITY,
  PRECOMPILE_MODEXP,
  PRECOMPILE_RIPEMD160,
  PRECOMPILE_SHA256,
} from "../../src/layout";
import { FRAME_DATA, FRAME_DATA_LENGTH, FRAME_GAS, FRAME_MEMORY, frame } from "../evm/machine";
import { evm } from "../memory";
import { compress } from "./blake2f";
import { ELSEWHERE, modexp, modexpLength, modexpOutput } from "./modexp";
import { ripemd160 } from "./ripemd160";
import { sha256 } from "./sha256";

/** What runPrecompile answers when the precompile does not run here. */
export const OUTSIDE: i32 = -1;

/** What the hashes work in: 384 bytes. */
const ROOM: u32 = EVM_TEMP + 1088;

/** Where the precompile's answer lies, and its length. */
export let output: u32 = 0;
export let outputLength: u32 = 0;

/** Takes the gas from the frame, that of a precompile by its row of the table; false when there is not enough. */
function pay(number: u32, units: u64): bool {
  const row = evm + EVM_PRECOMPILE_GAS + number * 8;
  const left = load<i64>(frame, FRAME_GAS) - i64(load<u32>(row)) - i64(load<u32>(row, 4)) * i64(units);
  if (left < 0) return false;
  store<i64>(frame, left, FRAME_GAS);
  return true;
}

/** Runs the precompile that the frame is a call of, and takes its gas: ERROR_*, or OUTSIDE with nothing done. */
export function runPrecompile(number: u32): i32 {
  const data = load<u32>(frame, FRAME_DATA);
  const length = load<u32>(frame, FRAME_DATA_LENGTH);
  const words = u64((length + 31) >> 5);
  output = evm + EVM_RETURN;
  outputLength = 32;
  if (number == PRECOMPILE_SHA256) {
    if (!pay(number, words)) return outOfGas();
    sha256(data, length, output, evm + ROOM);
    return ERROR_NONE;
  }
  if (number == PRECOMPILE_RIPEMD160) {
    if (!pay(number, words)) return outOfGas();
    // The hash is the end of a word.
    memory.fill(output, 0, 12);
    ripemd160(data, length, output + 12, evm + ROOM);
    return ERROR_NONE;
  }
  if (number == PRECOMPILE_IDENTITY) {
    if (!pay(number, words)) return outOfGas();
    output = data;
    outputLength = length;
    return ERROR_NONE;
  }
  if (number == PRECOMPILE_MODEXP) {
    const gas = modexp(data, length, load<u64>(frame, FRAME_GAS), load<u32>(frame, FRAME_MEMORY));
    if (gas == ELSEWHERE) return OUTSIDE;
    const left = load<i64>(frame, FRAME_GAS) - gas;
    if (left < 0) return outOfGas();
    store<i64>(frame, left, FRAME_GAS);
    output = modexpOutput;
    outputLength = modexpLength;
    return ERROR_NONE;
  }
  return number == PRECOMPILE_BLAKE2F ? blake2f(data, length) : OUTSIDE;
}

function outOfGas(): i32 {
  outputLength = 0;
  return ERROR_OUT_OF_GAS;
}

/** EIP-152: rounds (4 bytes), state, message, offset, and whether it is the last block (1 byte). */
function blake2f(data: u32, length: u32): i32 {
  outputLength = 0;
  if (length != 213 || load<u8>(data, 212) > 1) return ERROR_OUT_OF_RANGE;
  const rounds = bswap<u32>(load<u32>(data));
  if (!pay(PRECOMPILE_BLAKE2F, rounds)) return outOfGas();
  memory.copy(output, data + 4, 64);
  compress(output, data + 68, data + 196, load<u8>(data, 212) == 1, rounds);
  outputLength = 64;
  return ERROR_NONE;
}
