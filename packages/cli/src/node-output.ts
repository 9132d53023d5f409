// What `braid node` prints: a banner, one line for each block and each transaction, and what went wrong.

import type { EmptyBlocks, MinedBlock, Node } from "@braid/node";
import { bytesToHex } from "@braid/primitives";
import { decodeTransaction } from "@braid/protocol";
import { formatCount } from "./format.ts";
import type { NodeFlags } from "./node-command.ts";

export type OutputMode = "text" | "json" | "silent";

/** Programs hear of an import's progress so often. */
const PROGRESS_MS = 1_000;

export class NodeOutput {
  readonly #stream: NodeJS.WritableStream;
  readonly #mode: OutputMode;
  /** When the progress of an import was told last. */
  #toldAt = 0;

  constructor(stream: NodeJS.WritableStream, mode: OutputMode) {
    this.#stream = stream;
    this.#mode = mode;
  }

  /** The node serves. */
  banner(
    node: Node,
    url: string,
    { mnemonic, genesis, balance }: Pick<NodeFlags, "mnemonic" | "genesis" | "balance">,
  ): void {
    const { header } = node.head;
    const accounts = [...node.accounts.values()];
    this.#json({
      event: "listening",
      url,
      chainId: Number(node.chain.rules.chainId),
      accounts: accounts.map(({ address }) => bytesToHex(address)),
    });
    // Accounts of another chain have what its genesis file says, which is mostly nothing; those of a forked one have ether.
    const isOwn = genesis === undefined || node.fork !== undefined;
    const lines = isOwn
      ? [
          "Available accounts",
          "==================",
          ...accounts.map(
            ({ address }, i) => `(${i}) ${bytesToHex(address)} (${formatCount(Number(balance))} ETH)`,
          ),
          "",
          "Private keys",
          "==================",
          ...accounts.map(({ privateKey }, i) => `(${i}) ${bytesToHex(privateKey)}`),
          "",
          "WARNING: these accounts, and their keys, are known to everybody. Whatever is sent to them on a real chain is lost.",
          ...(mnemonic === undefined ? [] : ["They are derived from the mnemonic that was given."]),
          "",
        ]
      : [];
    this.#text(
      ...lines,
      ...(node.fork === undefined
        ? []
        : [`Forked from     ${node.fork.host}, block ${node.fork.block.number}`]),
      `Chain id        ${node.chain.rules.chainId}`,
      `Hardfork        ${node.next.rules.fork}`,
      `Base fee        ${formatBig(node.next.baseFee ?? 0n)} wei`,
      `Gas limit       ${formatBig(header.gasLimit)}`,
      `Newest block    ${node.head.number}, ${new Date(Number(header.timestamp) * 1_000).toISOString()}`,
      "",
      `Listening on ${url} and ${url.replace("http", "ws")}`,
    );
  }

  /** A block was mined. */
  mined({ block, dropped }: MinedBlock, node: Node): void {
    // PERF: whoever has sent the transactions waits until this is done.
    if (this.#mode === "silent") return;
    const { number, hash, header } = block;
    const { receipts = [], senders = [] } = node.chain.receipts(hash) ?? {};
    this.#json({
      event: "block",
      number: Number(number),
      hash: bytesToHex(hash),
      gasUsed: Number(header.gasUsed),
      transactions: receipts.length,
    });
    const count = receipts.length === 1 ? "1 transaction" : `${receipts.length} transactions`;
    this.#text(`block ${number} ${bytesToHex(hash)}: ${count}, ${formatBig(header.gasUsed)} gas`);
    let before = 0n;
    for (const [i, { status, cumulativeGasUsed }] of receipts.entries()) {
      const transaction = bytesToHex(block.transactionHashes[i] as Uint8Array);
      const from = bytesToHex(senders[i] as Uint8Array);
      const { to } = decodeTransaction(block.block.transactions[i] as Uint8Array);
      const gas = cumulativeGasUsed - before;
      before = cumulativeGasUsed;
      this.#json({
        event: "transaction",
        hash: transaction,
        block: Number(number),
        from,
        to: to === undefined ? null : bytesToHex(to),
        gasUsed: Number(gas),
        status: status ?? null,
      });
      const target = to === undefined ? "new contract" : bytesToHex(to);
      this.#text(
        `  ${status === 0 ? "failed" : "ok    "} ${transaction}: ${from} -> ${target}, ${formatBig(gas)} gas`,
      );
    }
    for (const { transaction, reason } of dropped) {
      const gone = bytesToHex(transaction.hash);
      this.#json({ event: "dropped", hash: gone, code: reason.code, reason: reason.message });
      this.#text(`  left out ${gone}: ${reason.message}`);
    }
  }

  /** So many bytes of a chain file have been gone through, up to the block with this number. A terminal has a bar for it. */
  importing(done: number, total: number, number: bigint): void {
    const now = performance.now();
    if (now - this.#toldAt < PROGRESS_MS) return;
    this.#toldAt = now;
    this.#json({ event: "import", done, total, block: Number(number) });
  }

  /** Empty blocks were mined at once. */
  minedEmpty({ first, last }: EmptyBlocks): void {
    this.#json({ event: "emptyBlocks", first: Number(first), last: Number(last.number) });
    this.#text(`blocks ${first} to ${last.number}: empty`);
  }

  /** A method ended in a way that it should not: that is printed in every mode. */
  bug(method: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    if (this.#mode === "json") this.#json({ event: "error", method, error: text });
    else process.stderr.write(`braid: ${method} failed: ${text}\n`);
  }

  end(): void {
    this.#json({ event: "end" });
    this.#text("", "Ending, after what is under way.");
  }

  #text(...lines: string[]): void {
    if (this.#mode === "text") this.#stream.write(`${lines.join("\n")}\n`);
  }

  #json(event: object): void {
    if (this.#mode === "json")
      this.#stream.write(`${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
  }
}

/** PERF: `toLocaleString` makes one each time. */
const COUNTS = new Intl.NumberFormat("en");

function formatBig(value: bigint): string {
  return COUNTS.format(value);
}
