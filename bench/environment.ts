// What a measurement was made on: hardware, versions, the command, and how busy the machine was.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { fileURLToPath } from "node:url";

export interface Environment {
  date: string;
  cpu: string;
  cores: number;
  memoryGiB: number;
  platform: string;
  node: string;
  /** Versions of what is compared, by package. */
  versions: Record<string, string>;
  /** The commit, and whether files differed from it. */
  commit: string;
  command: string;
  /** Load average of the last minute at the start: about 0 on a quiet machine. */
  loadAverage: number;
}

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PACKAGES = ["@ethereumjs/vm", "@ethereumjs/evm", "@ethereumjs/statemanager", "piscina", "secp256k1"];
/** From here on somebody else is using the machine too. */
const BUSY = 0.5;

/** Describes the machine and this process; warns on stderr when the machine is busy. */
export function describeEnvironment(script: string): Environment {
  const loadAverage = loadavg()[0] ?? 0;
  if (loadAverage > BUSY)
    console.error(
      `warning: the machine is busy (load ${loadAverage.toFixed(2)}), do not trust these numbers`,
    );
  const [cpu] = cpus();
  return {
    date: new Date().toISOString(),
    cpu: cpu?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    versions: { braid: braidVersion(), ...catalogVersions() },
    commit: describeCommit(),
    command: ["npx -y pnpm@12", script, ...process.argv.slice(2)].join(" "),
    loadAverage,
  };
}

/** One paragraph for people. */
export function formatEnvironment(environment: Environment): string {
  const { cpu, cores, memoryGiB, platform, node, versions, commit, command, date, loadAverage } = environment;
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `\`${command}\`, ${date.slice(0, 10)}, commit ${commit}; load average when it began: ${loadAverage.toFixed(2)}.`,
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, Node ${node}; ${list.join(", ")}.`,
  ].join("\n");
}

function braidVersion(): string {
  return JSON.parse(readFileSync(`${ROOT}/package.json`, "utf8")).version;
}

/** The catalog in pnpm-workspace.yaml is the one place where versions are chosen. */
function catalogVersions(): Record<string, string> {
  const catalog = readFileSync(`${ROOT}/pnpm-workspace.yaml`, "utf8");
  const versions: Record<string, string> = {};
  for (const [, name = "", version = ""] of catalog.matchAll(/^ {2}"?([@a-z0-9/-]+)"?: ([\d.]+)$/gm))
    if (PACKAGES.includes(name)) versions[name] = version;
  return versions;
}

function describeCommit(): string {
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }).trim();
  try {
    // Results and their report change while the benchmarks run; what is measured must not.
    const changed = git("status", "--porcelain", "--", ".", ":!bench/results", ":!bench/README.md") !== "";
    return git("rev-parse", "--short", "HEAD") + (changed ? " with uncommitted changes" : "");
  } catch (error) {
    return `unknown (${error instanceof Error ? error.message.split("\n")[0] : String(error)})`;
  }
}
