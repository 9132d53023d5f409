// Precompiles for the wasm engine: those of the ethereumjs engine, whose EVM is made when the first one is called.

import type { Kernel } from "@braid/kernel";
import type { ChainSetup } from "../../block/prepare-block.ts";
import type { MissHandler } from "../engine.ts";
import type { EthereumjsEngine } from "../ethereumjs/units/ethereumjs-engine.ts";
import type { Precompiles } from "./wasm-units.ts";

/** Makes the precompiles of a fork of a chain. */
export function precompilesOver(kernel: Kernel, misses: MissHandler): (chain: ChainSetup) => Precompiles {
  let engine: Promise<EthereumjsEngine> | undefined;
  const load = async (): Promise<EthereumjsEngine> => {
    const { EthereumjsEngine: Engine } = await import("../ethereumjs/units/ethereumjs-engine.ts");
    return new Engine(kernel, misses);
  };
  return (chain) => async (number, data, gasLimit) => {
    engine ??= load();
    const evm = await (await engine).evmOf(chain);
    const result = await evm.callPrecompile(number, data, gasLimit);
    if (result === undefined) throw new Error(`the fork has no precompile ${number}`);
    const { exceptionError, executionGasUsed, returnValue } = result;
    return { gasUsed: executionGasUsed, output: returnValue, reason: exceptionError?.error };
  };
}
