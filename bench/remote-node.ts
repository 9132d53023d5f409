// The benchmark's side of the delayed node's process.
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { RemoteTraffic } from "./measurements.ts";

export class DelayedNode {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: unknown) {
    this.#child = child;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(path: string, delayMs: number): Promise<DelayedNode> {
    const program = fileURLToPath(new URL("remote-server.ts", import.meta.url));
    const child = fork(program, [path, String(delayMs)], { execArgv: [] });
    return new DelayedNode(child, await messageOf(child));
  }

  /** Since the last time. */
  async traffic(): Promise<RemoteTraffic> {
    const message = messageOf(this.#child);
    this.#child.send("traffic");
    return (await message) as RemoteTraffic; // only remote-server.ts answers here
  }

  close(): void {
    this.#child.disconnect();
  }
}

function messageOf(child: ChildProcess): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const ended = (code: number | null): void => reject(new Error(`the delayed node ended with code ${code}`));
  child.once("exit", ended);
  child.once("message", (message) => {
    child.off("exit", ended);
    resolve(message);
  });
  return promise;
}
