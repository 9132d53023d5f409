// `braid node` in a process of its own, which can be killed at any moment, and a client that takes that as it comes.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));

/** Of the server: a machine that does something else for long is no defect of the node. */
const TIMED_OUT = -32_002;

/** The node is gone, or has not answered in time: nothing can be said of what was asked last. */
export class NodeGoneError extends Error {}

export class NodeProcess {
  readonly #child: ReturnType<typeof NodeProcess.spawn>;
  readonly #ended: Promise<unknown>;
  #url = "";
  #stderr = "";

  private constructor(args: readonly string[]) {
    this.#child = NodeProcess.spawn(args);
    this.#ended = once(this.#child, "close");
    this.#child.stderr.on("data", (text: Buffer) => {
      this.#stderr += text.toString();
    });
  }

  private static spawn(args: readonly string[]) {
    const all = [CLI, "node", "--port", "0", "--workers", "1", "--json", ...args];
    return spawn(process.execPath, all, { stdio: ["ignore", "pipe", "pipe"] });
  }

  /** Starts a node that nobody waits for: it may never come to listen. */
  static begin(args: readonly string[]): NodeProcess {
    const node = new NodeProcess(args);
    node.#child.stdout.resume();
    return node;
  }

  /** Starts a node; resolves when it serves. */
  static async start(args: readonly string[]): Promise<NodeProcess> {
    const node = new NodeProcess(args);
    for await (const line of createInterface({ input: node.#child.stdout })) {
      const event = JSON.parse(line) as { event: string; url?: string };
      if (event.event !== "listening" || event.url === undefined) continue;
      node.#url = event.url;
      node.#child.stdout.resume();
      return node;
    }
    throw new Error(`the node has ended by itself: ${node.#stderr}`);
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Rejects with NodeGoneError when there is no answer, and with Error when the answer is an error. */
  async ask<T>(method: string, ...params: unknown[]): Promise<T> {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    let answer: { result: T; error?: { code: number; message: string } };
    try {
      const response = await fetch(this.#url, {
        method: "POST",
        body,
        headers: { "content-type": "application/json" },
      });
      answer = JSON.parse(await response.text());
    } catch (cause) {
      throw new NodeGoneError(`${method} has no answer`, { cause });
    }
    if (answer.error?.code === TIMED_OUT) throw new NodeGoneError(`${method} took too long`);
    if (answer.error !== undefined)
      throw new Error(`${method} ${JSON.stringify(params)}: ${answer.error.message}`);
    return answer.result;
  }

  /** Kills it in the middle of whatever it does. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
    if (this.#child.signalCode !== "SIGKILL" && this.#child.exitCode !== 0)
      throw new Error(`the node has ended by itself: ${this.#stderr}`);
  }
}

/** Numbers between 0 and 1 that a seed determines. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
