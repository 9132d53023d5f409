// A Hardhat 3 project's own tests, once as they are and once with the plugin. Nothing of the project is changed but for a config file that lies
// beside its own while they run.

import { spawn } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "../public-packages.ts";
import { type Outcomes, readOutcomes } from "./read-outcome.ts";

/** With the project's own config, or with the plugin added to it. */
export type Side = "own" | "braid";

/** One run of the tests. */
export interface SuiteRun {
  side: Side;
  outcomes: Outcomes;
  code: number | null;
  seconds: number;
  printed: string;
}

const CONFIGS = ["ts", "mts", "js", "mjs"].map((ending) => `hardhat.config.${ending}`);
const OWN_CONFIG = "hardhat-suite.config.mjs";

export interface HardhatOptions {
  env?: NodeJS.ProcessEnv;
  /** Gets Ctrl-C when it aborts. */
  signal?: AbortSignal;
  /** Is told all that was printed so far. */
  onPrinted?: (printed: string) => void;
}

/** Runs a task of Hardhat in a project. */
export async function runHardhat(
  folder: string,
  side: Side,
  args: readonly string[],
  { env = process.env, signal, onPrinted }: HardhatOptions = {},
): Promise<{ code: number | null; printed: string }> {
  const { resolve } = createRequire(join(folder, "package.json"));
  const cli = join(dirname(resolve("hardhat/package.json")), "dist/src/cli.js");
  const config = join(folder, OWN_CONFIG);
  if (side === "braid") writeFileSync(config, configWithPlugin(folder, resolve));
  try {
    const own = side === "braid" ? ["--config", config] : [];
    const child = spawn(process.execPath, [cli, ...own, ...args], {
      cwd: folder,
      env: { ...env, FORCE_COLOR: "0" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let printed = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        printed += text;
        onPrinted?.(printed);
      });
    signal?.addEventListener("abort", () => child.kill("SIGINT"));
    const code = await new Promise<number | null>((done, failed) =>
      child.on("error", failed).on("close", (exit) => done(exit)),
    );
    return { code, printed };
  } finally {
    if (side === "braid") rmSync(config);
  }
}

export async function runSuite(folder: string, side: Side, args: readonly string[] = []): Promise<SuiteRun> {
  const start = performance.now();
  const { code, printed } = await runHardhat(folder, side, ["test", ...args]);
  const seconds = (performance.now() - start) / 1_000;
  return { side, outcomes: readOutcomes(printed), code, seconds, printed };
}

/** The project's config, with the plugin, and all simulated networks answered by it. */
function configWithPlugin(folder: string, resolve: NodeJS.RequireResolve): string {
  const config = CONFIGS.find((name) => existsSync(join(folder, name)));
  if (config === undefined) throw new Error(`There is no ${CONFIGS.join(" or ")} in ${folder}`);
  return `import * as loaded from "./${config}";
import braid from ${JSON.stringify(pluginUrl(resolve))};
const config = loaded.default?.default ?? loaded.default;
const networks = { default: { type: "edr-simulated" }, node: { type: "edr-simulated" }, ...config.networks };
for (const [name, network] of Object.entries(networks))
  if (network.type === "edr-simulated") networks[name] = { ...network, braid: network.braid || true };
const plugins = (config.plugins ?? []).filter((plugin) => plugin.id !== braid.id);
export default { ...config, plugins: [...plugins, braid], networks };
`;
}

/** The one that is installed in the project, or else this repository's. */
function pluginUrl(resolve: NodeJS.RequireResolve): string {
  try {
    return pathToFileURL(resolve("hardhat-braid")).href;
  } catch {
    return pathToFileURL(join(ROOT, "packages/hardhat-braid/src/index.ts")).href;
  }
}
