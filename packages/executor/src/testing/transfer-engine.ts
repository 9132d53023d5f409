// For tests: an engine that runs plain transfers of ether and nothing else, straight over the kernel's records. It shares no code with the
// ethereumjs engine, so what it leaves behind shows that the seam between engines and the rest is all that an engine needs.

import {
  ACCESSES_ACCOUNT_COUNT,
  ACCESSES_LISTS,
  ACCESSES_SLOT_COUNT,
  ACCOUNT_ADDRESS,
  type Kernel,
  PeekStatus,
  TX_ACCESS_COUNT,
  TX_AUTHORIZATION_COUNT,
  TX_BLOB_COUNT,
  TX_DATA_LENGTH,
} from "@braid/kernel";
import { equalBytes } from "@braid/primitives";
import { ABSENT_CODE_HASH, EMPTY_CODE_HASH } from "@braid/state";
import type { Engine, EngineBlock, UnitEnd, UnitExecutor } from "../engines/engine.ts";
import { storeOutcome, type TransactionOutcome } from "../records/outcome.ts";
import { type RecordedTransaction, readTransaction } from "../records/transaction-record.ts";
import { readU256, writeU256 } from "../records/words.ts";

const MAX_U256 = (1n << 256n) - 1n;
const UNSUPPORTED: UnitEnd = { kind: "unsupported" };
const FAULT: UnitEnd = { kind: "fault" };

export class TransferEngine implements Engine {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  async beginBlock(block: EngineBlock): Promise<UnitExecutor> {
    return new Transfers(this.#kernel, block);
  }
}

class Transfers implements UnitExecutor {
  readonly #kernel: Kernel;
  readonly #block: EngineBlock;

  constructor(kernel: Kernel, block: EngineBlock) {
    this.#kernel = kernel;
    this.#block = block;
  }

  executeUnit(unit: number, head: boolean): UnitEnd {
    const kernel = this.#kernel;
    const { rules, coinbase, baseFeePerGas } = this.#block.context;
    const sender = kernel.sender(unit);
    const tx = this.#transfer(unit);
    // Before EIP-161, or where ether leaves logs (EIP-7708), a transfer is more than this.
    if (!rules.spuriousDragon || rules.eip7708 || tx?.to === undefined || sender === undefined)
      return UNSUPPORTED;
    const tip = rules.eip1559 ? tx.gasPrice - (baseFeePerGas ?? 0n) : tx.gasPrice;
    // Whoever gets nothing is touched, and goes when it is empty.
    if (tx.value === 0n || tip === 0n || kernel.hugeBalances) return UNSUPPORTED;
    kernel.beginIncarnation();
    const from = this.#account(sender);
    const to = this.#account(tx.to);
    const beneficiary = this.#account(coinbase);
    if (from === 0 || to === 0 || beneficiary === 0) return FAULT;
    for (const record of [from, to]) {
      const end = this.#hasNoCode(record, unit);
      if (end !== undefined) return end;
    }
    const end = this.#checkSender(tx, from, unit, head);
    if (end !== undefined) return end;
    writeU256(kernel.u64, kernel.scratch >>> 3, tx.nonce + 1n);
    kernel.writeValue(kernel.nonceLocation(from));
    const gasUsed = tx.gas.intrinsic;
    const deltas = new Map<number, bigint>();
    const add = (record: number, amount: bigint) => deltas.set(record, (deltas.get(record) ?? 0n) + amount);
    add(from, -(tx.value + gasUsed * tx.gasPrice));
    add(to, tx.value);
    add(beneficiary, gasUsed * tip);
    for (const [record, delta] of deltas) {
      if (delta === 0n) continue;
      writeU256(kernel.u64, kernel.scratch >>> 3, delta & MAX_U256);
      kernel.writeDelta(kernel.balanceLocation(record));
    }
    const accesses = this.#accesses([...deltas.keys()]);
    const outcome: TransactionOutcome = {
      status: 1,
      gasUsed,
      blockGasUsed: gasUsed,
      blobCount: 0,
      error: undefined,
      output: new Uint8Array(0),
      logs: [],
      createdAddress: undefined,
    };
    return accesses !== 0 && storeOutcome(kernel, unit, outcome, accesses) ? { kind: "done" } : FAULT;
  }

  /** The unit's transaction if it is one and carries nothing but ether, to an address that is no precompile's. */
  #transfer(unit: number): RecordedTransaction | undefined {
    const { u32 } = this.#kernel;
    const record = this.#kernel.transactionPtr(unit);
    if (record === 0) return undefined;
    for (const field of [TX_DATA_LENGTH, TX_ACCESS_COUNT, TX_BLOB_COUNT, TX_AUTHORIZATION_COUNT])
      if (u32[(record + field) >>> 2] !== 0) return undefined;
    const tx = readTransaction(this.#kernel, record);
    return tx.to?.subarray(0, 18).every((byte) => byte === 0) === true ? undefined : tx;
  }

  #account(address: Uint8Array): number {
    this.#kernel.u8.set(address, this.#kernel.scratch);
    return this.#kernel.account();
  }

  /** undefined when it has none; what the cache lacks is left to an engine that can ask for it, unless it does not exist. */
  #hasNoCode(record: number, unit: number): UnitEnd | undefined {
    const kernel = this.#kernel;
    if (kernel.accountFlat(record) === 0) {
      if (!this.#block.cacheHoldsAll) return UNSUPPORTED;
      const { scratch, u8 } = kernel;
      u8.copyWithin(scratch, record + ACCOUNT_ADDRESS, record + ACCOUNT_ADDRESS + 20);
      u8.fill(0, scratch + 32, scratch + 96);
      if (kernel.flatPutAccount(scratch, false, false, 0n, scratch + 32, scratch + 64) === 0) return FAULT;
    }
    const status = kernel.read(kernel.codeHashLocation(record), unit);
    if (status !== PeekStatus.Ok) return this.#unresolved(status);
    const hash = kernel.u8.slice(kernel.scratch, kernel.scratch + 32);
    return equalBytes(hash, EMPTY_CODE_HASH) || equalBytes(hash, ABSENT_CODE_HASH) ? undefined : UNSUPPORTED;
  }

  #unresolved(status: number): UnitEnd {
    return status === PeekStatus.Estimate
      ? { kind: "suspended", blockingUnit: this.#kernel.blockingUnit() }
      : FAULT;
  }

  /** Nonce and solvency: looked at by the head, assumed while speculating. What does not hold is left to the engine that has a word for it. */
  #checkSender(
    { nonce, gasLimit, maxFeePerGas, value }: RecordedTransaction,
    from: number,
    unit: number,
    head: boolean,
  ): UnitEnd | undefined {
    const kernel = this.#kernel;
    const cost = gasLimit * maxFeePerGas + value;
    if (cost > MAX_U256) return UNSUPPORTED;
    for (const [location, low, high] of [
      [kernel.nonceLocation(from), nonce, nonce],
      [kernel.balanceLocation(from), cost, MAX_U256],
    ] as const) {
      const at = kernel.scratch >>> 3;
      if (head) {
        const status = kernel.peek(location, unit);
        if (status !== PeekStatus.Ok) return this.#unresolved(status);
        const found = readU256(kernel.u64, at);
        if (found < low || found > high) return UNSUPPORTED;
      }
      writeU256(kernel.u64, at, low);
      writeU256(kernel.u64, at + 4, high);
      if (head) kernel.logRange(location);
      else kernel.logAssumption(location);
    }
    return undefined;
  }

  #accesses(records: number[]): number {
    const { u32 } = this.#kernel;
    const start = this.#kernel.alloc(ACCESSES_LISTS + 4 * records.length);
    if (start === 0) return 0;
    u32[(start + ACCESSES_ACCOUNT_COUNT) >>> 2] = records.length;
    u32[(start + ACCESSES_SLOT_COUNT) >>> 2] = 0;
    for (const [i, record] of records.entries()) u32[((start + ACCESSES_LISTS) >>> 2) + i] = record;
    return start;
  }
}
