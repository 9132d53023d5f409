// The benchmark's side of the process that runs stock ethereumjs.
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { BlockOrigin } from "./blocks.ts";
import type { StockReply, StockRequest } from "./stock-protocol.ts";

/** What stock ethereumjs makes of a block. */
export type StockOutcome = Omit<Extract<StockReply, { kind: "prepared" }>, "kind">;

export class StockClient {
  readonly #child: ChildProcess;

  constructor() {
    // Nothing of this process's flags goes along: stock runs as `node program.ts` would.
    this.#child = fork(fileURLToPath(new URL("stock-process.ts", import.meta.url)), {
      serialization: "advanced",
      execArgv: [],
    });
  }

  /** Loads a block and builds its tries, untimed. Its index is the number of blocks that were prepared before it. */
  async prepare(origin: BlockOrigin): Promise<StockOutcome> {
    const reply = await this.#ask({ kind: "prepare", origin });
    if (reply.kind !== "prepared") throw new Error(`expected a prepared block, got ${reply.kind}`);
    return reply;
  }

  /** Milliseconds of `runBlock`. */
  async run(index: number, sendersKnown: boolean): Promise<number> {
    const reply = await this.#ask({ kind: "run", index, sendersKnown });
    if (reply.kind !== "ran") throw new Error(`expected a time, got ${reply.kind}`);
    return reply.ms;
  }

  close(): void {
    this.#child.disconnect();
  }

  async #ask(request: StockRequest): Promise<StockReply> {
    const { promise, resolve, reject } = Promise.withResolvers<StockReply>();
    const ended = (code: number | null): void =>
      reject(new Error(`the stock process ended with code ${code}`));
    this.#child.once("message", (reply) => resolve(reply as StockReply)); // only stock-process.ts answers here
    this.#child.once("exit", ended);
    this.#child.send(request);
    try {
      const reply = await promise;
      if (reply.kind === "failed") throw new Error(`stock ethereumjs failed: ${reply.message}`);
      return reply;
    } finally {
      this.#child.off("exit", ended);
    }
  }
}
