// Executes the first block of a file in parallel and sequentially: node execute.js <file>

import { Executor } from "@braid/executor";
import { loadBlockFile, openParentState } from "@braid/replay";

const file = await loadBlockFile(process.argv[2]);
const [first] = file.blocks;
const executor = new Executor({ workers: 2 });
const roots = [];
for (const mode of ["parallel", "sequential"]) {
  const { source } = openParentState(file).open();
  const { chain, input: block } = first;
  const result = await executor.executeBlock({ block, chain, source, mode, force: true });
  roots.push(Buffer.from(result.receiptsRoot).toString("hex"));
}
await executor.close();
console.log(JSON.stringify({ expected: Buffer.from(first.input.header.receiptsRoot).toString("hex"), roots }));
