// What a node counts, beside its server's own metrics: docs in the README.

import type { Node } from "@braid/node";
import type { RpcMetrics } from "@braid/rpc";

export function addNodeMetrics(metrics: RpcMetrics, node: Node): void {
  metrics.watch("braid_head_block_number", "The newest block", () => Number(node.head.number));
  metrics.watch("braid_head_timestamp_seconds", "The newest block's timestamp", () =>
    Number(node.head.header.timestamp),
  );
  metrics.watch("braid_pool_transactions", "Transactions in the pool", () => node.pool.size);
  const blocks = metrics.counter("braid_mined_blocks_total", "Blocks that were mined here");
  const transactions = metrics.counter("braid_mined_transactions_total", "Transactions in them");
  const gas = metrics.counter("braid_mined_gas_total", "Gas that they used");
  const dropped = metrics.counter(
    "braid_dropped_transactions_total",
    "Transactions that could not be part of a block, and went",
  );
  node.miner.onMined(({ block, dropped: gone }) => {
    blocks(1);
    transactions(block.block.transactions.length);
    gas(Number(block.header.gasUsed));
    dropped(gone.length);
  });
}
