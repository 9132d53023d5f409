// Reads and roots from witnesses: of mainnet blocks that others recorded, and of small made ones with holes.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { bytesToHex, type Hex, hexToBytes, rlpOfBigInt } from "@braid/primitives";
import { MerklePatriciaTrie } from "@ethereumjs/mpt";
import { RLP } from "@ethereumjs/rlp";
import { MapDB, ValueEncoding } from "@ethereumjs/util";
import { describe, expect, it } from "vitest";
import { decodeAccount } from "./account-rlp.ts";
import { EMPTY_CODE_HASH, EMPTY_TRIE_ROOT } from "./constants.ts";
import { keccak256 } from "./keccak.ts";
import { type AccountChange, NO_ACCOUNT_CHANGE } from "./state-changes.ts";
import { stateChangesOf } from "./state-changes-writer.ts";
import { encodeAccount } from "./testing/account-leaf.ts";
import { WitnessStateSource } from "./witness-state-source.ts";

const fixtures = process.env.BRAID_FIXTURES ?? join(import.meta.dirname, "../../../../shared/fixtures");
const folder = join(fixtures, "mainnet-witness");
const files = existsSync(folder)
  ? readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".json.gz"))
  : [];
if (files.length === 0) console.warn(`skipped: witnesses of mainnet blocks, because ${folder} is absent`);

interface WitnessFile {
  parentStateRoot: Hex;
  blockRlp: Hex;
  witness: { state: Hex[]; codes: Hex[] };
  extra?: { keys?: Hex[] };
}

interface Loaded {
  file: WitnessFile;
  nodes: Uint8Array[];
  source: WitnessStateSource;
}

function load(name: string): Loaded {
  const file: WitnessFile = JSON.parse(gunzipSync(readFileSync(join(folder, name))).toString());
  const nodes = file.witness.state.map(hexToBytes);
  const parentStateRoot = hexToBytes(file.parentStateRoot);
  const codes = file.witness.codes.map(hexToBytes);
  return { file, nodes, source: new WitnessStateSource({ parentStateRoot, nodes, codes }) };
}

/** Header fields and uncle headers by their place in the RLP (Yellow Paper, section 4.3). */
function headerOf(file: WitnessFile) {
  const [header, transactions, uncles] = RLP.decode(file.blockRlp) as [
    Uint8Array[],
    unknown[],
    Uint8Array[][],
  ];
  const field = (list: Uint8Array[], index: number) => list[index] ?? new Uint8Array(0);
  return {
    coinbase: field(header, 2),
    stateRoot: field(header, 3),
    number: BigInt(bytesToHex(field(header, 8))),
    transactions: transactions.length,
    uncles: uncles.map((uncle) => ({
      coinbase: field(uncle, 2),
      number: BigInt(bytesToHex(field(uncle, 8))),
    })),
  };
}

describe.skipIf(files.length === 0)("witnesses of mainnet blocks", () => {
  it("gives the header's state root of blocks that hold nothing but rewards", async () => {
    let checked = 0;
    for (const name of files) {
      const { file, source } = load(name);
      const { coinbase, stateRoot, number, transactions, uncles } = headerOf(file);
      if (transactions > 0 || number > 4_370_000n) continue;
      checked++;
      const reward = 5n * 10n ** 18n;
      const credits: [Uint8Array, bigint][] = [
        [coinbase, reward + (reward / 32n) * BigInt(uncles.length)],
        ...uncles.map((uncle): [Uint8Array, bigint] => [
          uncle.coinbase,
          (reward * (uncle.number + 8n - number)) / 8n,
        ]),
      ];
      const accounts = new Map<Hex, AccountChange>();
      for (const [address, credit] of credits) {
        const key = bytesToHex(address);
        const before = accounts.get(key)?.balance ?? source.getAccount(address)?.balance ?? 0n;
        accounts.set(key, { ...NO_ACCOUNT_CHANGE, balance: before + credit });
      }
      expect(bytesToHex(source.rootAfter(stateChangesOf({ accounts }))), name).toBe(bytesToHex(stateRoot));
    }
    expect(checked).toBeGreaterThan(1);
  });

  it("gives the roots of @ethereumjs/mpt when every account and slot that can be read gets another value", async () => {
    const { file, nodes, source } = load("1-24628607.json.gz");
    const keys = [...new Set(file.extra?.keys ?? [])].map(hexToBytes);
    const addresses = keys.filter((key) => key.length === 20);
    const slots = keys.filter((key) => key.length === 32);
    const database = new Map(nodes.map((node) => [bytesToHex(keccak256(node)).slice(2), node]));
    const open = (root: Uint8Array) =>
      new MerklePatriciaTrie({
        db: new MapDB(database),
        root,
        valueEncoding: ValueEncoding.Bytes,
        useKeyHashing: true,
      });
    const oracle = open(hexToBytes(file.parentStateRoot));
    const accounts = new Map<Hex, AccountChange>();
    let changedSlots = 0;
    for (const [i, address] of addresses.entries()) {
      const account = source.getAccount(address);
      const leaf = await oracle.get(address, true);
      expect(account === undefined).toBe(leaf === null);
      if (account === undefined || leaf === null) continue;
      const fields = decodeAccount(leaf);
      expect(account).toMatchObject({
        nonce: fields.nonce,
        balance: fields.balance,
        codeHash: fields.codeHash,
      });
      const changedStorage = new Map<Hex, bigint>();
      const storage = open(fields.storageRoot);
      // The list does not say whose slots they are; asking each account for 20 of them finds plenty.
      for (const slot of slots.slice(i % 20).filter((_, n) => n % 20 === 0)) {
        const value = readable(() => source.getStorage(address, slot));
        if (value === undefined || value === 0n) continue;
        expect(bytesToHex((await storage.get(slot)) ?? new Uint8Array(0))).toBe(
          bytesToHex(rlpOfBigInt(value)),
        );
        changedStorage.set(bytesToHex(slot), value + 1n);
        await storage.put(slot, rlpOfBigInt(value + 1n));
        changedSlots++;
      }
      accounts.set(bytesToHex(address), {
        ...NO_ACCOUNT_CHANGE,
        balance: account.balance + 1n,
        storage: changedStorage,
      });
      await oracle.put(
        address,
        encodeAccount({ ...fields, balance: account.balance + 1n, storageRoot: storage.root() }),
      );
    }
    expect(accounts.size).toBeGreaterThan(100);
    expect(changedSlots).toBeGreaterThan(20);
    expect(bytesToHex(source.rootAfter(stateChangesOf({ accounts })))).toBe(bytesToHex(oracle.root()));
    expect(bytesToHex(source.rootAfter(stateChangesOf({})))).toBe(file.parentStateRoot);
  });
});

/** undefined where the witness cannot tell. */
function readable(read: () => bigint): bigint | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as { code?: string }).code === "BRAID_MISSING_NODE") return undefined;
    throw error;
  }
}

describe("WitnessStateSource", () => {
  const address = (n: number) => new Uint8Array(20).fill(n);
  const slot = (n: number) => new Uint8Array(32).fill(n);
  const account = (storageRoot: Uint8Array) =>
    encodeAccount({ nonce: 1n, balance: 10n, storageRoot, codeHash: EMPTY_CODE_HASH });

  /** 20 accounts, of which number 1 has 20 slots; `without` leaves out the nodes on the way to an account or slot. */
  async function witness(without: { account?: number; slot?: number } = {}) {
    const db = new MapDB<string, Uint8Array>();
    const make = () =>
      new MerklePatriciaTrie({ db, valueEncoding: ValueEncoding.Bytes, useKeyHashing: true });
    const storage = make();
    for (let n = 1; n <= 20; n++) await storage.put(slot(n), rlpOfBigInt(BigInt(n)));
    const accounts = make();
    for (let n = 1; n <= 20; n++) {
      await accounts.put(address(n), account(n === 1 ? storage.root() : EMPTY_TRIE_ROOT));
    }
    for (const [trie, key] of [
      [accounts, without.account === undefined ? undefined : address(without.account)],
      [storage, without.slot === undefined ? undefined : slot(without.slot)],
    ] as const) {
      if (key === undefined) continue;
      const path = (await trie.findPath(keccak256(key))).stack;
      const last = path.at(-1)?.serialize() ?? new Uint8Array(0);
      await db.del(bytesToHex(keccak256(last)).slice(2));
    }
    return { parentStateRoot: accounts.root(), nodes: [...db._database.values()], codes: [Uint8Array.of(1)] };
  }

  it("reads accounts, slots and codes, and knows what is proven absent", async () => {
    const source = new WitnessStateSource({ ...(await witness()), blockHashes: new Map([[1n, slot(1)]]) });
    expect(source.getAccount(address(1))).toEqual({
      nonce: 1n,
      balance: 10n,
      codeHash: EMPTY_CODE_HASH,
      hasStorage: true,
    });
    expect(source.getAccount(address(2))?.hasStorage).toBe(false);
    expect(source.getAccount(address(21))).toBeUndefined();
    expect(source.getStorage(address(1), slot(20))).toBe(20n);
    expect(source.getStorage(address(1), slot(21))).toBe(0n);
    expect(source.getStorage(address(2), slot(1))).toBe(0n);
    expect(source.getStorage(address(21), slot(1))).toBe(0n);
    expect(source.getCode(keccak256(Uint8Array.of(1)))).toEqual(Uint8Array.of(1));
    expect(source.getCode(EMPTY_CODE_HASH)).toEqual(new Uint8Array(0));
    expect(source.getBlockHash(1n)).toEqual(slot(1));
    expect(() => source.getCode(slot(1))).toThrow(expect.objectContaining({ code: "BRAID_MISSING_CODE" }));
    expect(() => source.getBlockHash(2n)).toThrow(
      expect.objectContaining({ code: "BRAID_MISSING_BLOCK_HASH" }),
    );
  });

  it("throws for an account and a slot whose nodes are missing, and names them", async () => {
    const source = new WitnessStateSource(await witness({ account: 7, slot: 3 }));
    const at = (data: Record<string, unknown>) =>
      expect.objectContaining({ code: "BRAID_MISSING_NODE", data: expect.objectContaining(data) });
    expect(() => source.getAccount(address(7))).toThrow(at({ address: bytesToHex(address(7)) }));
    expect(() => source.getStorage(address(7), slot(1))).toThrow(at({ address: bytesToHex(address(7)) }));
    expect(source.getAccount(address(8))).toBeDefined();
    expect(() => source.getStorage(address(1), slot(3))).toThrow(
      at({ address: bytesToHex(address(1)), slot: bytesToHex(slot(3)) }),
    );
    expect(source.getStorage(address(1), slot(4))).toBe(4n);
  });

  it("takes missing as absent only where it was told to", async () => {
    const input = await witness({ account: 7 });
    const source = new WitnessStateSource({
      ...input,
      treatMissingAsAbsent: new Set([bytesToHex(address(7))]),
    });
    expect(source.getAccount(address(7))).toBeUndefined();
    expect(source.getStorage(address(7), slot(1))).toBe(0n);
    const empty = new WitnessStateSource({ ...input, nodes: [], treatMissingAsAbsent: new Set() });
    expect(() => empty.getAccount(address(8))).toThrow(
      expect.objectContaining({ code: "BRAID_MISSING_NODE" }),
    );
  });

  it("throws for a root that needs a missing node, and names the slot", async () => {
    const source = new WitnessStateSource(await witness({ slot: 3 }));
    const storage = new Map([
      [bytesToHex(slot(4)), 9n],
      [bytesToHex(slot(3)), 9n],
    ]);
    const accounts = new Map([[bytesToHex(address(1)), { ...NO_ACCOUNT_CHANGE, storage }]]);
    expect(() => source.rootAfter(stateChangesOf({ accounts }))).toThrow(
      expect.objectContaining({
        code: "BRAID_MISSING_NODE",
        data: expect.objectContaining({ address: bytesToHex(address(1)), slot: bytesToHex(slot(3)) }),
      }),
    );
  });
});
