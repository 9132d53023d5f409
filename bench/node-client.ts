// A JSON-RPC client that costs next to nothing: one socket, one request after the other, the answer read by its length. What is measured with it
// is the node, and not the client.
import { once } from "node:events";
import { connect, type Socket } from "node:net";

const END_OF_HEAD = "\r\n\r\n";

async function connectTo({ hostname, port }: URL): Promise<Socket> {
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, "connect");
  return socket;
}

export class NodeClient {
  readonly #url: URL;
  readonly #head: string;
  #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #answered: ((body: string) => void) | undefined;
  #failed: ((error: Error) => void) | undefined;

  static async open(url: string): Promise<NodeClient> {
    const parsed = new URL(url);
    return new NodeClient(parsed, await connectTo(parsed));
  }

  private constructor(url: URL, socket: Socket) {
    this.#url = url;
    this.#head = `POST / HTTP/1.1\r\nHost: ${url.host}\r\nContent-Type: application/json\r\nContent-Length: `;
    this.#socket = this.#watch(socket);
  }

  #watch(socket: Socket): Socket {
    socket.on("data", (data: Buffer) => this.#take(data));
    socket.on("error", (error) => this.#failed?.(error));
    socket.on("close", () => this.#failed?.(new Error("the node has closed the connection")));
    return socket;
  }

  /** The result of a call. Rejects with what the node says is wrong. */
  async call<Result = unknown>(method: string, params: readonly unknown[] = []): Promise<Result> {
    const answer = JSON.parse(await this.post(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }))) as {
      result?: Result;
      error?: { code: number; message: string };
    };
    if (answer.error !== undefined)
      throw new Error(`${method}: ${answer.error.message} (${answer.error.code})`);
    return answer.result as Result;
  }

  /** The answer's text. One at a time. */
  async post(body: string): Promise<string> {
    // Servers close connections that nobody has used for some seconds.
    if (this.#socket.destroyed || this.#socket.readableEnded)
      this.#socket = this.#watch(await connectTo(this.#url));
    return new Promise((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
      this.#socket.write(`${this.#head}${Buffer.byteLength(body)}${END_OF_HEAD}${body}`);
    });
  }

  close(): void {
    this.#failed = undefined;
    this.#socket.destroy();
  }

  #take(data: Buffer): void {
    this.#received = this.#received.length === 0 ? data : Buffer.concat([this.#received, data]);
    const end = this.#received.indexOf(END_OF_HEAD);
    if (end < 0) return;
    const head = this.#received.toString("latin1", 0, end).toLowerCase();
    const length = /content-length: *(\d+)/.exec(head)?.[1];
    const begin = end + END_OF_HEAD.length;
    const body = length === undefined ? this.#chunked(begin) : this.#whole(begin, Number(length));
    if (body === undefined) return;
    const resolve = this.#answered;
    this.#answered = undefined;
    resolve?.(body);
  }

  #whole(begin: number, length: number): string | undefined {
    if (this.#received.length < begin + length) return undefined;
    const body = this.#received.toString("utf8", begin, begin + length);
    this.#received = this.#received.subarray(begin + length);
    return body;
  }

  /** RFC 9112 section 7.1; without trailers. */
  #chunked(begin: number): string | undefined {
    const pieces: Buffer[] = [];
    for (let at = begin; ; ) {
      const line = this.#received.indexOf("\r\n", at);
      if (line < 0) return undefined;
      const size = Number.parseInt(this.#received.toString("latin1", at, line), 16);
      const end = line + 2 + size + 2;
      if (this.#received.length < end) return undefined;
      if (size === 0) {
        this.#received = this.#received.subarray(end);
        return Buffer.concat(pieces).toString("utf8");
      }
      pieces.push(this.#received.subarray(line + 2, line + 2 + size));
      at = end;
    }
  }
}
