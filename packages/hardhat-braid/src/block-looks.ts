// What code may look at of the block that it runs in. PERF: the idle network takes up to five requests to be set as a block was, and one when nobody
// looks at the block.

import type { Prestate } from "@braid/node";

/** Fields of a block; of the older ones too, what goes by their number. */
export type BlockField = "number" | "timestamp" | "miner" | "mixHash" | "gasLimit";

const ALL: ReadonlySet<BlockField> = new Set(["number", "timestamp", "miner", "mixHash", "gasLimit"]);

/** What an opcode shows, and those that run code which is not known before. */
const OPCODES = new Map<number, readonly BlockField[]>([
  [0x40, ["number"]],
  [0x41, ["miner"]],
  [0x42, ["timestamp"]],
  [0x43, ["number"]],
  [0x44, ["mixHash"]],
  [0x45, ["gasLimit"]],
  [0xf0, [...ALL]],
  [0xf5, [...ALL]],
]);
const PUSH1 = 0x60;
const PUSH32 = 0x7f;

/** So many codes are known; they take at most 50 KB each. */
const MOST_CODES = 200;
const known = new Map<string, ReadonlySet<BlockField>>();

/** What an execution of this call on these accounts may look at: never less than it does. */
export function blockLooks(call: Record<string, unknown>, prestate: Prestate): ReadonlySet<BlockField> {
  const codes = Object.values(prestate).flatMap(({ code }) => code ?? []);
  const isCreation = call.to === undefined || call.to === null;
  if (isCreation && typeof call.data === "string") codes.push(call.data as `0x${string}`);
  return new Set(codes.flatMap((code) => [...looksOf(code)]));
}

function looksOf(code: string): ReadonlySet<BlockField> {
  const found = known.get(code);
  if (found !== undefined) return found;
  const looks = scan(Buffer.from(code.slice(2), "hex"));
  if (known.size >= MOST_CODES) known.clear();
  known.set(code, looks);
  return looks;
}

/** Execution begins at the first byte, and jumps to nothing but what this comes by: it sees each opcode that can run. */
function scan(code: Uint8Array): ReadonlySet<BlockField> {
  const looks = new Set<BlockField>();
  for (let at = 0; at < code.length; at++) {
    const opcode = code[at] as number; // within
    if (opcode >= PUSH1 && opcode <= PUSH32) at += opcode - PUSH1 + 1;
    else for (const field of OPCODES.get(opcode) ?? []) looks.add(field);
  }
  return looks;
}
