// Why a row of bench:node is where it is, for the rows that are below what is wanted of them.

const REASONS: readonly (readonly [row: RegExp, reason: string])[] = [
  [
    /^mining /,
    "Opcodes run in WebAssembly here. Around them choosing candidates, tries, the list of transactions and the garbage collector are JavaScript on one thread, and two cores are two workers: there is no third one that could make up for it.",
  ],
  [
    /sent over HTTP and mined/,
    "Each transaction is a request of its own, one after the other over one connection, and its sender is recovered when it comes. All of that is done one after the other on every side.",
  ],
  [
    /^send to receipt .*one client/,
    "Two requests one after the other, of which each takes what eth_chainId takes, and a block for each transaction: its sender's recovery, four system calls, some twenty nodes of tries, what a store keeps of it.",
  ],
  [
    /^send to receipt/,
    "One thread reads the requests of all clients, recovers the senders, mines and answers; what comes at the same time is mined in one block, so the block costs each of them a part only, but two requests cost each what eth_chainId takes.",
  ],
  [
    /^eth_call .*one client/,
    "Of the time of a call most is the way there and back, which eth_chainId shows by itself: nothing that is done in the node can be faster than that row. The rest is what a request takes before and after its few thousand gas, in JavaScript here and in native code on the other sides.",
  ],
  [
    /^eth_call/,
    "Calls that are done in less time than it takes to wake another thread stay on the thread that reads the requests: the second core is the clients'. anvil answers on all cores in native code.",
  ],
  [/^eth_chainId/, "Node's HTTP server, as on EDR's side; anvil's is native code."],
  [
    /in process/,
    "A block for each transaction: the sender's recovery by a library in C, four system calls and the transfer, some twenty nodes of tries that are hashed one after the other.",
  ],
  [
    /^resident/,
    "V8, and what it has compiled, before there is a block. After that blocks, receipts and the states after all of them, as the tries' nodes in JavaScript's objects, and what V8 keeps free beside them.",
  ],
  [/^a block in that run/, "As with one client that sends and waits for its receipt."],
];

export function reasonOf(row: string): string {
  const found = REASONS.find(([pattern]) => pattern.test(row));
  if (found === undefined) throw new Error(`nobody has said why "${row}" is below what is wanted`);
  return found[1];
}
