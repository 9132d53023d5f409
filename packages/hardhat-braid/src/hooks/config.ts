// The key `braid` of networks: checked, and resolved.

import type { HardhatConfig, HardhatUserConfig } from "hardhat/types/config";
import type { ConfigHooks, HardhatUserConfigValidationError } from "hardhat/types/hooks";
import { giveToBraid } from "../braid-network.ts";

const MOST_WORKERS = 64;
/** Those of the executor, whose code is not loaded before something runs. */
export const ENGINES: readonly string[] = ["ethereumjs", "wasm"];

export default async (): Promise<Partial<ConfigHooks>> => ({ validateUserConfig, resolveUserConfig });

async function validateUserConfig(config: HardhatUserConfig): Promise<HardhatUserConfigValidationError[]> {
  return Object.entries(config.networks ?? {}).flatMap(([name, network]) => {
    if (!("braid" in network)) return [];
    const { braid } = network as { braid: unknown };
    const at = (message: string, ...path: string[]): HardhatUserConfigValidationError => ({
      path: ["networks", name, "braid", ...path],
      message,
    });
    if (braid === undefined || typeof braid === "boolean") return [];
    if ((network.type as string) !== "edr-simulated")
      return [at('only networks of the type "edr-simulated" can be answered by Braid')];
    if (typeof braid !== "object" || braid === null || Array.isArray(braid))
      return [at("is true, false, or an object such as { workers: 2 }")];
    return Object.entries(braid).flatMap(([key, value]: [string, unknown]) => {
      if (key === "engine")
        return value === undefined || ENGINES.includes(value as string)
          ? []
          : [at(`is one of ${ENGINES.join(", ")}`, key)];
      if (key !== "workers") return [at("is not known; there are workers and engine", key)];
      const isCount =
        Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MOST_WORKERS;
      return value === undefined || isCount ? [] : [at(`is a number from 0 to ${MOST_WORKERS}`, key)];
    });
  });
}

async function resolveUserConfig(
  userConfig: HardhatUserConfig,
  resolveConfigurationVariable: Parameters<ConfigHooks["resolveUserConfig"]>[1],
  next: Parameters<ConfigHooks["resolveUserConfig"]>[2],
): Promise<HardhatConfig> {
  const config = await next(userConfig, resolveConfigurationVariable);
  for (const [name, network] of Object.entries(userConfig.networks ?? {})) {
    const resolved = config.networks[name];
    if (network?.type !== "edr-simulated" || resolved?.type !== "edr-simulated") continue;
    const { braid = false } = network;
    if (braid === false) continue;
    giveToBraid(resolved, braid === true ? {} : braid);
  }
  return config;
}
