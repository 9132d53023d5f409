// The inner layer of a bundle file: an RLP list of named sections (see BUNDLE.md).

import {
  bytesToBigInt,
  bytesToHex,
  countRlpItems,
  DEFAULT_MAX_FILE_BYTES,
  equalBytes,
  type Hex,
  hexToBytes,
  jsonObject,
  minimalBytes,
  parseJsonBounded,
  tooLarge,
} from "@braid/primitives";
import type { ChainSpec } from "@braid/protocol";
import { EMPTY_CODE_HASH, type FlatAccount, type FlatPreState } from "@braid/state";
import { RLP } from "@ethereumjs/rlp";
import type { Bundle, BundleState } from "./bundle.ts";
import { BlockFileError, messageOf } from "./errors.ts";
import { numberOfBlock } from "./first-number.ts";
import { keccak256 } from "./keccak.ts";

type Item = Uint8Array | Item[];

/** What an item of RLP counts for besides its bytes: decoded, an empty list or a single byte takes a multiple of itself. */
const ITEM_BYTES = 64;

/** The payload of a bundle. Accounts, slots, codes, nodes and hashes are sorted, so that equal content gives equal bytes. */
export function encodePayload(bundle: Bundle): Uint8Array {
  const { state } = bundle;
  const sections: [name: string, value: Item | undefined][] = [
    ["first", firstNumber(bundle.blocks)],
    ["comment", bundle.comment === undefined ? undefined : utf8(bundle.comment)],
    ["chain", utf8(JSON.stringify(bundle.chain))],
    ["parent", bundle.parentHeader],
    ["kind", utf8(state.kind)],
    ["root", state.kind === "flat" ? undefined : state.stateRoot],
    ["hashes", encodeHashes(bundle.blockHashes)],
  ];
  if (state.kind === "witness") {
    sections.push(["nodes", sorted(state.nodes)], ["codes", sorted(state.codes)]);
    if (state.treatAsAbsent !== undefined)
      sections.push(["absent", sorted(state.treatAsAbsent.map(hexToBytes))]);
  } else {
    sections.push(
      ["accounts", sorted(state.pre.accounts.map(encodeAccount))],
      ["codes", sorted(state.pre.codes.map(([, code]) => code))],
    );
  }
  sections.push(["blocks", bundle.blocks]);
  return RLP.encode(sections.flatMap(([name, value]) => (value === undefined ? [] : [[utf8(name), value]])));
}

/**
 * Throws BlockFileError BRAID_FILE_MALFORMED when a section is missing or has the wrong shape, and FileError BRAID_FILE_TOO_LARGE when
 * its items would take more memory than the limit; unknown sections are skipped.
 */
export function decodePayload(payload: Uint8Array, maxBytes = DEFAULT_MAX_FILE_BYTES): Bundle {
  let items = countItems(payload, "payload", "the bundle's payload");
  checkMemory(payload, items, maxBytes);
  const sections = readSections(payload);
  const chain = readChain(bytes(need(sections, "chain"), "chain"));
  const blocks = list(need(sections, "blocks"), "blocks").map((block) => bytes(block, "blocks"));
  if (blocks.length === 0) throw malformed("blocks", "it is empty");
  for (const block of blocks) items += countItems(block, "blocks", "a block");
  checkMemory(payload, items, maxBytes);
  const first = sections.get("first");
  if (first !== undefined && !isNumberOf(blocks, bytes(first, "first")))
    throw malformed("first", "it is not the number of the first block");
  const parent = sections.get("parent");
  const comment = sections.get("comment");
  return {
    chain,
    blocks,
    state: readState(sections),
    blockHashes: readHashes(sections.get("hashes") ?? []),
    ...(parent === undefined ? {} : { parentHeader: bytes(parent, "parent") }),
    ...(comment === undefined ? {} : { comment: fromUtf8(bytes(comment, "comment")) }),
  };
}

function firstNumber([first]: Uint8Array[]): Uint8Array | undefined {
  return first === undefined ? undefined : numberOfBlock(first);
}

function isNumberOf(blocks: Uint8Array[], first: Uint8Array): boolean {
  const number = firstNumber(blocks);
  return number !== undefined && equalBytes(first, number);
}

/** Counted before anything is allocated for them. */
function countItems(rlp: Uint8Array, section: string, what: string): number {
  const items = countRlpItems(rlp);
  if (items === undefined) throw malformed(section, `${what} is not RLP`);
  return items;
}

function checkMemory(payload: Uint8Array, items: number, maxBytes: number): void {
  if (payload.length + items * ITEM_BYTES > maxBytes)
    throw tooLarge(
      `Unfolded it has ${payload.length} bytes and ${items} items, each of which takes memory`,
      maxBytes,
    );
}

function readSections(payload: Uint8Array): Map<string, Item> {
  let decoded: Item;
  try {
    decoded = RLP.decode(payload);
  } catch (error) {
    throw new BlockFileError(
      "BRAID_FILE_MALFORMED",
      `The bundle's payload is not RLP (${messageOf(error)}).`,
      { cause: error },
    );
  }
  const sections = new Map<string, Item>();
  for (const section of list(decoded, "payload")) {
    const [name, value] = list(section, "payload");
    if (name === undefined || value === undefined) throw malformed("payload", "a section is not a pair");
    const key = fromUtf8(bytes(name, "payload"));
    if (sections.has(key)) throw malformed(key, "it is there twice");
    sections.set(key, value);
  }
  return sections;
}

function readState(sections: Map<string, Item>): BundleState {
  const kind = fromUtf8(bytes(need(sections, "kind"), "kind"));
  const root = sections.get("root");
  const stateRoot = root === undefined ? undefined : sized(root, 32, "root");
  const codes = list(sections.get("codes") ?? [], "codes").map((code) => bytes(code, "codes"));
  if (kind === "witness") {
    if (stateRoot === undefined) throw malformed("root", "a witness needs it");
    const nodes = list(need(sections, "nodes"), "nodes").map((node) => bytes(node, "nodes"));
    const absent = sections.get("absent");
    if (absent === undefined) return { kind, stateRoot, nodes, codes };
    const treatAsAbsent: Hex[] = list(absent, "absent").map((address) =>
      bytesToHex(sized(address, 20, "absent")),
    );
    return { kind, stateRoot, nodes, codes, treatAsAbsent };
  }
  if (kind !== "complete" && kind !== "flat") throw malformed("kind", `"${kind}" is not a kind of state`);
  const pre: FlatPreState = {
    accounts: readAccounts(list(need(sections, "accounts"), "accounts")),
    codes: codes.map((code) => [keccak256(code), code]),
  };
  if (kind === "flat" || stateRoot === undefined) return { kind, pre };
  return { kind, pre, stateRoot };
}

/** [address, [nonce, balance, code hash or nothing, has storage] or [], [[slot, value], ...]] */
function encodeAccount({ address, account, storage }: FlatAccount): Item {
  const slots: Item = sorted(storage.map(([slot, value]): Item => [slot, minimalBytes(value)]));
  if (account === undefined) return [address, [], slots];
  const codeHash = equalBytes(account.codeHash, EMPTY_CODE_HASH) ? new Uint8Array(0) : account.codeHash;
  const fields = [
    minimalBytes(account.nonce),
    minimalBytes(account.balance),
    codeHash,
    minimalBytes(account.hasStorage ? 1n : 0n),
  ];
  return [address, fields, slots];
}

function readAccounts(items: Item[]): FlatAccount[] {
  const accounts = items.map(decodeAccount);
  checkDistinct(
    accounts.map(({ address }) => address),
    "an address",
  );
  return accounts;
}

/** A writer sorts: what ascends is distinct, and only another order takes the memory to find out. */
function checkDistinct(keys: Uint8Array[], what: string): void {
  const ascends = keys.every((key, i) => i === 0 || Buffer.compare(keys[i - 1] as Uint8Array, key) < 0);
  if (!ascends && new Set(keys.map(bytesToHex)).size < keys.length)
    throw malformed("accounts", `${what} is listed twice`);
}

function decodeAccount(item: Item): FlatAccount {
  const [address, fields, slots] = list(item, "accounts");
  if (address === undefined || fields === undefined || slots === undefined)
    throw malformed("accounts", "an entry is not a triple");
  const [nonce, balance, codeHash, hasStorage] = list(fields, "accounts").map((field) =>
    bytes(field, "accounts"),
  );
  const storage = list(slots, "accounts").map((pair): [Uint8Array, bigint] => {
    const [slot, value] = list(pair, "accounts");
    if (slot === undefined || value === undefined) throw malformed("accounts", "a slot is not a pair");
    return [sized(slot, 32, "accounts"), integer(value, 32, "accounts")];
  });
  checkDistinct(
    storage.map(([slot]) => slot),
    "a slot",
  );
  const flat: FlatAccount = { address: sized(address, 20, "accounts"), account: undefined, storage };
  if (nonce === undefined) return flat;
  if (balance === undefined || codeHash === undefined || hasStorage === undefined)
    throw malformed("accounts", "an account lacks fields");
  flat.account = {
    nonce: integer(nonce, 8, "accounts"),
    balance: integer(balance, 32, "accounts"),
    codeHash: codeHash.length === 0 ? EMPTY_CODE_HASH : sized(codeHash, 32, "accounts"),
    hasStorage: integer(hasStorage, 1, "accounts") > 0n,
  };
  return flat;
}

function encodeHashes(hashes: ReadonlyMap<bigint, Uint8Array>): Item {
  const byNumber = [...hashes].sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
  return byNumber.map(([number, hash]) => [minimalBytes(number), hash]);
}

function readHashes(section: Item): Map<bigint, Uint8Array> {
  const hashes = new Map<bigint, Uint8Array>();
  for (const pair of list(section, "hashes")) {
    const [number, hash] = list(pair, "hashes");
    if (number === undefined || hash === undefined) throw malformed("hashes", "an entry is not a pair");
    hashes.set(integer(number, 8, "hashes"), sized(hash, 32, "hashes"));
  }
  return hashes;
}

/** What the description says is for `chainOf` to judge. */
function readChain(json: Uint8Array): ChainSpec {
  try {
    return jsonObject(parseJsonBounded(json), "chain") as object as ChainSpec;
  } catch (error) {
    throw malformed("chain", `it is no JSON object (${messageOf(error)})`);
  }
}

/** RLP items in the order of their encodings' first differing byte: for lists, of their first element. */
function sorted<T extends Item>(items: T[]): T[] {
  return [...items].sort((left, right) => Buffer.compare(firstBytes(left), firstBytes(right)));
}

function firstBytes(item: Item): Uint8Array {
  let first: Item | undefined = item;
  while (Array.isArray(first)) first = first[0];
  return first ?? new Uint8Array(0);
}

function need(sections: Map<string, Item>, name: string): Item {
  const section = sections.get(name);
  if (section === undefined) throw malformed(name, "it is missing");
  return section;
}

function list(item: Item, section: string): Item[] {
  if (!Array.isArray(item)) throw malformed(section, "bytes stand where a list should be");
  return item;
}

function bytes(item: Item, section: string): Uint8Array {
  if (Array.isArray(item)) throw malformed(section, "a list stands where bytes should be");
  return item;
}

function sized(item: Item, length: number, section: string): Uint8Array {
  const value = bytes(item, section);
  if (value.length !== length)
    throw malformed(section, `${value.length} bytes stand where ${length} should be`);
  return value;
}

/** Minimal big-endian bytes. */
function integer(item: Item, maxBytes: number, section: string): bigint {
  const value = bytes(item, section);
  if (value.length > maxBytes || value[0] === 0)
    throw malformed(section, `a number has leading zeros or more than ${maxBytes} bytes`);
  return bytesToBigInt(value);
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function fromUtf8(text: Uint8Array): string {
  return new TextDecoder().decode(text);
}

function malformed(section: string, reason: string): BlockFileError {
  return new BlockFileError(
    "BRAID_FILE_MALFORMED",
    `The bundle's section "${section}" is malformed: ${reason}.`,
    {
      data: { section, reason },
    },
  );
}
