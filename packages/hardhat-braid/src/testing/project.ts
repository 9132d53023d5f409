// A Hardhat project for tests: the contracts beside this file, and networks on Hardhat's own EDR and on Braid.

import { mkdtempSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HardhatUserConfig, NetworkUserConfig } from "hardhat/types/config";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { EthereumProvider } from "hardhat/types/providers";
import { type Abi, encodeFunctionData, type Hex } from "viem";
import plugin from "../index.ts";

const require = createRequire(import.meta.url);

/** The first block's time: blocks are the same on both networks when their times are chosen. */
export const BEGINNING = new Date("2026-01-01T00:00:00Z");

/** Opens the project, compiled. Nothing of it is left in the working tree. */
export async function openProject(
  networks: Record<string, NetworkUserConfig> = {},
  more: Partial<HardhatUserConfig> = {},
): Promise<HardhatRuntimeEnvironment> {
  const { createHardhatRuntimeEnvironment } = await import("hardhat/hre");
  const build = mkdtempSync(join(tmpdir(), "hardhat-braid-"));
  const common = { type: "edr-simulated", initialDate: BEGINNING, chainId: 31_337 } as const;
  const project = await createHardhatRuntimeEnvironment(
    {
      plugins: [plugin],
      solidity: { version: "0.8.37", path: require.resolve("solc/soljson.js"), preferWasm: true },
      paths: {
        sources: join(import.meta.dirname, "contracts"),
        artifacts: join(build, "artifacts"),
        cache: join(build, "cache"),
      },
      networks: { edr: common, braid: { ...common, braid: { workers: 0 } }, ...networks },
      ...more,
    },
    {},
    import.meta.dirname,
  );
  await project.tasks.getTask("build").run({ quiet: true });
  return project;
}

/** The contract of the project that tests call. */
export interface Target {
  abi: Abi;
  bytecode: Hex;
  /** Call data. */
  data(name: string, ...args: unknown[]): Hex;
}

export async function readTarget({ artifacts }: HardhatRuntimeEnvironment): Promise<Target> {
  const { abi, bytecode } = await artifacts.readArtifact("Target");
  return {
    abi: abi as Abi,
    bytecode: bytecode as Hex,
    data: (functionName, ...args) => encodeFunctionData({ abi: abi as Abi, functionName, args }),
  };
}

/** How a request ended, as far as a test or a tool can see it. */
export type Outcome =
  | { result: unknown }
  | {
      error: {
        name: string;
        code: unknown;
        message: string;
        data: unknown;
        transactionHash: unknown;
        solidityStack: unknown;
      };
    };

export async function outcomeOf(
  provider: EthereumProvider,
  method: string,
  params: unknown[] = [],
): Promise<Outcome> {
  try {
    return { result: await provider.request({ method, params: structuredClone(params) }) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { code, data, transactionHash, solidityStack } = error as unknown as Record<string, unknown>;
    return {
      error: { name: error.name, code, message: error.message, data, transactionHash, solidityStack },
    };
  }
}
