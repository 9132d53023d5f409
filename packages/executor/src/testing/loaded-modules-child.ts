// For tests: a process that executes a block, builds one and makes a call on the wasm engine, and prints which modules of ethereumjs's EVM it has loaded.

import { registerHooks } from "node:module";

const loaded = new Set<string>();
registerHooks({
  load: (url, context, next) => {
    const name = /@ethereumjs\/(evm|vm|statemanager|blockchain)\/|engines\/ethereumjs\/(units|state)\//.exec(
      url,
    );
    if (name !== null) loaded.add(name[0]);
    return next(url, context);
  },
});

const { Executor } = await import("../executor.ts");
const { BlockBuilder } = await import("@braid/testing/block-builder");
const { keyed, plainAddress } = await import("@braid/testing/accounts");
const { TOOL, tool } = await import("@braid/testing/tool");

const builder = new BlockBuilder("osaka");
builder.fund(keyed(0));
builder.contract(plainAddress(900), TOOL);
builder.send({ from: keyed(0), to: plainAddress(900), data: tool.increment(1), gasLimit: 100_000 });
const { input, chain, source } = await builder.build();
// The builder seals with stock ethereumjs.
loaded.clear();

const executor = new Executor({ workers: 0, engine: "wasm" });
const block = { block: input, chain };
const executed = await executor.executeBlock({ ...block, source: source() });
const built = await executor.buildBlock({ ...block, source: source() });
const [called] = await executor.call({
  header: input.header,
  chain,
  source: source(),
  messages: [{ from: keyed(0).address, to: plainAddress(900), data: tool.increment(1) }],
});
await executor.close();
const engines = [executed, built].map(({ statistics }) =>
  statistics.engine.unsupported === 0 ? statistics.engine.name : "another",
);
process.stdout.write(JSON.stringify({ ran: [...engines, called?.engine], loaded: [...loaded] }));
