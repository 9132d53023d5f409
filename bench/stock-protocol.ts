// What the benchmark and the process that runs stock ethereumjs say to each other: one question, one answer.
import type { BlockOrigin } from "./blocks.ts";

export type StockRequest =
  /** Load a block, build its tries, run it once. Blocks are counted from 0 in the order in which they are prepared. */
  | { kind: "prepare"; origin: BlockOrigin }
  /** Run a prepared block, from the state before it and with new transaction objects. */
  | { kind: "run"; index: number; sendersKnown: boolean };

export type StockReply =
  | {
      kind: "prepared";
      gasUsed: bigint;
      receiptsRoot: Uint8Array;
      logsBloom: Uint8Array;
      stateRoot: Uint8Array;
    }
  | { kind: "ran"; ms: number }
  | { kind: "failed"; message: string };
