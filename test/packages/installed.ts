// The packages as a user gets them: built, packed, and installed with plain npm in a folder outside the workspace.

import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { type PublicPackage, publicPackages, ROOT } from "../../scripts/public-packages.ts";

/** The oldest Node that the packages say they run on, as far as npm has it for Linux on x64 and arm64. */
const OLDEST_NODE = "22.13.1";
/** What a user installs who checks types; in the workspace's version. */
const TYPES = ["@types/node"];

/** What a command left behind. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** What would make a command behave otherwise than in a user's shell: what npm and pnpm set for their scripts, and vitest for tests. */
const FOREIGN = /^(npm_|VITEST|NODE_(OPTIONS|PATH|ENV)$)/i;
/** Milliseconds. An install waits for a registry, and a command that hangs must end. */
const TIMEOUT = 300_000;

/** Runs a command to its end, with these variables besides the process's. */
function run(command: string, args: string[], cwd: string, more: NodeJS.ProcessEnv = {}): Ended {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !FOREIGN.test(name)));
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env: { ...env, ...more },
    encoding: "utf8",
    maxBuffer: 2 ** 26,
    timeout: TIMEOUT,
  });
  if (error !== undefined) throw error;
  return { code: status, stdout, stderr };
}

function succeed(command: string, args: string[], cwd: string): void {
  const { code, stdout, stderr } = run(command, args, cwd);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${stdout}\n${stderr}`);
}

/** The pnpm that runs the tests, if it says so: to fetch another one takes a registry that answers. */
const { npm_execpath: running = "" } = process.env;
const PNPM =
  basename(running) === "pnpm" ? { command: running, args: [] } : { command: "npx", args: ["-y", "pnpm@12"] };

/** Packages as files, by the packages' names. */
export type Tarballs = Map<string, Uint8Array<ArrayBuffer>>;

/** Builds and packs all public packages. */
export function packAll(): { folder: string; packages: PublicPackage[]; tarballs: Tarballs } {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "braid-packages-")));
  const packages = publicPackages();
  succeed(process.execPath, [join(ROOT, "scripts/build.ts")], ROOT);
  const filters = packages.flatMap(({ manifest }) => ["--filter", manifest.name]);
  const packed = join(folder, "packed");
  mkdirSync(packed);
  succeed(
    PNPM.command,
    [...PNPM.args, "--recursive", ...filters, "pack", "--pack-destination", packed],
    ROOT,
  );
  const tarballs: Tarballs = new Map();
  for (const { manifest } of packages) {
    const name = `${manifest.name.replace("@", "").replace("/", "-")}-${manifest.version}.tgz`;
    tarballs.set(manifest.name, new Uint8Array(readFileSync(join(packed, name))));
  }
  return { folder, packages, tarballs };
}

/** What a Hardhat project installs, in the versions of the workspace's project. */
const HARDHAT = [
  "hardhat",
  "@nomicfoundation/hardhat-node-test-runner",
  "@nomicfoundation/hardhat-viem",
  "solc",
  "viem",
];

/** A folder in which the packages are installed. */
export class Consumer {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Installs all packages that were packed, and copies the programs that use them beside. */
  static install(folder: string): Consumer {
    const versions = TYPES.map((name) => `${name}@${versionOf(name, ROOT)}`);
    return Consumer.#installIn(folder, "consumer", versions);
  }

  /** The same with a Hardhat project. */
  static installHardhat(folder: string): Consumer {
    const project = join(ROOT, "test/hardhat-project");
    const versions = HARDHAT.map((name) => `${name}@${versionOf(name, project)}`);
    return Consumer.#installIn(folder, "hardhat", versions);
  }

  static #installIn(folder: string, name: string, versions: string[]): Consumer {
    const path = join(folder, name);
    cpSync(join(import.meta.dirname, name), path, { recursive: true });
    const packed = readdirSync(join(folder, "packed")).map((file) => join("..", "packed", file));
    succeed("npm", ["install", "--no-audit", "--no-fund", ...packed, ...versions], path);
    return new Consumer(path);
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.path, name), text);
  }

  /** Runs a program of node_modules/.bin, as a user's shell does. */
  npx(node: string, ...args: string[]): Ended {
    return run("npx", ["--no", "--", ...args], this.path, pathWith(node));
  }

  /** Runs Hardhat for somebody who has never run it. */
  hardhat(node: string, ...args: string[]): Ended {
    const home = mkdtempSync(join(this.path, "home-"));
    const empty = { HOME: home, XDG_CACHE_HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home };
    return run("npx", ["--no", "--", "hardhat", ...args], this.path, { ...pathWith(node), ...empty });
  }

  node(node: string, ...args: string[]): Ended {
    return run(node, args, this.path);
  }

  /** The workspace's compiler over the folder's own tsconfig.json. */
  tsc(): Ended {
    return run(join(ROOT, "node_modules/.bin/tsc"), ["--project", "."], this.path);
  }

  /** Every file of the installed packages with its time of change. */
  files(): string[] {
    const root = join(this.path, "node_modules/@braid");
    return readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
  }
}

function pathWith(node: string): NodeJS.ProcessEnv {
  return { PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
}

function versionOf(name: string, where: string): string {
  const { version } = JSON.parse(readFileSync(join(where, "node_modules", name, "package.json"), "utf8")) as {
    version: string;
  };
  return version;
}

/** The oldest supported Node, installed from npm; undefined where npm has none for this machine. */
export function installOldestNode(folder: string): string | undefined {
  if (process.platform !== "linux") return undefined;
  const name = `node-linux-${process.arch}`;
  const path = join(folder, "node");
  mkdirSync(path);
  succeed("npm", ["install", "--no-audit", "--no-fund", `${name}@${OLDEST_NODE}`], path);
  return join(path, "node_modules", name, "bin/node");
}
