// Signed transactions of types 0, 1, 2 and 4 as bytes: EIP-155, EIP-2930, EIP-1559 and EIP-7702.
import { concatBytes } from "@braid/primitives";
import { RLP } from "@ethereumjs/rlp";
import { keccak_256 } from "@noble/hashes/sha3.js";
import secp256k1 from "secp256k1";
import type { SigningAccount } from "./accounts.ts";

export type AccessList = readonly (readonly [address: Uint8Array, slots: readonly Uint8Array[]])[];

/** [chain id, delegate's address, nonce, y parity, r, s] (EIP-7702). */
export type Authorization = readonly (bigint | Uint8Array)[];

/** What a transaction says; amounts in wei, gas in units. */
export interface TransactionRequest {
  type: 0 | 1 | 2 | 4;
  chainId: bigint;
  gasLimit: bigint;
  /** The price of types 0 and 1, the highest price of types 2 and 4, in wei a unit of gas. */
  maxFee: bigint;
  /** Types 2 and 4 only. */
  tip?: bigint;
  /** 20 bytes; undefined creates a contract. */
  to?: Uint8Array;
  value?: bigint;
  data?: Uint8Array;
  accessList?: AccessList;
  authorizations?: readonly Authorization[];
}

type Item = bigint | Uint8Array | readonly Item[];

/** The EIP-2718 encoding (a legacy transaction: its RLP list), if not said otherwise with the sender's next nonce, which is then used up. */
export function signTransaction(
  request: TransactionRequest,
  sender: SigningAccount,
  nonce = sender.nonce++,
): Uint8Array {
  const { type, chainId, maxFee, gasLimit, tip = 0n, value = 0n } = request;
  const to = request.to ?? new Uint8Array(0);
  const data = request.data ?? new Uint8Array(0);
  if (type === 0) {
    const fields: Item[] = [nonce, maxFee, gasLimit, to, value, data];
    const { parity, r, s } = sign(encode([...fields, chainId, 0n, 0n]), sender.privateKey);
    return encode([...fields, chainId * 2n + 35n + parity, r, s]);
  }
  const fees = type === 1 ? [maxFee] : [tip, maxFee];
  const fields: Item[] = [chainId, nonce, ...fees, gasLimit, to, value, data, request.accessList ?? []];
  if (type === 4) fields.push(request.authorizations ?? []);
  const { parity, r, s } = sign(concatBytes(Uint8Array.of(type), encode(fields)), sender.privateKey);
  return concatBytes(Uint8Array.of(type), encode([...fields, parity, r, s]));
}

/**
 * The authority's signed wish that `delegate` (20 bytes) be its code; zero bytes take it back (EIP-7702).
 * `nonce` is what the authority's nonce will be when the list is processed: behind the sender's own increment.
 */
export function signAuthorization(
  chainId: bigint,
  delegate: Uint8Array,
  nonce: bigint,
  authority: SigningAccount,
): Authorization {
  const { parity, r, s } = sign(
    concatBytes(Uint8Array.of(5), encode([chainId, delegate, nonce])),
    authority.privateKey,
  );
  return [chainId, delegate, nonce, parity, r, s];
}

/** The 65 bytes r, s, v that contracts take as a signature of a hash. */
export function signHash(hash: Uint8Array, { privateKey }: SigningAccount): Uint8Array {
  const { signature, recid } = secp256k1.ecdsaSign(hash, privateKey);
  return concatBytes(signature, Uint8Array.of(27 + recid));
}

/** Signatures follow from key and message alone (RFC 6979), with the low s that EIP-2 demands. */
function sign(message: Uint8Array, privateKey: Uint8Array): { parity: bigint; r: bigint; s: bigint } {
  const { signature, recid } = secp256k1.ecdsaSign(keccak_256(message), privateKey);
  const half = (from: number) =>
    BigInt(`0x${Buffer.from(signature.subarray(from, from + 32)).toString("hex")}`);
  return { parity: BigInt(recid), r: half(0), s: half(32) };
}

function encode(items: readonly Item[]): Uint8Array {
  return RLP.encode(items.map(toRlp));
}

type RlpItem = bigint | Uint8Array | RlpItem[];

function toRlp(item: Item): RlpItem {
  return typeof item === "bigint" || item instanceof Uint8Array ? item : item.map(toRlp);
}
