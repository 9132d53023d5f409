// What may look on while a transaction runs: the events of ethereumjs's EVM, by the fields that tracers need. It waits for whoever answers
// with a promise.

/** An address as the EVM has it: 20 bytes; as text lower-case hex with 0x. */
export interface TracedAddress {
  readonly bytes: Uint8Array;
  toString(): string;
}

/** An opcode that is about to run. Gas in gas units; the stack's top is last. */
export interface TraceStep {
  pc: number;
  /** 0 for the transaction's own call. */
  depth: number;
  /** One that is not defined has the name INVALID and its own code. */
  opcode: { name: string; fee: number; dynamicFee?: bigint; isAsync: boolean; code: number };
  gasLeft: bigint;
  gasRefund: bigint;
  stack: bigint[];
  memory: Uint8Array;
  memoryWordCount: bigint;
  /** Whose storage is at work. */
  address: TracedAddress;
  /** Whose code runs; undefined while it is init code. */
  codeAddress: TracedAddress | undefined;
  /** With REVERT: what it says. */
  error?: Uint8Array;
}

/** A message call that is about to run: the transaction's own, a call, a creation (without `to`), a precompile. */
export interface TraceMessage {
  caller: TracedAddress;
  to?: TracedAddress;
  /** In wei. */
  value: bigint;
  gasLimit: bigint;
  data: Uint8Array;
  depth: number;
  isStatic: boolean;
  delegatecall: boolean;
}

/** How a message call ended. */
export interface TraceResult {
  execResult: {
    executionGasUsed: bigint;
    exceptionError?: { error: string };
    returnValue: Uint8Array;
  };
  createdAddress?: TracedAddress;
}

/** A contract that is about to be created, with its init code. */
export interface TraceContract {
  address: TracedAddress;
  code: Uint8Array;
}

/** An account as it is at the moment. One that does not exist has nothing. */
export interface TracedAccount {
  /** In wei. */
  balance: bigint;
  nonce: bigint;
  code: Uint8Array;
}

/** The state as the transaction sees it, at any time between its beginning and its end. */
export interface TraceState {
  /** Of a 20-byte address. */
  account(address: Uint8Array): Promise<TracedAccount>;
  /** The value of a slot (32 bytes). */
  slot(address: Uint8Array, slot: Uint8Array): Promise<bigint>;
}

/**
 * Sees a transaction's execution: each opcode before it runs, each message call before and after it. What it gets belongs to the engine:
 * copy what you keep. It must change nothing.
 * PERF: with `step` a transaction takes many times as long, because ethereumjs's own run loop executes it.
 */
export interface Tracer {
  /** Before anything of the transaction has happened. */
  begin?(state: TraceState): void | Promise<void>;
  /** After its last effect, fees among them. */
  end?(state: TraceState): void | Promise<void>;
  step?(step: TraceStep): void | Promise<void>;
  /** The code of a frame has come to its end without an opcode that ends it: what would run there is a STOP. Only with `step`. */
  codeEnd?(step: TraceStep): void | Promise<void>;
  beforeMessage?(message: TraceMessage): void | Promise<void>;
  afterMessage?(result: TraceResult): void | Promise<void>;
  newContract?(contract: TraceContract): void | Promise<void>;
}
