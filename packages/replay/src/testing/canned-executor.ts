// For tests: an executor that answers with prepared results, so that what is done with results can be tested without executing anything.
import type { BlockResult, ExecuteBlockInput } from "@braid/executor";
import { bytesToHex, type Hex } from "@braid/primitives";
import { type Block, chainOf, hashHeader } from "@braid/protocol";
import type { TransferChain } from "@braid/testing/transfer-chain";
import { loadBlock } from "../block-file.ts";
import type { BlockExecutor } from "../block-runner.ts";

/** Called for each execution; may change the copy of the right result that it gets, or throw. */
export type Tamper = (result: BlockResult, input: ExecuteBlockInput) => void;

/** Answers with the right results of a chain, each changed by `tamper`. */
export class CannedExecutor implements BlockExecutor {
  readonly inputs: ExecuteBlockInput[] = [];
  readonly #results = new Map<Hex, BlockResult>();
  readonly #tamper: Tamper;

  constructor({ bundle, results }: TransferChain, tamper: Tamper = () => {}) {
    const chain = chainOf(bundle.chain);
    for (const [index, rlp] of bundle.blocks.entries()) {
      const result = results[index];
      if (result !== undefined) this.#results.set(bytesToHex(loadBlock(rlp, chain).hash), result);
    }
    this.#tamper = tamper;
  }

  async executeBlock(input: ExecuteBlockInput): Promise<BlockResult> {
    this.inputs.push(input);
    input.signal?.throwIfAborted();
    const result = this.#results.get(bytesToHex(hashHeader(blockOf(input).header)));
    if (result === undefined) throw new Error("no result is prepared for this block");
    // Not cloned: a class, and nobody changes it.
    const { stateChanges, ...rest } = result;
    const copy = { ...structuredClone(rest), stateChanges };
    this.#tamper(copy, input);
    return copy;
  }
}

/** A replay hands its blocks over decoded. */
export function blockOf({ block }: ExecuteBlockInput): Block {
  if (!("header" in block)) throw new TypeError("the block is not decoded");
  return block;
}
