// The state of the long run: accounts, and contracts with slots, by the million in a few arrays whose size never changes, so that what
// grows in the process is Braid's. Its address or slot says where a value is.
import { keccak256 } from "@braid/kernel";
import type { SourceAccount, StateChanges, StateSource } from "@braid/state";
import { CHANGED_DELETED, CHANGED_HAS_BALANCE, CHANGED_HAS_NONCE, EMPTY_CODE_HASH } from "@braid/state";

const ACCOUNT = 1;
const LEDGER = 2;
/** Ledgers whose codes differ, of the size of an ordinary contract. */
export const LEDGERS = 500;
const CODE_BYTES = 6_000;
/** Moves an amount from one slot to another: call data is their numbers and the amount, a word each. */
const LEDGER_PROGRAM = "600035805460403590039055602035805460403501905500";

function addressOf(kind: number, index: number): Uint8Array {
  const address = new Uint8Array(20);
  address[0] = kind;
  new DataView(address.buffer).setUint32(16, index);
  return address;
}

function numberAt(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at);
}

/** 32 bytes that stand for the state after a block. */
function rootOf(block: number): Uint8Array {
  const root = new Uint8Array(32).fill(0xb1);
  new DataView(root.buffer).setUint32(28, block);
  return root;
}

export class LongRunState {
  readonly accountCount: number;
  /** Of each ledger; an even number. Even ones begin with a million each, odd ones with nothing. */
  readonly slotCount: number;
  /** Reads of accounts and slots. */
  reads = 0;
  readonly #balances: BigUint64Array;
  readonly #nonces: Uint32Array;
  readonly #slots: BigUint64Array;
  readonly #codes: Uint8Array[] = [];
  readonly #codeHashes: Uint8Array[] = [];
  #block = 0;
  #changes: StateChanges | undefined;

  /** As many accounts and slots as would take so many bytes in the cache, half of them each. */
  constructor(cacheBytes: number) {
    this.accountCount = Math.floor(cacheBytes / 2 / 112);
    this.slotCount = 2 * Math.floor(cacheBytes / 4 / 80 / LEDGERS);
    this.#balances = new BigUint64Array(this.accountCount).fill(10n ** 18n);
    this.#nonces = new Uint32Array(this.accountCount);
    this.#slots = new BigUint64Array(LEDGERS * this.slotCount).map((_, i) => (i % 2 === 0 ? 1_000_000n : 0n));
    for (let ledger = 0; ledger < LEDGERS; ledger++) {
      const code = new Uint8Array(CODE_BYTES);
      code.set(Buffer.from(LEDGER_PROGRAM, "hex"));
      new DataView(code.buffer).setUint32(CODE_BYTES - 4, ledger);
      this.#codes.push(code);
      this.#codeHashes.push(keccak256(code));
    }
  }

  account(index: number): Uint8Array {
    return addressOf(ACCOUNT, index);
  }

  ledger(index: number): Uint8Array {
    return addressOf(LEDGER, index);
  }

  nonce(account: number): number {
    return this.#nonces[account] as number;
  }

  /** The state as it is now; the source is of no use after the next commit. */
  newest(): StateSource {
    const changes = this.#changes;
    const before = rootOf(this.#block - 1);
    return {
      getAccount: (address) => this.#account(address),
      getStorage: (address, slot) => {
        this.reads++;
        return this.#slots[this.#slotIndex(address, slot)] as bigint;
      },
      getCode: (codeHash) => {
        const ledger = this.#codeHashes.findIndex((hash) => Buffer.compare(hash, codeHash) === 0);
        if (ledger < 0) throw new Error("there is no such code");
        return this.#codes[ledger] as Uint8Array;
      },
      getBlockHash: () => new Uint8Array(32),
      stateRoot: rootOf(this.#block),
      changesSince: (root) =>
        changes !== undefined && Buffer.compare(root, before) === 0 ? [changes] : undefined,
    };
  }

  #account(address: Uint8Array): SourceAccount | undefined {
    this.reads++;
    const index = numberAt(address, 16);
    if (address[0] === LEDGER && index < LEDGERS)
      return { nonce: 1n, balance: 0n, codeHash: this.#codeHashes[index] as Uint8Array, hasStorage: true };
    if (address[0] !== ACCOUNT || index >= this.accountCount) return undefined;
    return {
      nonce: BigInt(this.nonce(index)),
      balance: this.#balances[index] as bigint,
      codeHash: EMPTY_CODE_HASH,
      hasStorage: false,
    };
  }

  #slotIndex(address: Uint8Array, slot: Uint8Array): number {
    return numberAt(address, 16) * this.slotCount + numberAt(slot, 28);
  }

  /** Makes what a block changed the newest state. */
  commit(changes: StateChanges): void {
    for (let i = 0; i < changes.accountCount; i++) {
      const address = changes.addressAt(i);
      const flags = changes.flagsAt(i);
      const index = numberAt(address, 16);
      if (flags & CHANGED_DELETED) throw new Error("no block of the long run deletes an account");
      if (address[0] === ACCOUNT) {
        if (flags & CHANGED_HAS_BALANCE) this.#balances[index] = changes.balanceAt(i);
        if (flags & CHANGED_HAS_NONCE) this.#nonces[index] = Number(changes.nonceAt(i));
      }
      for (let slot = changes.slotsBegin(i); slot < changes.slotsEnd(i); slot++)
        this.#slots[this.#slotIndex(address, changes.slotKeyAt(slot))] = changes.slotValueAt(slot);
    }
    this.#changes = changes;
    this.#block++;
  }

  /** Throws unless the sums are what `transactions` transactions leave behind: each uses one nonce, and only moves what is in the slots. */
  check(transactions: number): void {
    const nonces = this.#nonces.reduce((sum, nonce) => sum + nonce, 0);
    const slots = this.#slots.reduce((sum, value) => sum + value, 0n);
    if (nonces !== transactions) throw new Error(`${transactions} transactions used ${nonces} nonces`);
    const expected = (BigInt(this.#slots.length) / 2n) * 1_000_000n;
    if (slots !== expected) throw new Error(`the slots hold ${slots}, not ${expected}`);
  }
}
