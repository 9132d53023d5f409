// Turns whatever a block reads from a source into a flat pre-state: how a witness becomes something that other engines can start from.
import { bytesToHex, type Hex } from "@braid/primitives";
import {
  EMPTY_CODE_HASH_HEX,
  type FlatAccount,
  type FlatPreState,
  MissingCodeError,
  type SourceAccount,
  type StateAnswer,
  type StateKey,
  type StateSource,
} from "@braid/state";

interface Entry {
  address: Uint8Array;
  account: SourceAccount | undefined;
  storage: Map<Hex, [slot: Uint8Array, value: bigint]>;
}

/** A source that answers as another one does and remembers the answers. Execute on it once, then ask for `preState()`. */
export class RecordingSource implements StateSource {
  readonly #source: StateSource;
  readonly #entries = new Map<Hex, Entry>();
  readonly #codes = new Map<Hex, [codeHash: Uint8Array, code: Uint8Array]>();
  readonly #blockHashes = new Map<bigint, Uint8Array>();

  /** When the other one has it. */
  readonly getMany?: (keys: StateKey[]) => Promise<StateAnswer[]>;

  constructor(source: StateSource) {
    this.#source = source;
    const many = source.getMany?.bind(source);
    if (many !== undefined) this.getMany = async (keys) => this.#recordMany(keys, await many(keys));
  }

  async getAccount(address: Uint8Array): Promise<SourceAccount | undefined> {
    return (await this.#entry(address)).account;
  }

  async getStorage(address: Uint8Array, slot: Uint8Array): Promise<bigint> {
    const value = await this.#source.getStorage(address, slot);
    const { storage } = await this.#entry(address);
    storage.set(bytesToHex(slot), [slot.slice(), value]);
    return value;
  }

  async getCode(codeHash: Uint8Array): Promise<Uint8Array> {
    const code = await this.#source.getCode(codeHash);
    this.#codes.set(bytesToHex(codeHash), [codeHash.slice(), code]);
    return code;
  }

  async getBlockHash(number: bigint): Promise<Uint8Array> {
    const hash = await this.#source.getBlockHash(number);
    this.#blockHashes.set(number, hash);
    return hash;
  }

  /**
   * All that was read so far, and the codes of all accounts that were: an executor that has run a code before does not ask for it.
   * Throws what the source throws, but for a code that it does not have: nobody has run it.
   */
  async preState(): Promise<FlatPreState> {
    for (const { account } of this.#entries.values()) {
      if (account === undefined) continue;
      const key = bytesToHex(account.codeHash);
      if (key === EMPTY_CODE_HASH_HEX || this.#codes.has(key)) continue;
      try {
        await this.getCode(account.codeHash);
      } catch (error) {
        if (!(error instanceof MissingCodeError)) throw error;
      }
    }
    const accounts = [...this.#entries.values()].map(
      ({ address, account, storage }): FlatAccount => ({ address, account, storage: [...storage.values()] }),
    );
    return { accounts, codes: [...this.#codes.values()] };
  }

  /** The block hashes that BLOCKHASH was answered with so far. */
  get blockHashes(): ReadonlyMap<bigint, Uint8Array> {
    return this.#blockHashes;
  }

  async #recordMany(keys: StateKey[], answers: StateAnswer[]): Promise<StateAnswer[]> {
    for (const [i, { address, slot }] of keys.entries()) {
      const answer = answers[i];
      if (slot === undefined && answer?.status === "fulfilled" && typeof answer.value !== "bigint")
        this.#addEntry(address, answer.value);
    }
    return Promise.all(
      answers.map(async (answer, i) => {
        const { address, slot } = keys[i] as StateKey;
        if (slot === undefined || answer.status === "rejected" || typeof answer.value !== "bigint")
          return answer;
        try {
          (await this.#entry(address)).storage.set(bytesToHex(slot), [slot.slice(), answer.value]);
          return answer;
        } catch (reason) {
          return { status: "rejected", reason };
        }
      }),
    );
  }

  async #entry(address: Uint8Array): Promise<Entry> {
    const known = this.#entries.get(bytesToHex(address));
    return known ?? this.#addEntry(address, await this.#source.getAccount(address));
  }

  /** Another read of the same address may have come first while this one waited. */
  #addEntry(address: Uint8Array, account: SourceAccount | undefined): Entry {
    const key = bytesToHex(address);
    const entry = this.#entries.get(key) ?? { address: address.slice(), account, storage: new Map() };
    this.#entries.set(key, entry);
    return entry;
  }
}
