// debug_getRaw*: what the chain has, as it is encoded.

import type { StoredBlock } from "@braid/chain";
import { bytesToHex } from "@braid/primitives";
import { encodeBlock, encodeHeader, encodeReceipt } from "@braid/protocol";
import { RpcError, SERVER_ERROR } from "@braid/rpc";
import type { Node } from "../node.ts";
import { type BlockParam, blockParam, findBlock } from "./block-tags.ts";
import { type Methods, method } from "./method.ts";
import { hash } from "./params.ts";

function needBlock(node: Node, param: BlockParam): StoredBlock {
  const block = findBlock(node, param);
  if (block === undefined) throw new RpcError(SERVER_ERROR, "block not found");
  return block;
}

export const debugMethods: Methods = {
  debug_getRawHeader: method([blockParam], ({ node }, param) =>
    bytesToHex(encodeHeader(needBlock(node, param).header)),
  ),
  debug_getRawBlock: method([blockParam], ({ node }, param) =>
    bytesToHex(encodeBlock(needBlock(node, param).block)),
  ),
  debug_getRawReceipts: method([blockParam], ({ node }, param) => {
    const receipts = node.chain.receipts(needBlock(node, param).hash)?.receipts ?? [];
    return receipts.map((receipt) => bytesToHex(encodeReceipt(receipt)));
  }),
  debug_getRawTransaction: method([hash], ({ node }, of) => {
    const place = node.chain.transaction(of);
    const raw = place?.block.block.transactions[place.index] ?? node.pool.get(of)?.raw;
    return raw === undefined ? "0x" : bytesToHex(raw);
  }),
};
