// Precompiles that do not run in the kernel: those of the ethereumjs engine, whose EVM is made when the first one is called. From then on most of them
// answer at once.

import type { Kernel } from "@braid/kernel";
import type { ExecResult } from "@ethereumjs/evm";
import type { ChainSetup } from "../../block/prepare-block.ts";
import type { MissHandler } from "../engine.ts";
import type { BraidEvm } from "../ethereumjs/evm/braid-evm.ts";
import type { EthereumjsEngine } from "../ethereumjs/units/ethereumjs-engine.ts";
import type { PrecompileResult, Precompiles } from "./wasm-units.ts";

/** Makes the precompiles of a fork of a chain. */
export function precompilesOver(kernel: Kernel, misses: MissHandler): (chain: ChainSetup) => Precompiles {
  let engine: Promise<EthereumjsEngine> | undefined;
  let last: { key: string; evm: BraidEvm } | undefined;
  const load = async (): Promise<EthereumjsEngine> => {
    const { EthereumjsEngine: Engine } = await import("../ethereumjs/units/ethereumjs-engine.ts");
    return new Engine(kernel, misses);
  };
  const evmOf = async (chain: ChainSetup): Promise<BraidEvm> => {
    engine ??= load();
    const evm = await (await engine).evmOf(chain);
    last = { key: chain.key, evm };
    return evm;
  };
  return (chain) => (number, data, gasLimit) =>
    last?.key === chain.key
      ? call(last.evm, number, data, gasLimit)
      : evmOf(chain).then((evm) => call(evm, number, data, gasLimit));
}

function call(
  evm: BraidEvm,
  number: number,
  data: Uint8Array,
  gasLimit: bigint,
): PrecompileResult | Promise<PrecompileResult> {
  const result = evm.callPrecompile(number, data, gasLimit);
  if (result === undefined) throw new Error(`the fork has no precompile ${number}`);
  return result instanceof Promise ? result.then(answerOf) : answerOf(result);
}

function answerOf({ exceptionError, executionGasUsed, returnValue }: ExecResult): PrecompileResult {
  return { gasUsed: executionGasUsed, output: returnValue, reason: exceptionError?.error };
}
