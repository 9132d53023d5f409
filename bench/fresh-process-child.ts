// A replay as `braid replay` does it, but on an executor of the program's own, which is not warmed up. Started by fresh-process.ts.
import { Executor } from "@braid/executor";
import { replay } from "@braid/replay";

const executor = new Executor({ workers: 2 });
const { totals } = await replay(process.argv.slice(2), { executor, workers: 2 });
await executor.close();
console.log(JSON.stringify({ totals }));
