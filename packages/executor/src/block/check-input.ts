// What executeBlock was given besides the block, before anything is made of it: what is wrong here would end as memory written in the wrong place.

import { isUint8Array } from "node:util/types";
import { bytesToHex } from "@braid/primitives";
import type { BlockAccessList } from "@braid/protocol";
import { InvalidInputError } from "../errors.ts";
import type { ExecuteBlockInput } from "./block-input.ts";
import type { CallInput, StateOverride } from "./call-input.ts";

/** Throws InvalidInputError. */
export function checkInput(
  { senders, workers, readTimeoutMs, accessList }: ExecuteBlockInput,
  transactions: number,
): void {
  if (senders !== undefined) checkSenders(senders, transactions);
  if (accessList !== undefined) checkAccessList(accessList);
  checkWorkers(workers);
  if (readTimeoutMs !== undefined && !(readTimeoutMs > 0))
    throw new InvalidInputError(
      "readTimeoutMs",
      `readTimeoutMs is ${readTimeoutMs}: give milliseconds above 0, or Infinity for no limit.`,
    );
}

/** Throws InvalidInputError. */
export function checkWorkers(workers: number | undefined): void {
  if (workers !== undefined && !Number.isInteger(workers))
    throw new InvalidInputError("workers", `workers is ${workers}: give a whole number, or leave it out.`);
}

function checkSenders(senders: (Uint8Array | undefined)[], transactions: number): void {
  if (senders.length > transactions)
    throw new InvalidInputError(
      "senders",
      `There are ${senders.length} senders for ${transactions} transactions: give one for each, undefined where it is not known.`,
      { senders: senders.length, transactions },
    );
  const index = senders.findIndex(
    (sender) => sender !== undefined && !(isUint8Array(sender) && sender.length === 20),
  );
  if (index >= 0)
    throw new InvalidInputError("senders", `Sender ${index} is not an address of 20 bytes.`, {
      transactionIndex: index,
    });
}

/** Its values may be wrong; its addresses, slots and steps must be such. */
function checkAccessList(list: BlockAccessList): void {
  for (const [i, { address, storageChanges, storageReads, nonceChanges, codeChanges }] of list.entries()) {
    const steps = [...storageChanges.flatMap(({ changes }) => changes), ...nonceChanges, ...codeChanges];
    const isRight =
      isHexOf(address, 20) &&
      [...storageReads, ...storageChanges.map(({ slot }) => slot)].every((slot) => isHexOf(slot, 32)) &&
      steps.every(({ index }) => Number.isSafeInteger(index) && index >= 0);
    if (!isRight)
      throw new InvalidInputError(
        "accessList",
        `Account ${i} of the block access list is malformed: an address has 20 bytes, a slot 32, and a step is a whole number from 0. Make the list with decodeAccessList or decodeRpcAccessList.`,
        { account: i },
      );
  }
}

function isHexOf(text: string, bytes: number): boolean {
  return text.length === 2 + 2 * bytes && /^0x[0-9a-f]*$/i.test(text);
}

/** Throws InvalidInputError. */
export function checkTimeLimit(timeLimitMs: number | undefined): void {
  if (timeLimitMs !== undefined && !(timeLimitMs > 0))
    throw new InvalidInputError(
      "timeLimitMs",
      `timeLimitMs is ${timeLimitMs}: give milliseconds above 0, or leave it out for no limit.`,
    );
}

/** Throws InvalidInputError. */
export function checkCall({ messages, stateOverrides = [], tracer, thread, timeLimitMs }: CallInput): void {
  checkTimeLimit(timeLimitMs);
  for (const [i, { from, to, accessList = [], blobVersionedHashes = [] }] of messages.entries()) {
    checkBytes(`messages[${i}].from`, from, 20);
    checkBytes(`messages[${i}].to`, to, 20);
    for (const { address, slots } of accessList) {
      checkBytes(`messages[${i}].accessList`, address, 20);
      for (const slot of slots) checkBytes(`messages[${i}].accessList`, slot, 32);
    }
    for (const hash of blobVersionedHashes) checkBytes(`messages[${i}].blobVersionedHashes`, hash, 32);
  }
  for (const [i, { address, state = [], stateDiff = [] }] of stateOverrides.entries()) {
    checkBytes(`stateOverrides[${i}].address`, address, 20);
    for (const [slot] of [...state, ...stateDiff]) checkBytes(`stateOverrides[${i}]`, slot, 32);
  }
  checkMoves(stateOverrides);
  if (tracer !== undefined && thread === "worker")
    throw new InvalidInputError(
      "tracer",
      "A tracer cannot look on from another thread: trace on the caller's.",
    );
}

/** A precompile may go to any address that no override and no other precompile goes to. */
function checkMoves(overrides: readonly StateOverride[]): void {
  const taken = overrides.map(({ address }) => bytesToHex(address));
  for (const [i, { movePrecompileToAddress }] of overrides.entries()) {
    if (movePrecompileToAddress === undefined) continue;
    const field = `stateOverrides[${i}].movePrecompileToAddress`;
    checkBytes(field, movePrecompileToAddress, 20);
    const target = bytesToHex(movePrecompileToAddress);
    if (taken.includes(target))
      throw new InvalidInputError(
        field,
        `${target} is overridden already: move the precompile to another address.`,
      );
    taken.push(target);
  }
}

function checkBytes(field: string, bytes: Uint8Array | undefined, length: number): void {
  if (bytes === undefined || (isUint8Array(bytes) && bytes.length === length)) return;
  throw new InvalidInputError(field, `${field} must be ${length} bytes.`);
}
