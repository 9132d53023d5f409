// For tests: the methods of a node, answered from a block file as a node of that block's chain would answer them.

import { bytesToHex, equalBytes, type Hex, hexToBytes } from "@braid/primitives";
import { encodeHeader, type Header, hashHeader } from "@braid/protocol";
import { EMPTY_CODE_HASH, EMPTY_TRIE_ROOT, MissingCodeError, type StateSource } from "@braid/state";
import { toRpcBlock, toRpcHeader } from "@braid/testing/rpc-forms";
import { type Methods, Refusal } from "@braid/testing/rpc-server";
import { RLP } from "@ethereumjs/rlp";
import type { BlockFile, LoadedBlock } from "../block-file.ts";
import { keccak256 } from "../keccak.ts";
import { openParentState } from "../parent-state.ts";

/** What any node answers about a state. */
export const STATE_METHODS = ["eth_getBalance", "eth_getTransactionCount", "eth_getCode", "eth_getStorageAt"];
export const PROOFS = "eth_getProof";
export const WITNESSES = "debug_executionWitness";
export const BLOCK_TRACES = "debug_traceBlockByHash";

/** Nodes take a block by its tag, its number, or its hash (EIP-1898). */
interface FileNodeOptions {
  /** The methods about states that it offers. */
  offers: readonly string[];
  /** The file's parent header, when it has one. */
  parent?: Header;
  /** Block hashes as state's block (EIP-1898); default true. */
  takesHashes?: boolean;
  /** The state is gone: what a full node says of old blocks. */
  pruned?: boolean;
}

/** Answers of one block's node: the block, its parent, and the state between the two. */
export function nodeOfFile(file: BlockFile, options: FileNodeOptions): Methods {
  const [block] = file.blocks;
  if (block === undefined) throw new Error("the file has no block");
  const { source } = openParentState(file).open();
  return async (method, params) => {
    const stateMethods = [...STATE_METHODS, PROOFS, WITNESSES, BLOCK_TRACES];
    if (stateMethods.includes(method)) {
      if (!options.offers.includes(method))
        throw new Refusal(-32601, `the method ${method} does not exist/is not available`);
      if (options.pruned === true)
        throw new Refusal(-32000, "missing trie node 00ff (path ) state 0x00ff is not available, not found");
    }
    if (method === WITNESSES) return witnessOf(file, block, options.parent);
    if (method === BLOCK_TRACES) return await tracesOf(file, block);
    if (stateMethods.includes(method)) {
      checkBlock(params.at(-1), block, options.takesHashes ?? true);
      return await readState(method, params, source, file);
    }
    return readBlock(method, params, file, block, options.parent);
  };
}

function readBlock(
  method: string,
  params: readonly unknown[],
  file: BlockFile,
  block: LoadedBlock,
  parent: Header | undefined,
): unknown {
  const [name, index] = params;
  const { json, uncles } = toRpcBlock(block.input);
  switch (method) {
    case "eth_chainId":
      return quantity(file.chain.chainId);
    case "eth_blockNumber":
      return json.number;
    case "eth_getUncleByBlockHashAndIndex":
      return uncles[Number(index)];
    case "eth_getBlockByNumber": {
      if (name === json.number || name === "latest") return json;
      const hash = file.blockHashes.get(BigInt(String(name)));
      return hash === undefined ? null : { hash: bytesToHex(hash) };
    }
    case "eth_getBlockByHash":
      if (name === json.hash) return json;
      return parent !== undefined && name === bytesToHex(hashHeader(parent))
        ? { ...toRpcHeader(parent), transactions: [], uncles: [] }
        : null;
    default:
      throw new Refusal(-32601, `the method ${method} does not exist/is not available`);
  }
}

function checkBlock(name: unknown, { number, input }: LoadedBlock, takesHashes: boolean): void {
  const isObject = typeof name === "object" && name !== null && "blockHash" in name;
  if (isObject && !takesHashes)
    throw new Refusal(
      -32602,
      "invalid argument 1: json: cannot unmarshal object into Go value of type string",
    );
  if (isObject ? name.blockHash !== bytesToHex(input.header.parentHash) : name !== quantity(number - 1n))
    throw new Refusal(-32000, `header not found: ${JSON.stringify(name)}`);
}

async function readState(
  method: string,
  [addressHex, slot]: readonly unknown[],
  source: StateSource,
  file: BlockFile,
): Promise<unknown> {
  const address = hexToBytes(String(addressHex));
  if (method === PROOFS) return proofOf(file, address, slot as Hex[]);
  if (method === "eth_getStorageAt")
    return `0x${(await source.getStorage(address, hexToBytes(String(slot)))).toString(16).padStart(64, "0")}`;
  const account = await source.getAccount(address);
  if (method === "eth_getBalance") return quantity(account?.balance ?? 0n);
  if (method === "eth_getTransactionCount") return quantity(account?.nonce ?? 0n);
  return bytesToHex(await codeOf(source, account?.codeHash ?? EMPTY_CODE_HASH));
}

/** Files leave out codes that nobody runs, and a node has them all: one of the same hash cannot be made up. */
async function codeOf(source: StateSource, hash: Uint8Array): Promise<Uint8Array> {
  if (equalBytes(hash, EMPTY_CODE_HASH)) return new Uint8Array(0);
  try {
    return await source.getCode(hash);
  } catch (error) {
    if (!(error instanceof MissingCodeError)) throw error;
    throw new Refusal(-32000, "the file lacks this code");
  }
}

function witnessOf(file: BlockFile, block: LoadedBlock, parent: Header | undefined): object {
  if (file.parentState.kind !== "witness") throw new Error("the file has no witness");
  const { nodes, codes } = file.parentState;
  if (parent === undefined || block.number === 0n) throw new Error("the file has no parent");
  return {
    state: nodes.map(bytesToHex),
    codes: codes.map(bytesToHex),
    keys: [],
    headers: [bytesToHex(encodeHeader(parent))],
  };
}

/** The whole state as that of the first transaction; what tracers leave out is left out: see `prestate.ts`. */
async function tracesOf(file: BlockFile, { input }: LoadedBlock): Promise<object[]> {
  if (!("pre" in file.parentState)) throw new Error("the file does not list its state");
  const { pre } = file.parentState;
  const codes = new Map(pre.codes.map(([hash, code]) => [bytesToHex(hash), code]));
  const leftOut = new Set(
    [input.header.coinbase, ...(input.withdrawals ?? []).map(({ address }) => address)].map(bytesToHex),
  );
  const result = pre.accounts
    .filter(({ address }) => !leftOut.has(bytesToHex(address)))
    .map(({ address, account, storage }) => {
      const code = codes.get(bytesToHex(account?.codeHash ?? EMPTY_CODE_HASH));
      const slots = storage.map(([slot, value]) => [
        bytesToHex(slot),
        `0x${value.toString(16).padStart(64, "0")}`,
      ]);
      return [
        bytesToHex(address),
        {
          balance: quantity(account?.balance ?? 0n),
          ...(account === undefined || account.nonce === 0n ? {} : { nonce: Number(account.nonce) }),
          ...(code === undefined ? {} : { code: bytesToHex(code) }),
          ...(slots.length === 0 ? {} : { storage: Object.fromEntries(slots) }),
        },
      ];
    });
  return input.transactions.map((raw, i) => ({
    txHash: bytesToHex(keccak256(raw)),
    result: i === 0 ? Object.fromEntries(result) : {},
  }));
}

type Rlp = Uint8Array | Rlp[];

/** By hash; made once a file. */
const nodesByHash = new WeakMap<BlockFile, Map<Hex, Uint8Array>>();

/** EIP-1186 from the nodes of a witness; the node of a hash that it lacks ends a proof early. */
function proofOf(file: BlockFile, address: Uint8Array, slots: readonly Hex[]): object {
  if (file.parentState.kind !== "witness") throw new Refusal(-32000, "the file has no trie");
  const nodes =
    nodesByHash.get(file) ??
    new Map(file.parentState.nodes.map((node) => [bytesToHex(keccak256(node)), node]));
  nodesByHash.set(file, nodes);
  const account = walk(nodes, file.parentState.stateRoot, keccak256(address));
  const [, , storageRoot = EMPTY_TRIE_ROOT] =
    account.value === undefined ? [] : (RLP.decode(account.value) as Uint8Array[]);
  return {
    address: bytesToHex(address),
    accountProof: account.proof,
    storageProof: slots.map((key) => {
      const { proof, value } = walk(nodes, storageRoot, keccak256(hexToBytes(key)));
      return { key, value: value === undefined ? "0x0" : bytesToHex(RLP.decode(value) as Uint8Array), proof };
    }),
  };
}

function walk(
  nodes: Map<Hex, Uint8Array>,
  root: Uint8Array,
  key: Uint8Array,
): { proof: Hex[]; value?: Uint8Array } {
  const proof: Hex[] = [];
  let path = bytesToHex(key).slice(2);
  let next: Rlp | undefined = root;
  while (next !== undefined && next.length > 0) {
    if (!Array.isArray(next)) {
      const node = nodes.get(bytesToHex(next));
      if (node === undefined) break;
      proof.push(bytesToHex(node));
      next = RLP.decode(node) as Rlp;
    }
    const node = next as Rlp[];
    if (node.length === 17) {
      next = node[Number.parseInt(path[0] ?? "", 16)];
      path = path.slice(1);
      continue;
    }
    const encoded = bytesToHex(node[0] as Uint8Array).slice(2);
    const nibbles = encoded.slice(encoded[0] === "1" || encoded[0] === "3" ? 1 : 2);
    if (!path.startsWith(nibbles)) break;
    path = path.slice(nibbles.length);
    if (encoded[0] === "2" || encoded[0] === "3") return { proof, value: node[1] as Uint8Array };
    next = node[1];
  }
  return { proof };
}

function quantity(value: bigint): Hex {
  return `0x${value.toString(16)}`;
}
