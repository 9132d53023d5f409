// For tests: one contract that does whatever its call data says, so that a block reads as a list of actions.

import { concatBytes } from "@braid/primitives";
import { type AsmItem, asm, word } from "./assembler.ts";

type Word = bigint | number | Uint8Array;

/** Pushes word `index` of the call data. */
const arg = (index: number): AsmItem[] => [index * 32, "CALLDATALOAD"];
/** Logs the word on top of the stack. */
const LOG_WORD: AsmItem[] = [0, "MSTORE", 32, 0, "LOG0"];
/** Counts the number on top of the stack down to nothing: a transaction that takes its time. */
const delay = (label: string): AsmItem[] => [
  `:${label}`,
  1,
  "SWAP1",
  "SUB",
  "DUP1",
  `@${label}`,
  "JUMPI",
  "POP",
];
/** Copies the call data from byte `from` on to memory 0; leaves its size on the stack. */
const rest = (from: number): AsmItem[] => [from, "CALLDATASIZE", "SUB", "DUP1", from, 0, "CALLDATACOPY"];

/** The actions: call data is the number, then the arguments, each a word; `then` is the call data of a further action, as it is. */
const ACTIONS: Record<string, AsmItem[]> = {
  // slot, value
  store: [...arg(2), ...arg(1), "SSTORE"],
  // slot
  load: [...arg(1), "SLOAD", ...LOG_WORD],
  // from, to, addend: to = from + addend
  derive: [...arg(1), "SLOAD", ...arg(3), "ADD", ...arg(2), "SSTORE"],
  // condition, slot, value: writes only when the condition's slot is not zero
  storeIf: [...arg(1), "SLOAD", "ISZERO", "@end", "JUMPI", ...arg(3), ...arg(2), "SSTORE"],
  // receiver
  destroy: [...arg(1), "SELFDESTRUCT"],
  // address
  balance: [...arg(1), "BALANCE", ...LOG_WORD],
  // address, wei: logs whether it worked
  pay: [0, 0, 0, 0, ...arg(2), ...arg(1), "GAS", "CALL", ...LOG_WORD],
  // slot, value: and takes it back
  storeAndRevert: [...arg(2), ...arg(1), "SSTORE", 0, 0, "REVERT"],
  // slot: reads it, then fails
  loadAndFail: [...arg(1), "SLOAD", 0, "MSTORE", "INVALID"],
  // address, gas (0: all), then: logs whether it worked
  call: [...rest(96), 0, "SWAP1", 0, "SWAP1", 0, 0, ...arg(1), ...arg(2), "@callGas", "JUMP"],
  // address, then
  delegate: [...rest(64), 0, "SWAP1", 0, "SWAP1", 0, ...arg(1), "GAS", "DELEGATECALL", ...LOG_WORD],
  // count, then: does nothing for a while first
  slowly: [
    ...arg(1),
    ...delay("slowlyLoop"),
    ...rest(64),
    0,
    "SWAP1",
    0,
    "SWAP1",
    0,
    "ADDRESS",
    "GAS",
    "DELEGATECALL",
    ...LOG_WORD,
  ],
  // slot, count: reads the slot, waits, reads it in another frame, which logs it
  loadTwice: [
    ...arg(1),
    "SLOAD",
    ...LOG_WORD,
    ...arg(2),
    ...delay("twiceLoop"),
    2,
    0,
    "MSTORE",
    ...arg(1),
    32,
    "MSTORE",
    0,
    0,
    64,
    0,
    "ADDRESS",
    "GAS",
    "DELEGATECALL",
    ...LOG_WORD,
  ],
  // address
  codeHash: [...arg(1), "EXTCODEHASH", ...LOG_WORD],
  // address
  codeSize: [...arg(1), "EXTCODESIZE", ...LOG_WORD],
  // wei, init code
  create: [...rest(64), 0, ...arg(1), "CREATE", ...LOG_WORD],
  // wei, salt, init code
  create2: [...arg(2), ...rest(96), 0, ...arg(1), "CREATE2", ...LOG_WORD],
  // number
  blockHash: [...arg(1), "BLOCKHASH", ...LOG_WORD],
  // address, size of the answer (at most 64), input: logs whether it worked, and the answer
  ask: [...arg(2), 32, ...rest(96), 0, ...arg(1), "GAS", "STATICCALL", ...LOG_WORD, 96, 0, "LOG0"],
  // slot, value: logs what is in transient storage, writes there, and reads the slot of that number, which may end the incarnation
  transient: [
    ...arg(1),
    "TLOAD",
    ...LOG_WORD,
    ...arg(2),
    ...arg(1),
    "TSTORE",
    ...arg(1),
    "SLOAD",
    ...LOG_WORD,
  ],
  // slot: adds one
  increment: [...arg(1), "SLOAD", 1, "ADD", ...arg(1), "SSTORE"],
};
const NAMES = Object.keys(ACTIONS);

/** The contract's code. Call data that is not an action, or none, just takes the value. */
export const TOOL: Uint8Array = asm(
  ...NAMES.flatMap((name, i) => [...arg(0), i + 1, "EQ", `@${name}`, "JUMPI"]),
  "STOP",
  ":end",
  "STOP",
  // [… to, gas]: 0 gas stands for all there is
  ":callGas",
  "DUP1",
  "@limited",
  "JUMPI",
  "POP",
  "GAS",
  ":limited",
  "CALL",
  ...LOG_WORD,
  "STOP",
  ...NAMES.flatMap((name) => [`:${name}`, ...(ACTIONS[name] as AsmItem[]), "STOP"]),
);

function action(name: string, args: Word[], tail: Uint8Array = new Uint8Array(0)): Uint8Array {
  return concatBytes(word(NAMES.indexOf(name) + 1), ...args.map((value) => word(value)), tail);
}

/** Call data for the tool, by action. */
export const tool = {
  store: (slot: Word, value: Word) => action("store", [slot, value]),
  load: (slot: Word) => action("load", [slot]),
  derive: (from: Word, to: Word, addend: Word) => action("derive", [from, to, addend]),
  storeIf: (condition: Word, slot: Word, value: Word) => action("storeIf", [condition, slot, value]),
  destroy: (receiver: Uint8Array) => action("destroy", [receiver]),
  balance: (address: Uint8Array) => action("balance", [address]),
  pay: (address: Uint8Array, wei: Word) => action("pay", [address, wei]),
  storeAndRevert: (slot: Word, value: Word) => action("storeAndRevert", [slot, value]),
  loadAndFail: (slot: Word) => action("loadAndFail", [slot]),
  call: (address: Uint8Array, then: Uint8Array, gas: Word = 0) => action("call", [address, gas], then),
  delegate: (address: Uint8Array, then: Uint8Array) => action("delegate", [address], then),
  slowly: (count: number, then: Uint8Array) => action("slowly", [count], then),
  loadTwice: (slot: Word, count: number) => action("loadTwice", [slot, count]),
  codeHash: (address: Uint8Array) => action("codeHash", [address]),
  codeSize: (address: Uint8Array) => action("codeSize", [address]),
  create: (wei: Word, init: Uint8Array) => action("create", [wei], init),
  create2: (wei: Word, salt: Word, init: Uint8Array) => action("create2", [wei, salt], init),
  blockHash: (number: Word) => action("blockHash", [number]),
  ask: (address: Uint8Array, size: number, input: Uint8Array) => action("ask", [address, size], input),
  transient: (slot: Word, value: Word) => action("transient", [slot, value]),
  increment: (slot: Word) => action("increment", [slot]),
};

/** Init code that gives the new contract the code of its creator; `before` runs first, in the new contract. */
export function cloneInit(...before: AsmItem[]): Uint8Array {
  return asm(...before, "CALLER", "EXTCODESIZE", "DUP1", 0, 0, "CALLER", "EXTCODECOPY", 0, "RETURN");
}
