// The compiled kernel, once per thread, and the shape of what its instances export.

import { loadKernelBinary } from "#binary";
import { Instance, Module, type WasmMemory, type WasmModule } from "./webassembly.ts";

/** What assembly/index.ts exports. Pointers come back signed: make them unsigned with `>>> 0`. */
export interface KernelExports {
  attach(instance: number): number;
  heapBase(): number;
  alloc(size: number): number;
  blockArenaUsed(): number;
  stateArenaUsed(): number;
  halt(reason: number, unit: number): void;
  keccak(data: number, length: number, out: number): void;
  bloomAdd(bloom: number, data: number, length: number): void;
  flatFindAccount(address: number): number;
  flatPutAccount(
    address: number,
    exists: number,
    hasStorage: number,
    nonce: bigint,
    balance: number,
    codeHash: number,
  ): number;
  flatSetAccount(
    record: number,
    exists: number,
    hasStorage: number,
    nonce: bigint,
    balance: number,
    codeHash: number,
  ): void;
  flatFindSlot(account: number, slot: number): number;
  flatPutSlot(account: number, slot: number, value: number): number;
  flatSetSlot(account: number, slot: number, value: number): number;
  flatWipeStorage(account: number): void;
  findCode(codeHash: number): number;
  newCode(codeHash: number, length: number): number;
  addCode(record: number): number;
  newBlockCode(codeHash: number, length: number): number;
  addBlockCode(record: number): number;
  makeRoom(): number;
  resetState(): void;
  account(): number;
  accountFlat(record: number): number;
  slot(record: number): number;
  peek(location: number, unit: number): number;
  collectAccounts(): number;
  beginIncarnation(): void;
  read(location: number, unit: number): number;
  logAssumption(location: number): number;
  logRange(location: number): number;
  write(location: number, kind: number): number;
  publishBegin(unit: number, incarnation: number): number;
  publishNext(): number;
  publishEnd(unit: number): number;
  publishAll(unit: number, incarnation: number): number;
  validate(unit: number): number;
  markEstimates(unit: number): void;
  hintEstimate(location: number, unit: number): number;
  hintValue(location: number, unit: number): number;
  setUnitGasLimit(unit: number, gas: bigint): void;
  setUnitBlobs(unit: number, blobs: number): void;
  leaveOut(unit: number): void;
  admission(unit: number): number;
  setUnitAfter(unit: number, before: number): void;
  setUnitFlags(unit: number, flags: number): void;
  setOutcome(unit: number, outcome: number, length: number, gasUsed: bigint): void;
  setSender(unit: number): void;
  recoverNext(): number;
  layOut(unit: number): number;
  settleNext(): number;
  settleReceipts(): void;
  sealReceipts(withRoot: number): number;
  step(): number;
  finishExecution(unit: number, incarnation: number, flags: number): number;
  suspend(unit: number, incarnation: number, blocking: number): number;
  retryAtHead(unit: number, incarnation: number): number;
  park(unit: number, incarnation: number): number;
  unpark(unit: number, headOnly: number): void;
  commitInOrder(unit: number): number;
  solo(): void;
  spinWhile(word: number, epoch: number, turns: number): number;
  recoverAfterDeath(): void;
  evmExecute(unit: number, isHead: number): number;
  evmResume(): number;
  evmBeginsAgain(): number;
  evmPrecompiled(error: number, gasUsed: bigint, length: number): number;
  evmHashKnown(): void;
  evmSystemCall(call: number, from: number): number;
  evmBeginSteps(unit: number, isHead: number): number;
  evmCredit(address: number, amount: number): number;
  evmSetBalance(address: number, amount: number): number;
  evmSetNonce(address: number, nonce: bigint): number;
  evmSetCode(address: number, code: number, length: number): number;
  evmSetSlot(address: number, key: number, value: number): number;
  evmEmptyStorage(address: number): number;
  evmTouch(address: number): number;
  evmEndSteps(clears: number): number;
  resetBlock(units: number): number;
}

/** The kernel's module. Compiled here, at import, in each thread: a hash must not be a promise. */
const kernelModule: WasmModule = new Module(await loadKernelBinary());

/** A new instance over a shared memory. Instances have globals of their own: call `attach` before anything else. */
export function instantiate(memory: WasmMemory): KernelExports {
  // What the module exports is known from its sources alone.
  return new Instance(kernelModule, { env: { memory } }).exports as Record<string, unknown> & KernelExports;
}
