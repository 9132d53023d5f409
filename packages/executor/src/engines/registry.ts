// The engines by name. The code of one is loaded where it runs and nowhere else.

import { ExecutionError } from "../errors.ts";
import type { EngineFactory } from "./engine.ts";

export type EngineRegistry = Readonly<Record<string, () => Promise<EngineFactory>>>;

/** Runs every unit of every fork: what another engine does not support is left to it. */
export const FALLBACK_ENGINE = "ethereumjs";

/** What executors run on that name none. */
export const DEFAULT_ENGINE = "ethereumjs";

export const ENGINES: EngineRegistry = {
  [FALLBACK_ENGINE]: async () => {
    const { EthereumjsEngine } = await import("./ethereumjs/units/ethereumjs-engine.ts");
    return (kernel, misses) => new EthereumjsEngine(kernel, misses);
  },
  wasm: async () => {
    const { WasmEngine } = await import("./wasm/wasm-engine.ts");
    const { precompilesOver } = await import("./wasm/precompiles.ts");
    return (kernel, misses) => new WasmEngine(kernel, misses, precompilesOver(kernel, misses));
  },
};

/** The names that the option `engine` takes. */
export const ENGINE_NAMES: readonly string[] = Object.keys(ENGINES);

/** The engine that is asked for, or the default. Throws ExecutionError BRAID_ENGINE_UNKNOWN when there is none of that name. */
export function engineName(wanted: string | undefined, engines: EngineRegistry): string {
  const name = wanted ?? DEFAULT_ENGINE;
  if (Object.hasOwn(engines, name)) return name;
  const names = Object.keys(engines);
  throw new ExecutionError(
    "BRAID_ENGINE_UNKNOWN",
    `There is no engine called "${name}"; choose one of: ${names.join(", ")}.`,
    { data: { engine: name, engines: names } },
  );
}
