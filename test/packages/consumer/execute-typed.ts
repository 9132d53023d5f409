// Imports every package by its types, and executes the first block of a file: node emitted/execute-typed.js <file>

import { Blockchain } from "@braid/chain";
import { runConformance } from "@braid/conformance";
import { type BlockResult, close, executeBlock } from "@braid/executor";
import { keccak256 } from "@braid/kernel";
import { bytesToHex, type Hex } from "@braid/primitives";
import { type BlockFile, loadBlockFile, openParentState } from "@braid/replay";
import { EMPTY_CODE_HASH_HEX } from "@braid/state";

const empty: Hex = bytesToHex(keccak256(new Uint8Array(0)));
if (empty !== EMPTY_CODE_HASH_HEX) throw new Error("the kernel does not hash");
for (const imported of [Blockchain, runConformance])
  if (typeof imported !== "function") throw new Error("an import is missing");

const file: BlockFile = await loadBlockFile(process.argv[2] ?? "");
const [first] = file.blocks;
if (first === undefined) throw new Error("the file has no block");
const { source } = openParentState(file).open();
const result: BlockResult = await executeBlock({
  block: first.input,
  chain: first.chain,
  source,
  force: true,
});
await close();
const receipts: number = result.receipts.length;
console.log(JSON.stringify({ receipts, gasUsed: result.gasUsed === first.input.header.gasUsed }));
