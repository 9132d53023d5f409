// The engine in the kernel: an EVM in WebAssembly over the same memory as the versions (kernel/assembly/evm), which runs a transaction from its checks
// to its outcome. It stops where it needs something from outside: state, a precompile, a block's hash, a look at the clock. Whatever it does not cover
// is unsupported, and leaves no trace.

import { INSTANCE_EVM, type Kernel } from "@braid/kernel";
import { type ChainSpec, eipsOf, type ForkName } from "@braid/protocol";
import type { StateOverride } from "../../block/call-input.ts";
import type { ChainSetup } from "../../block/prepare-block.ts";
import type { Engine, EngineBlock, MissHandler, UnitExecutor } from "../engine.ts";
import { TimeLimit } from "../time-limit.ts";
import { writeBlock, writeSteps } from "./block-words.ts";
import { UNSUPPORTED } from "./ends.ts";
import { isSince } from "./opcodes.ts";
import { type OnStep, type Precompiles, WasmUnits } from "./wasm-units.ts";

/** Amounts and numbers from here on are left to the other engine. */
const HUGE = 1n << 128n;
const MAX_LONG = 1n << 63n;

export class WasmEngine implements Engine {
  readonly #kernel: Kernel;
  readonly #misses: MissHandler;
  readonly #timeLimit: TimeLimit;
  readonly #precompilesOf: (chain: ChainSetup) => Precompiles;
  readonly #onStep: OnStep | undefined;

  constructor(
    kernel: Kernel,
    misses: MissHandler,
    precompilesOf: (chain: ChainSetup) => Precompiles,
    onStep?: OnStep,
  ) {
    this.#onStep = onStep;
    this.#kernel = kernel;
    this.#misses = misses;
    this.#timeLimit = new TimeLimit(misses);
    this.#precompilesOf = precompilesOf;
  }

  /** PERF: no promise, and some hundred stores. */
  beginBlock(block: EngineBlock): UnitExecutor {
    if (!isSupported(block)) return { executeUnit: () => UNSUPPORTED };
    const evm = this.#kernel.scratch + INSTANCE_EVM;
    writeBlock(this.#kernel, evm, block);
    if (this.#onStep !== undefined) writeSteps(this.#kernel, evm);
    this.#timeLimit.begin(block);
    const precompiles = this.#precompilesOf(block.chain);
    return new WasmUnits(this.#kernel, evm, block, this.#misses, this.#timeLimit, precompiles, this.#onStep);
  }
}

/** What code cannot see: system calls, and what a transaction may have, follow the rules by themselves. */
const NOT_OF_CODE: ReadonlySet<number> = new Set([7002, 7251, 7825]);
const usual = new WeakMap<ChainSpec, boolean>();

/** Do the forks of the chain activate the EIPs that they are known by, as far as code sees them? */
function hasUsualCode(spec: ChainSpec): boolean {
  let found = usual.get(spec);
  if (found === undefined) {
    found = Object.keys(spec.eips ?? {}).every((name) => {
      const [own, known] = [eipsOf(spec, name as ForkName), eipsOf({}, name as ForkName)];
      const differing = [...own, ...known].filter((eip) => own.includes(eip) !== known.includes(eip));
      return differing.every((eip) => NOT_OF_CODE.has(eip));
    });
    usual.set(spec, found);
  }
  return found;
}

/** From Byzantium to Osaka and its blob forks, by the rules that these forks are known by; EIP-1283 held on test networks only. */
function isSupported({ context, chain, calls, tracer }: EngineBlock): boolean {
  const { fork } = chain;
  return (
    tracer === undefined &&
    (calls === undefined || !calls.overrides.some(movesPrecompile)) &&
    !context.daoFork &&
    isSince(fork, "byzantium") &&
    !isSince(fork, "amsterdam") &&
    fork !== "constantinople" &&
    hasUsualCode(chain.spec) &&
    chain.spec.unlimitedCodeSize !== true &&
    (context.baseFeePerGas ?? 0n) < HUGE &&
    (context.blobGasPrice ?? 0n) < HUGE &&
    context.gasLimit < MAX_LONG &&
    context.number < MAX_LONG &&
    context.timestamp < MAX_LONG
  );
}

/** Is the account that is overridden where precompiles are? Then it is none any more. */
function movesPrecompile({ address, movePrecompileToAddress }: StateOverride): boolean {
  return movePrecompileToAddress !== undefined || address.subarray(0, 18).every((byte) => byte === 0);
}
