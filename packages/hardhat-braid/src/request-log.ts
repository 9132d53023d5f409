// The log of requests (`loggingEnabled`, hardhat_setLoggingEnabled, `hardhat node`): what Hardhat's own network prints of each request, of blocks
// that are mined and of what runs in them.

import { styleText } from "node:util";
import { type BraidProvider, FailedExecutionError } from "@braid/node";
import { bytesToHex, type Hex, promised, type Steps, wait } from "@braid/primitives";
import type { ContractNames } from "./contract-names.ts";

type MinedListener = Parameters<BraidProvider["node"]["miner"]["onMined"]>[0];
type Results = ReturnType<Parameters<MinedListener>[1]>;

/** A block that was mined, until it is printed. */
interface Mined {
  number: bigint;
  hash: Hex;
  baseFee: bigint | undefined;
  transactions: { hash: Hex; gasUsed: bigint; failure: FailedExecutionError | undefined }[];
}

/** A line, or a title with what belongs to it: all titles of a request are as wide as the widest. */
type Line = string | [title: string, text: string];

const SWITCH = "hardhat_setLoggingEnabled";
const SENDS = new Set(["eth_sendTransaction", "eth_sendRawTransaction"]);
const CALLS = new Set(["eth_call", "eth_estimateGas"]);
/** Their blocks are printed under them; all others are mined by time. */
const MINES = new Set([...SENDS, "evm_mine", "hardhat_mine", "evm_setAutomine"]);
const NOT_SUPPORTED = -32004;
const ESCAPE = "\u001b[";

interface Transaction {
  from: Hex;
  to: Hex | null;
  value: Hex;
  gas: Hex;
  input: Hex;
  nonce: Hex;
}

export class RequestLog {
  enabled: boolean;
  readonly #braid: BraidProvider;
  readonly #names: ContractNames;
  /** The method that was printed last, and how often. */
  #last: { method: string; count: number } | undefined;
  /** The first of the empty blocks that were printed last. */
  #firstEmpty: bigint | undefined;
  #mining = 0;
  readonly #mined: Mined[] = [];
  #width = 0;
  /** What is printed by time comes one after the other. */
  #timed: Promise<void> = Promise.resolve();

  constructor(braid: BraidProvider, names: ContractNames, enabled: boolean) {
    this.#braid = braid;
    this.#names = names;
    this.enabled = enabled;
    braid.node.miner.onMined(({ block }, results) => {
      if (!this.enabled) return;
      const mined = minedBlock(block, results());
      if (this.#mining > 0) this.#mined.push(mined);
      else this.#timed = this.#timed.then(() => this.#printTimed(mined)).catch(() => {});
    });
  }

  /** Makes a request, and prints it. */
  around(method: string, params: unknown, run: () => Steps<unknown>): Steps<unknown> {
    return this.enabled || method === SWITCH
      ? wait(this.#printing(method, params, () => promised(run())))
      : run();
  }

  async #printing(method: string, params: unknown, run: () => Promise<unknown>): Promise<unknown> {
    if (method === SWITCH) {
      const result = await run();
      this.enabled = Array.isArray(params) && params[0] === true;
      return result;
    }
    const mines = MINES.has(method);
    if (mines) this.#mining++;
    try {
      const result = await run();
      const lines = await this.#linesOf(method, params, result).catch(() => []);
      this.#printMethod(method);
      if (this.#print(lines)) console.log("");
      return result;
    } catch (error) {
      await this.#printFailed(method, params, error);
      throw error;
    } finally {
      if (mines) this.#mining--;
    }
  }

  #printMethod(method: string): void {
    if (this.#last?.method === method) {
      this.#last.count++;
      replaceLine(styleText("green", `${method} (${this.#last.count})`));
      return;
    }
    this.#last = { method, count: 1 };
    this.#firstEmpty = undefined;
    console.log(styleText("green", method));
  }

  async #printFailed(method: string, params: unknown, error: unknown): Promise<void> {
    this.#forget();
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (code === NOT_SUPPORTED) {
      console.log(styleText("red", `${method} - Method not supported`));
      return;
    }
    const isExecution = error instanceof FailedExecutionError;
    const lines = isExecution ? await this.#failureLines(method, params, error).catch(() => []) : [];
    console.log(styleText("red", method));
    this.#print(lines);
    if (!isExecution) {
      console.log("");
      console.log(`  ${String(message)}`);
    }
    console.log("");
  }

  async #failureLines(method: string, params: unknown, error: FailedExecutionError): Promise<Line[]> {
    const { transactionHash } = error;
    if (transactionHash !== undefined) return this.#linesOf(method, params, transactionHash);
    return CALLS.has(method) ? this.#callLines(params, method === "eth_estimateGas", error) : [];
  }

  #forget(): void {
    this.#last = undefined;
    this.#firstEmpty = undefined;
  }

  async #linesOf(method: string, params: unknown, result: unknown): Promise<Line[]> {
    if (method === "eth_call") return this.#callLines(params, false);
    if (SENDS.has(method)) return this.#sentLines(result as Hex);
    if (!MINES.has(method)) return [];
    return this.#minedLines(this.#mined.splice(0));
  }

  async #callLines(params: unknown, showsZero: boolean, failure?: FailedExecutionError): Promise<Line[]> {
    if (!Array.isArray(params)) return [];
    this.#forget();
    const { from = `0x${"00".repeat(20)}`, to, value = "0x0", input, data = input } = params[0];
    const lines = await this.#names.describe({ to, input: data ?? "0x", from, isCall: true });
    lines.push(["From", from.toLowerCase()]);
    if (typeof to === "string") lines.push(["To", to.toLowerCase()]);
    if (showsZero || BigInt(value) > 0n) lines.push(["Value", amountOf(BigInt(value))]);
    return indent(1, [...lines, ...failureLines(failure)]);
  }

  async #sentLines(hash: Hex): Promise<Line[]> {
    const place = this.#mined.findIndex(({ transactions }) => transactions.some((one) => one.hash === hash));
    if (place < 0) return [];
    this.#forget();
    const blocks = this.#mined.splice(0, place + 1);
    const own = blocks.at(-1) as Mined;
    const lines: Line[] = [];
    if (blocks.length > 1 || own.transactions.length > 1) {
      lines.push(
        blocks.length > 1
          ? "  There were other pending transactions. More than one block had to be mined:"
          : "  There were other pending transactions mined in the same block:",
        "",
      );
      for (const block of blocks) lines.push(...(await this.#blockLines(block, 1, hash)), "");
      lines.push("  Currently sent transaction:", "");
    }
    return [...lines, ...indent(1, await this.#transactionLines(own, hash, true))];
  }

  async #minedLines(blocks: Mined[]): Promise<Line[]> {
    const lines: Line[] = [];
    let first: bigint | undefined;
    for (const [index, block] of blocks.entries()) {
      if (block.transactions.length === 0) {
        if (first === undefined) lines.push(`  ${emptyBlock(block)}`);
        else lines[lines.length - 1] = `  Mined empty block range #${first} to #${block.number}`;
        first ??= block.number;
        continue;
      }
      first = undefined;
      lines.push(`  Mined block #${block.number}`, `    Block: ${block.hash}`);
      lines.push(...indent(3, await this.#inBlock(block)));
      if (index < blocks.length - 1) lines.push("");
    }
    if (lines.length > 0) this.#forget();
    return lines;
  }

  async #printTimed(block: Mined): Promise<void> {
    if (block.transactions.length === 0) {
      if (this.#firstEmpty === undefined) console.log(emptyBlock(block));
      else replaceLine(`Mined empty block range #${this.#firstEmpty} to #${block.number}`);
      this.#last = undefined;
      this.#firstEmpty ??= block.number;
      return;
    }
    const lines = await this.#inBlock(block);
    this.#forget();
    console.log(`Mined block #${block.number}`);
    if (this.#print([`  Block: ${block.hash}`, ...indent(2, lines)])) console.log("");
  }

  async #blockLines(block: Mined, depth: number, highlighted: Hex): Promise<Line[]> {
    return indent(depth, [
      `Block #${block.number}: ${block.hash}`,
      ...indent(1, await this.#inBlock(block, highlighted)),
    ]);
  }

  async #inBlock(block: Mined, highlighted?: Hex): Promise<Line[]> {
    const lines: Line[] = block.baseFee === undefined ? [] : [`Base fee: ${block.baseFee}`];
    for (const [index, { hash }] of block.transactions.entries()) {
      if (index > 0) lines.push("");
      lines.push(["Transaction", hash === highlighted ? styleText("bold", hash) : hash]);
      lines.push(...indent(1, await this.#transactionLines(block, hash, false)));
    }
    return lines;
  }

  async #transactionLines(block: Mined, hash: Hex, isAlone: boolean): Promise<Line[]> {
    const known = await this.#braid.request({ method: "eth_getTransactionByHash", params: [hash] });
    const { from, to, value, gas, input, nonce } = known as unknown as Transaction;
    const { gasUsed = 0n, failure } = block.transactions.find((one) => one.hash === hash) ?? {};
    const lines = await this.#names.describe({ to, input, from, isCall: false, nonce });
    if (isAlone) lines.push(["Transaction", hash]);
    lines.push(["From", from]);
    if (to !== null) lines.push(["To", to]);
    lines.push(["Value", amountOf(BigInt(value))], ["Gas used", `${gasUsed} of ${BigInt(gas)}`]);
    if (isAlone) lines.push([`Block #${block.number}`, block.hash]);
    return [...lines, ...failureLines(failure)];
  }

  /** False when there was nothing. */
  #print(lines: readonly Line[]): boolean {
    for (const line of lines)
      if (typeof line !== "string") this.#width = Math.max(this.#width, line[0].length);
    for (const line of lines)
      console.log(typeof line === "string" ? line : `${`${line[0]}:`.padEnd(this.#width + 1)} ${line[1]}`);
    return lines.length > 0;
  }
}

function minedBlock(
  { header, hash, transactionHashes }: Parameters<MinedListener>[0]["block"],
  results: Results,
): Mined {
  return {
    number: header.number,
    hash: bytesToHex(hash),
    baseFee: header.baseFeePerGas,
    transactions: transactionHashes.map((one, index) => {
      const result = results[index];
      return {
        hash: bytesToHex(one),
        gasUsed: result?.gasUsed ?? 0n,
        failure: result?.status === 0 ? new FailedExecutionError(result) : undefined,
      };
    }),
  };
}

function failureLines(failure: FailedExecutionError | undefined): Line[] {
  if (failure === undefined) return [];
  return ["", `${failure.halted ? "TransactionExecutionError" : "Error"}: ${textOf(failure)}`];
}

/** Here these two are told in other words than in errors. */
function textOf({ message }: FailedExecutionError): string {
  return message
    .replace(/^VM Exception while processing transaction: (?=reverted with reason string)/, "")
    .replace(/^(Transaction reverted without a reason) string$/, "$1");
}

function emptyBlock({ number, baseFee }: Mined): string {
  return `Mined empty block #${number}${baseFee === undefined ? "" : ` with base fee ${baseFee}`}`;
}

function indent(depth: number, lines: readonly Line[]): Line[] {
  const by = "  ".repeat(depth);
  return lines.map((line) => {
    if (typeof line === "string") return line === "" ? line : line.replaceAll(/^/gm, by);
    return [by + line[0], line[1]];
  });
}

/** Wei as people read them. */
function amountOf(wei: bigint): string {
  if (wei === 0n) return "0 ETH";
  if (wei < 100_000n) return `${wei} wei`;
  const [digits, unit] = wei < 100_000_000_000_000n ? [9n, "gwei"] : [18n, "ETH"];
  const rest = (wei % 10n ** digits) / 10n ** (digits - 4n);
  return `${wei / 10n ** digits}.${rest.toString().replace(/0+$/, "")} ${unit}`;
}

/** Over the last line, where there is a terminal. */
function replaceLine(line: string): void {
  if (process.stdout.isTTY === true)
    process.stdout.write(`${ESCAPE}?25l${ESCAPE}F${line}${ESCAPE}K\n${ESCAPE}?25h`);
  else process.stdout.write(`${line}\n`);
}
