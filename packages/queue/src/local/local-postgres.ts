// A Postgres of this machine for who has none: in a folder, on a port of the machine itself. It lives as long as somebody watches a run.
import { randomBytes } from "node:crypto";
import { chown, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { QueueError } from "../errors.ts";
import { exists } from "../exists.ts";
import { type Binaries, type Identity, identity, linkLibraries, loadBinaries, run } from "./binaries.ts";

/** In the current folder; hidden, so that replaying the folder passes it over. */
const LOCAL_FOLDER = ".braid-queue";
const USER = "braid";
const START_SECONDS = 60;

/** Who has no URL is told one: the URL holds a password, and is for programs. */
export interface LocalPostgres {
  url: string;
  /** Ends it. */
  stop(): Promise<void>;
}

/**
 * Starts the Postgres in a folder, or finds it running: who was killed has left it so.
 *
 * @throws QueueError BRAID_QUEUE_MISSING_PACKAGE, BRAID_QUEUE_LOCAL
 */
export async function startLocal(folder = LOCAL_FOLDER): Promise<LocalPostgres> {
  const root = resolve(folder);
  const binaries = await loadBinaries();
  const who = await identity();
  const server = new Server(root, binaries, who, await prepare(root, binaries, who));
  if (!(await server.isRunning())) await server.start();
  return { url: await localUrl(folder), stop: () => server.stop() };
}

/** The URL of the Postgres in a folder. Throws QueueError BRAID_QUEUE_LOCAL when there is none. */
export async function localUrl(folder = LOCAL_FOLDER): Promise<string> {
  const root = resolve(folder);
  try {
    const password = await readFile(join(root, "password"), "utf8");
    const port = await readFile(join(root, "port"), "utf8");
    return `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`;
  } catch (cause) {
    throw new QueueError(
      "BRAID_QUEUE_LOCAL",
      `There is no queue in ${root}. Start one here with "braid replay --queue", or name a Postgres with --queue <url>.`,
      { data: { folder: root }, cause },
    );
  }
}

/** Makes the folder and the database in it where they are not. */
async function prepare(root: string, binaries: Binaries, who: Identity): Promise<NodeJS.ProcessEnv> {
  try {
    await mkdir(root, { recursive: true, mode: 0o755 });
    const env = await linkLibraries(binaries, join(root, "lib"));
    if (await exists(join(root, "data", "PG_VERSION"))) return env;
    // What is there was cut off.
    await rm(join(root, "data"), { recursive: true, force: true });
    await mkdir(join(root, "data"), { mode: 0o700 });
    const password = randomBytes(18).toString("base64url");
    await writeFile(join(root, "password"), password, { mode: 0o600 });
    const given = join(root, "data.password");
    await writeFile(given, password, { mode: 0o600 });
    await own(join(root, "data"), who);
    await own(given, who);
    const { code, said } = await run(
      binaries.initdb,
      [
        `--pgdata=${join(root, "data")}`,
        `--username=${USER}`,
        `--pwfile=${given}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
      ],
      env,
      who,
    );
    await rm(given);
    if (code !== 0) {
      await rm(join(root, "data"), { recursive: true, force: true });
      throw local(root, "be made", said, who);
    }
    return env;
  } catch (error) {
    if (error instanceof QueueError) throw error;
    throw local(root, "be made", error instanceof Error ? error.message : String(error), who);
  }
}

class Server {
  readonly #root: string;
  readonly #binaries: Binaries;
  readonly #who: Identity;
  readonly #env: NodeJS.ProcessEnv;

  constructor(root: string, binaries: Binaries, who: Identity, env: NodeJS.ProcessEnv) {
    this.#root = root;
    this.#binaries = binaries;
    this.#who = who;
    this.#env = env;
  }

  async isRunning(): Promise<boolean> {
    return (await this.#control("status")).code === 0;
  }

  async start(): Promise<void> {
    const log = join(this.#root, "log");
    await writeFile(log, "", { flag: "a", mode: 0o640 });
    await own(log, this.#who);
    const options = `-p ${await this.#port()} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''`;
    const { code } = await this.#control(
      "start",
      "-w",
      "-t",
      String(START_SECONDS),
      "-l",
      log,
      "-o",
      options,
    );
    if (code === 0) return;
    const lines = (await readFile(log, "utf8")).trim().split("\n");
    throw local(this.#root, "be started", lines.slice(-3).join(" "), this.#who);
  }

  async stop(): Promise<void> {
    await this.#control("stop", "-w", "-m", "fast");
  }

  #control(...args: string[]): Promise<{ code: number | null; said: string }> {
    return run(this.#binaries.pg_ctl, ["-D", join(this.#root, "data"), ...args], this.#env, this.#who);
  }

  /** The same as before if it can be: workers look for it there. */
  async #port(): Promise<number> {
    const path = join(this.#root, "port");
    const before = Number(await readFile(path, "utf8").catch(() => "0"));
    const port = (await freePort(before)) ?? (await freePort(0));
    await writeFile(path, String(port));
    return port ?? 0;
  }
}

/** The port, or with 0 any; undefined when somebody has it. */
async function freePort(wanted: number): Promise<number | undefined> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(undefined));
    server.listen(wanted, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? address?.port : undefined));
    });
  });
}

async function own(path: string, { uid, gid }: Identity): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}

function local(root: string, verb: string, said: string, { uid }: Identity): QueueError {
  const reason = said.replaceAll(/\s+/g, " ").slice(-500);
  const advice =
    uid === undefined
      ? ""
      : ` It cannot run as root, and so was run as user ${uid}, who must be able to reach the folder and Braid's packages.`;
  return new QueueError(
    "BRAID_QUEUE_LOCAL",
    `The Postgres in ${root} cannot ${verb}: ${reason}.${advice} Name another one with --queue <url>.`,
    { data: { folder: root, reason } },
  );
}
