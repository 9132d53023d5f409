// The ethereumjs EVM over a VersionedState: the same calls, creations, opcodes and precompiles, with a faster run loop and
// with value transfers that do not read what they do not need to know.

import { bytesToHex } from "@braid/primitives";
import type { Common } from "@ethereumjs/common";
import {
  createEVM,
  EVM,
  EVMError,
  type EVMMockBlockchainInterface,
  type EVMOpts,
  type EVMResult,
  type ExecResult,
  type Log,
  type Message,
  type PrecompileFunc,
} from "@ethereumjs/evm";
import { type Account, type Address, createZeroAddress } from "@ethereumjs/util";
import type { StateOverride } from "../../../block/call-input.ts";
import { InvalidInputError } from "../../../errors.ts";
import { TimeLimit } from "../../time-limit.ts";
import { isDelegation } from "../state/code-store.ts";
import type { AccountEntry } from "../state/entries.ts";
import type { VersionedState } from "../state/versioned-state.ts";
import { AccessRecorder } from "./access-recorder.ts";
import { bls12 } from "./bls12-381.ts";
import { bn254 } from "./bn254.ts";
import { FailedCreation, runCodeLikeContainers } from "./creation-rules.ts";
import { EngineJournal, EngineStateManager } from "./engine-state.ts";
import {
  type Frame,
  type FrameInterpreterClass,
  frameInterpreterClass,
  type InterpreterClass,
  type RunState,
} from "./frame-interpreter.ts";
import { type GasTable, gasTable } from "./gas-table.ts";
import { type LibraryLoaders, libraryLoaders } from "./precompile-libraries.ts";
import { TracerSlot } from "./tracer-slot.ts";

/** ethereumjs keeps its Interpreter to itself, but an execution's result leads to it. */
async function findInterpreterClass(): Promise<InterpreterClass> {
  const STOP = Uint8Array.of(0);
  const result = await (await createEVM()).runCode({ code: STOP, gasLimit: 1n });
  if (result.runState === undefined) throw new Error("the EVM gave no run state");
  return result.runState.interpreter.constructor as InterpreterClass;
}

/** Nearly all call stacks are lower than this. */
const MAX_KEPT_FRAMES = 64;

const DONE: Promise<void> = Promise.resolve();

/** Does something with an account, at once when it is there; what it throws comes as a rejection. */
function whenReady(
  account: AccountEntry | Promise<AccountEntry>,
  action: (entry: AccountEntry) => void,
): Promise<void> {
  if (account instanceof Promise) return account.then(action);
  try {
    action(account);
    return DONE;
  } catch (error) {
    return Promise.reject(error);
  }
}

/** As ethereumjs keeps precompiles: hex digits. */
function precompileKey(address: Uint8Array): string {
  return bytesToHex(address).slice(2);
}

function notPrecompile(address: Uint8Array): InvalidInputError {
  return new InvalidInputError(
    "stateOverrides",
    `${bytesToHex(address)} is no precompile of the block's fork, so it cannot be moved.`,
    { address: bytesToHex(address) },
  );
}

let interpreterClass: Promise<FrameInterpreterClass> | undefined;

export class BraidEvm extends EVM {
  readonly state: VersionedState;
  readonly gasTable: GasTable;
  /** Who looks on while the next call runs. */
  readonly tracer: TracerSlot;
  /** How long the block may take. */
  readonly timeLimit: TimeLimit;
  /** Has a frame of the message run out of gas? */
  frameOutOfGas = false;
  readonly #frameClass: FrameInterpreterClass;
  /** Of the libraries that a precompile still has to wait for. */
  readonly #libraries: LibraryLoaders;
  /** When they are others than the fork's. */
  #precompiles: EVM["precompiles"] | undefined = undefined;
  readonly #failedCreation = new FailedCreation();
  /** By depth. A transaction's frames are strictly nested, and a worker runs one transaction at a time. */
  readonly #frames: Frame[] = [];

  private constructor(options: EVMOpts, state: VersionedState, frameClass: FrameInterpreterClass) {
    super(options);
    this.state = state;
    this.timeLimit = new TimeLimit(state.misses);
    this.gasTable = gasTable(this);
    this.tracer = new TracerSlot(this);
    this.#frameClass = frameClass;
    this.#libraries = libraryLoaders(this.precompiles);
    runCodeLikeContainers(this._opcodeMap);
  }

  /** An EVM for one fork. `common` keeps its hardfork for as long as the EVM lives. */
  static async create(
    common: Common,
    state: VersionedState,
    blockchain: EVMMockBlockchainInterface,
    options: Pick<EVMOpts, "allowUnlimitedContractSize"> = {},
  ): Promise<BraidEvm> {
    interpreterClass ??= findInterpreterClass().then(frameInterpreterClass);
    const stateManager = new EngineStateManager(state);
    const evm = new BraidEvm(
      {
        ...options,
        common,
        stateManager,
        blockchain,
        bls: bls12,
        bn254,
        blockLevelAccessList: new AccessRecorder(state),
      },
      state,
      await interpreterClass,
    );
    // `journal` is typed as ethereumjs's own class; EngineJournal has all that the EVM calls on it.
    Reflect.set(evm, "journal", new EngineJournal(state, stateManager));
    return evm;
  }

  /**
   * Makes the fork's precompiles those that a call's overrides leave, as geth has it: an account that is overridden is none, and may have been
   * moved. What is warm does not change. Throws InvalidInputError.
   */
  movePrecompiles(overrides: readonly StateOverride[]): void {
    this.#precompiles = undefined;
    if (overrides.length === 0) return;
    const own = this.precompiles;
    const left = new Map(own);
    for (const { address } of overrides) left.delete(precompileKey(address));
    for (const { address, movePrecompileToAddress: target } of overrides) {
      if (target === undefined) continue;
      const precompile = own.get(precompileKey(address));
      if (precompile === undefined) throw notPrecompile(address);
      left.set(precompileKey(target), precompile);
    }
    this.#precompiles = left;
  }

  override get precompiles(): EVM["precompiles"] {
    return this.#precompiles ?? super.precompiles;
  }

  #isPrecompile(address: Address): boolean {
    return this.#precompiles === undefined
      ? this.state.isPrecompile(address.bytes)
      : this.getPrecompile(address) !== undefined;
  }

  /** Forgets what an incarnation that was left in the middle may have put into the EVM. */
  reset(): void {
    this.tracer.set(undefined);
    this.transientStorage.clear();
  }

  /** Takes the value from the caller. That it is covered was checked by the opcode, or for the transaction as a whole. */
  protected override _reduceSenderBalance(_account: Account, message: Message): Promise<void> {
    return whenReady(this.state.account(message.caller.bytes), (entry) => {
      if (message.value > 0n) entry.accessed = true;
      this.state.addBalance(entry, -message.value);
      this.state.touch(entry);
    });
  }

  protected override _addToBalance(
    _account: Account,
    message: Message & { to: NonNullable<Message["to"]> },
  ): Promise<void> {
    return whenReady(this.state.account(message.to.bytes), (entry) => {
      entry.accessed = true;
      if (!this.state.canCredit(entry, message.value))
        throw new EVMError(EVMError.errorMessages.VALUE_OVERFLOW);
      this.state.addBalance(entry, message.value);
      this.state.touch(entry);
    });
  }

  /** The base class's, without its look-ups by hex strings; it is left to resolve delegations (EIP-7702). */
  protected override _loadCode(message: Message): Promise<void> {
    if (message.code !== undefined || this.#isPrecompile(message.codeAddress))
      return super._loadCode(message);
    const entry = this.state.find(message.codeAddress.bytes);
    if (entry === undefined) return super._loadCode(message);
    const code = this.state.code(entry);
    if (code instanceof Promise) return code.then(() => super._loadCode(message));
    if (isDelegation(code)) return super._loadCode(message);
    message.code = code;
    message.isCompiled = false;
    message.chargeCodeAccesses = true;
    return DONE;
  }

  /** Runs one of the fork's precompiles by its number, whatever calls move. Rejects with WorkerStartError when a library that it needs cannot be loaded. */
  callPrecompile(
    number: number,
    data: Uint8Array,
    gasLimit: bigint,
  ): Promise<ExecResult> | ExecResult | undefined {
    const precompile = super.precompiles.get(number.toString(16).padStart(40, "0"));
    return precompile === undefined ? undefined : this.runPrecompile(precompile, data, gasLimit);
  }

  /** The base class's, when what the precompile needs is there. */
  protected override runPrecompile(
    code: PrecompileFunc,
    data: Uint8Array,
    gasLimit: bigint,
  ): Promise<ExecResult> | ExecResult {
    const load = this.#libraries.get(code);
    if (load === undefined) return this.#runLoaded(code, data, gasLimit);
    return load().then(() => {
      this.#libraries.delete(code);
      return this.#runLoaded(code, data, gasLimit);
    });
  }

  #runLoaded(code: PrecompileFunc, data: Uint8Array, gasLimit: bigint): Promise<ExecResult> | ExecResult {
    const result = super.runPrecompile(code, data, gasLimit);
    if (result instanceof Promise)
      return result.then((ended) => {
        this.#noteOutOfGas(ended.exceptionError);
        return ended;
      });
    this.#noteOutOfGas(result.exceptionError);
    return result;
  }

  #noteOutOfGas(error: EVMError | undefined): void {
    if (error?.error === EVMError.errorMessages.OUT_OF_GAS) this.frameOutOfGas = true;
  }

  protected override async _executeCreate(message: Message): Promise<EVMResult> {
    return this.#failedCreation.show(await super._executeCreate(message));
  }

  protected override async runInterpreter(
    message: Message,
    options: { pc?: number; initialLogs?: Log[] } = {},
  ): Promise<ExecResult> {
    const address = message.to ?? createZeroAddress();
    const code = message.code as Uint8Array;
    const transaction = this._tx as NonNullable<typeof this._tx>;
    const frame = this.#frameAt(message.depth);
    frame.begin(
      {
        address,
        caller: message.caller,
        callData: message.data,
        callValue: message.value,
        code,
        isStatic: message.isStatic,
        isCreate: message.isCreate ?? false,
        depth: message.depth,
        gasPrice: transaction.gasPrice,
        origin: transaction.origin,
        block: this._block as NonNullable<typeof this._block>,
        contract: (await this.state.account(address.bytes)).view,
        codeAddress: message.codeAddress,
        gasRefund: message.gasRefund,
        chargeCodeAccesses: message.chargeCodeAccesses,
        blobVersionedHashes: message.blobVersionedHashes ?? [],
        accessWitness: message.accessWitness,
        createdAddresses: message.createdAddresses,
        initialLogs: options.initialLogs,
      },
      message.gasLimit,
    );
    const { _result: left } = frame;
    if (message.selfdestruct !== undefined) left.selfdestruct = message.selfdestruct;
    if (message.createdAddresses !== undefined) left.createdAddresses = message.createdAddresses;
    try {
      const ended = await frame.run(code, options);
      this.#noteOutOfGas(ended.exceptionError);
      const result = frameResult(message, left, ended);
      return message.isCreate === true ? this.#failedCreation.hide(result) : result;
    } finally {
      frame.end();
    }
  }

  /** The frame object of a depth. Those of deeper frames than usual are not kept. */
  #frameAt(depth: number): Frame {
    const known = this.#frames[depth];
    if (known !== undefined) return known;
    const frame = new this.#frameClass(
      this,
      this.stateManager,
      this.blockchain,
      {} as RunState["env"],
      0n,
      this.journal,
      this.performanceLogger,
    );
    if (depth < MAX_KEPT_FRAMES) this.#frames[depth] = frame;
    return frame;
  }
}

/** How a frame's call ended. */
function frameResult(
  message: Message,
  result: Frame["_result"],
  { runState, exceptionError }: Awaited<ReturnType<Frame["run"]>>,
): ExecResult {
  const failed = exceptionError !== undefined;
  const keepsGas = !failed || exceptionError.error === EVMError.errorMessages.REVERT;
  return {
    logs: failed ? [] : result.logs,
    selfdestruct: failed ? new Map() : result.selfdestruct,
    createdAddresses: failed ? new Set() : result.createdAddresses,
    exceptionError,
    executionGasUsed: keepsGas ? message.gasLimit - runState.gasLeft : message.gasLimit,
    gasRefund: runState.gasRefund,
    stateGasSpilled: runState.stateGasSpilled,
    returnValue: result.returnValue ?? new Uint8Array(0),
  };
}
