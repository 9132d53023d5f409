// What `hardhat node` serves, without its log. Started by node-sides.ts: the port, and whether each transaction is mined at once.
import { edrRuntime } from "./edr-network.ts";

const [port, mine] = process.argv.slice(2);
const { network } = await edrRuntime(mine === "true");
const server = await network.createServer("bench", "127.0.0.1", Number(port));
await server.listen();
