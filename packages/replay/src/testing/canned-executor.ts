// For tests: an executor that answers with prepared results, so that what is done with results can be tested without executing anything.
import type { BlockResult, ExecuteBlockInput } from "@braid/executor";
import { bytesToHex, type Hex } from "@braid/primitives";
import { decodeBlock } from "../block-file.ts";
import type { BlockExecutor } from "../block-runner.ts";
import { commonOf } from "../chain-config.ts";
import type { TransferChain } from "./transfer-chain.ts";

/** Called for each execution; may change the copy of the right result that it gets, or throw. */
export type Tamper = (result: BlockResult, input: ExecuteBlockInput) => void;

/** Answers with the right results of a chain, each changed by `tamper`. */
export class CannedExecutor implements BlockExecutor {
  readonly inputs: ExecuteBlockInput[] = [];
  readonly #results = new Map<Hex, BlockResult>();
  readonly #tamper: Tamper;

  constructor({ bundle, results }: TransferChain, tamper: Tamper = () => {}) {
    const common = commonOf(bundle.chain);
    for (const [index, rlp] of bundle.blocks.entries()) {
      const result = results[index];
      if (result !== undefined) this.#results.set(bytesToHex(decodeBlock(rlp, common).hash), result);
    }
    this.#tamper = tamper;
  }

  async executeBlock(input: ExecuteBlockInput): Promise<BlockResult> {
    this.inputs.push(input);
    input.signal?.throwIfAborted();
    const result = this.#results.get(bytesToHex(input.block.header.hash()));
    if (result === undefined) throw new Error("no result is prepared for this block");
    // Not cloned: a class, and nobody changes it.
    const { stateChanges, ...rest } = result;
    const copy = { ...structuredClone(rest), stateChanges };
    this.#tamper(copy, input);
    return copy;
  }
}
