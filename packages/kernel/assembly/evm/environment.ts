// The opcodes that look at other accounts: BALANCE, EXTCODESIZE, EXTCODECOPY, EXTCODEHASH. Each answers what it costs beyond its own fee, or the gas
// that is left, and -1 or STOPPED as `expand` does (memory.ts).

import { CODE_BYTES, CODE_LENGTH, EXIT_DONE, EXIT_UNSUPPORTED } from "../../src/layout";
import { area } from "../memory";
import { balance, codeHash, codeOf, EMPTY_CODE_HASH, isEmpty, loadAccount, NO_CODE } from "./accounts";
import { access, accessGas } from "./calls";
import { accountEntry } from "./entries";
import { exit, FRAME_MEMORY, FRAME_SELF, frame, stop } from "./machine";
import { areaEnd, copyPadded, expansionGas, grow, STOPPED, wordsGas } from "./memory";
import { isZero, readBytes, setShort, writeAddress } from "./u256";

/** The entry of the account that a word names; 0: the EVM stops. */
function entryOf(word: u32): u32 {
  writeAddress(word, area);
  return accountEntry();
}

export function balanceOf(item: u32, gas: i64): i64 {
  const entry = entryOf(item);
  if (entry == 0) return STOPPED;
  const price = accessGas(entry);
  if (gas < price) return -1;
  if (entry != load<u32>(frame, FRAME_SELF) && !loadAccount(entry)) return STOPPED;
  return balance(entry, item) && access(entry) ? price : STOPPED;
}

/** The code as other accounts see it; 0: the EVM stops. What looks like a container of EIP-3540 is left to another engine. */
function foreignCode(entry: u32): u32 {
  if (!loadAccount(entry)) return 0;
  const code = codeOf(entry);
  if (code > NO_CODE && load<u32>(code, CODE_LENGTH) > 1 && load<u16>(code + CODE_BYTES) == 0x00ef) {
    stop(EXIT_UNSUPPORTED);
    return 0;
  }
  return code;
}

export function codeSizeOf(item: u32, gas: i64): i64 {
  const entry = entryOf(item);
  if (entry == 0) return STOPPED;
  const price = accessGas(entry);
  if (gas < price) return -1;
  const code = foreignCode(entry);
  if (code == 0) return STOPPED;
  setShort(item, code == NO_CODE ? 0 : u64(load<u32>(code, CODE_LENGTH)));
  return access(entry) ? price : STOPPED;
}

export function codeHashOf(item: u32, gas: i64): i64 {
  const entry = entryOf(item);
  if (entry == 0) return STOPPED;
  const price = accessGas(entry);
  if (gas < price) return -1;
  if (foreignCode(entry) == 0) return STOPPED;
  const empty = isEmpty(entry);
  if (exit != EXIT_DONE || !access(entry)) return STOPPED;
  const hash = codeHash(entry);
  if (empty) setShort(item, 0);
  else readBytes(isZero(hash) ? u32(EMPTY_CODE_HASH) : hash, item);
  return price;
}

/** EXTCODECOPY of the four items below `top`. Answers the gas that is left. */
export function copyCodeOf(top: u32, gas: i64): i64 {
  const entry = entryOf(top - 32);
  if (entry == 0) return STOPPED;
  const end = areaEnd(top - 64, top - 128);
  const left = gas - expansionGas(end) - accessGas(entry) - wordsGas(top - 128, 3);
  if (left < 0) return -1;
  if (isZero(top - 128)) return access(entry) ? left : STOPPED;
  const code = foreignCode(entry);
  if (code == 0 || !grow(end) || !access(entry)) return STOPPED;
  const length = code == NO_CODE ? 0 : load<u32>(code, CODE_LENGTH);
  copyPadded(load<u32>(frame, FRAME_MEMORY) + load<u32>(top - 64), code + CODE_BYTES, length, top - 96, load<u32>(top - 128));
  return left;
}
