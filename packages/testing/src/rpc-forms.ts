// For tests: what a server answers to eth_getBlockByNumber and eth_getUncleByBlockNumberAndIndex.

import { bytesToHex, type Hex } from "@braid/primitives";
import type { Block, RpcBlock, RpcHeader, RpcTransaction } from "@braid/protocol";
import { decodeTransaction, HEADER_FIELDS, type Header, hashHeader, hashTransaction } from "@braid/protocol";

const quantity = (value: bigint | number): Hex => `0x${value.toString(16)}`;

export function toRpcHeader(header: Header): RpcHeader {
  const fields = HEADER_FIELDS.flatMap(({ name, rpcName = name }) => {
    const value = header[name];
    if (value === undefined) return [];
    return [[rpcName, typeof value === "bigint" ? quantity(value) : bytesToHex(value)]];
  });
  return {
    ...(Object.fromEntries(fields) as RpcHeader),
    hash: bytesToHex(hashHeader(header)),
    size: "0x1",
  } as RpcHeader;
}

export function toRpcTransaction(raw: Uint8Array): RpcTransaction {
  const tx = decodeTransaction(raw);
  const v = tx.chainId === undefined ? 27n : 35n + 2n * tx.chainId;
  const accessList = tx.accessList.map(({ address, slots }) => ({
    address: bytesToHex(address),
    storageKeys: slots.map(bytesToHex),
  }));
  return {
    hash: bytesToHex(hashTransaction(raw)),
    type: quantity(tx.type),
    nonce: quantity(tx.nonce),
    gas: quantity(tx.gasLimit),
    to: tx.to === undefined ? null : bytesToHex(tx.to),
    value: quantity(tx.value),
    input: bytesToHex(tx.data),
    r: quantity(tx.r),
    s: quantity(tx.s),
    gasPrice: quantity(tx.maxFeePerGas),
    ...(tx.type === 0
      ? { v: quantity(v + BigInt(tx.yParity)) }
      : {
          chainId: quantity(tx.chainId ?? 0n),
          accessList,
          yParity: quantity(tx.yParity),
          v: quantity(tx.yParity),
        }),
    ...(tx.type < 2
      ? {}
      : { maxFeePerGas: quantity(tx.maxFeePerGas), maxPriorityFeePerGas: quantity(tx.maxPriorityFeePerGas) }),
    ...(tx.type === 3
      ? {
          maxFeePerBlobGas: quantity(tx.maxFeePerBlobGas),
          blobVersionedHashes: tx.blobVersionedHashes.map(bytesToHex),
        }
      : {}),
    ...(tx.type === 4
      ? {
          authorizationList: tx.authorizations.map(({ chainId, address, nonce, yParity, r, s }) => ({
            chainId: quantity(chainId),
            address: bytesToHex(address),
            nonce: quantity(nonce),
            yParity: quantity(yParity),
            r: quantity(r),
            s: quantity(s),
          })),
        }
      : {}),
  };
}

/** The block's JSON, and the headers of its uncles, for which a client asks one by one. */
export function toRpcBlock({ header, transactions, uncles, withdrawals }: Block): {
  json: RpcBlock;
  uncles: RpcHeader[];
} {
  return {
    json: {
      ...toRpcHeader(header),
      transactions: transactions.map(toRpcTransaction),
      uncles: uncles.map((uncle) => bytesToHex(hashHeader(uncle))),
      ...(withdrawals === undefined
        ? {}
        : {
            withdrawals: withdrawals.map(({ index, validatorIndex, address, amount }) => ({
              index: quantity(index),
              validatorIndex: quantity(validatorIndex),
              address: bytesToHex(address),
              amount: quantity(amount),
            })),
          }),
    },
    uncles: uncles.map(toRpcHeader),
  };
}
