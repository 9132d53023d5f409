// Blocks as stock ethereumjs takes them.
import { type Block as DecodedBlock, encodeHeader, type Header } from "@braid/protocol";
import { Block, createBlockHeader, createBlockHeaderFromRLP } from "@ethereumjs/block";
import type { Common } from "@ethereumjs/common";
import { createTxFromRLP } from "@ethereumjs/tx";
import { Address, createWithdrawal } from "@ethereumjs/util";

/** A block with new transaction objects; `header` replaces some of its header's fields. */
export function stockBlock(common: Common, input: DecodedBlock, header: Partial<Header> = {}): Block {
  const options = { common, skipConsensusFormatValidation: true };
  // Frozen, as they are by default: ethereumjs caches a sender only in frozen transactions.
  const transactions = input.transactions.map((raw) => createTxFromRLP(raw, { common }));
  const withdrawals = input.withdrawals?.map(({ address, ...rest }) =>
    createWithdrawal({ ...rest, address: new Address(address) }),
  );
  const block = new Block(
    createBlockHeaderFromRLP(encodeHeader({ ...input.header, ...header }), options),
    transactions,
    [],
    withdrawals,
    { ...options, freeze: false },
  );
  // The constructor validates uncles against rules that need their whole headers; rewards need the coinbase and the number.
  const uncleHeaders = input.uncles.map(({ coinbase, number }) =>
    createBlockHeader({ coinbase: new Address(coinbase), number, gasLimit: 5_000n }, options),
  );
  return Object.assign(block, { uncleHeaders });
}
