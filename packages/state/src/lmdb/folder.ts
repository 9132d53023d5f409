// The folder of a store on disk: whether it is one, and of which version; and who has it open.
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createConnection, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { corrupt, StoreError } from "./store-error.ts";

/** Grows when the tables or their values change. */
const FORMAT = 1;
const MARKER = "braid-store.json";
const DATA = "data.mdb";

/** all: every block's states can be read for ever. last: nodes are counted, so that those which nobody needs can be removed. */
export type History = "all" | "last";

/** Makes a new folder, or checks that there is one of ours. Throws StoreError FOREIGN, VERSION, HISTORY, CORRUPT. */
export function prepareFolder(path: string, wanted: History): History {
  const history = readMarker(path, wanted);
  if (history === "all" && wanted === "last")
    throw new StoreError(
      "BRAID_STORE_HISTORY",
      `The store in ${path} was made to keep all blocks, and cannot be made to keep the last ones only: open it without \`keep\`, or begin a new one in another folder.`,
      { path },
    );
  checkData(path);
  return history;
}

/** What the folder's store keeps; a new one is made where there is none. Throws StoreError FOREIGN, VERSION, CORRUPT. */
function readMarker(path: string, wanted: History): History {
  if (existsSync(path) && !statSync(path).isDirectory()) throw foreign(path, "it is a file");
  mkdirSync(path, { recursive: true });
  const marker = join(path, MARKER);
  if (!existsSync(marker)) {
    const [other] = readdirSync(path).filter((name) => name !== `${MARKER}.new`);
    if (other !== undefined) throw foreign(path, `it holds ${other} and no ${MARKER}`);
    writeFileSync(`${marker}.new`, `${JSON.stringify({ format: FORMAT, history: wanted })}\n`);
    renameSync(`${marker}.new`, marker);
    return wanted;
  }
  let content: { format?: unknown; history?: unknown };
  try {
    content = JSON.parse(readFileSync(marker, "utf8"));
  } catch (cause) {
    throw corrupt(path, `${MARKER} cannot be read`, cause);
  }
  const { format, history } = content;
  if (format !== FORMAT)
    throw new StoreError(
      "BRAID_STORE_VERSION",
      `The store in ${path} has format ${String(format)}, and this version of Braid reads format ${FORMAT}: use the version that made it, or import the blocks into a new folder.`,
      { path, format, expected: FORMAT },
    );
  if (history !== "all" && history !== "last") throw corrupt(path, `${MARKER} names no history`);
  return history;
}

function foreign(path: string, reason: string): StoreError {
  return new StoreError(
    "BRAID_STORE_FOREIGN",
    `${path} is not the folder of a store: ${reason}. Name an empty folder, or one that does not exist yet.`,
    { path, reason },
  );
}

// LMDB's first two pages describe the file (mdb.c, MDB_meta); numbers are those of the machine, little-endian wherever Braid runs.
const META_MAGIC = 24;
const META_PAGE_SIZE = 48;
const META_FREE_ROOT = 88;
const META_MAIN_ROOT = 136;
const META_LAST_PAGE = 144;
const META_BYTES = 152;
const MAGIC = 0xbeefc0de;
const NO_ROOT = 0xffff_ffff_ffff_ffffn;

/**
 * LMDB maps its file into memory and trusts it: one that is no LMDB file, or ends too early, would end the process. Throws StoreError
 * CORRUPT for what is none; one that is too short is filled up with zeros, which LMDB then finds and reports where they matter.
 */
function checkData(path: string): void {
  const file = join(path, DATA);
  if (!existsSync(file) || statSync(file).size === 0) return;
  const descriptor = openSync(file, "r");
  let pages = 0n;
  let size = 0;
  let pageSize = 4096;
  try {
    size = fstatSync(descriptor).size;
    for (const index of [0, 1]) {
      const meta = Buffer.alloc(META_BYTES);
      const read = readSync(descriptor, meta, 0, META_BYTES, index * pageSize);
      if (read < META_BYTES || meta.readUInt32LE(META_MAGIC) !== MAGIC)
        throw corrupt(path, `${DATA} is no LMDB file`);
      if (index === 0) pageSize = meta.readUInt32LE(META_PAGE_SIZE);
      const last = meta.readBigUInt64LE(META_LAST_PAGE);
      const roots = [META_FREE_ROOT, META_MAIN_ROOT].map((at) => meta.readBigUInt64LE(at));
      const isSound = pageSize >= 256 && pageSize <= 65_536 && meta.readUInt32LE(META_PAGE_SIZE) === pageSize;
      if (!isSound || roots.some((root) => root > last && root !== NO_ROOT))
        throw corrupt(path, `the description of ${DATA} at its beginning makes no sense`);
      if (last + 1n > pages) pages = last + 1n;
    }
  } finally {
    closeSync(descriptor);
  }
  const needed = Number(pages) * pageSize;
  if (size < needed) truncateSync(file, needed);
}

/**
 * Makes this process the only one that has the folder open, until the answer is closed or the process ends, however it ends: a name on
 * which one process at a time can listen. (Containers that share a folder and no network do not see each other's names.) Rejects with StoreError IN_USE.
 */
export async function lockFolder(path: string): Promise<Server> {
  const { dev, ino } = statSync(path);
  const name = `braid-store-${dev}-${ino}`;
  const inUse = new StoreError(
    "BRAID_STORE_IN_USE",
    `The store in ${path} is open already, in this process or in another one: close it there first.`,
    { path },
  );
  // Linux and Windows have names that go with their process; elsewhere a file stays behind, and nobody answers at it.
  if (process.platform === "linux") return listen(`\0${name}`, inUse);
  if (process.platform === "win32") return listen(`\\\\?\\pipe\\${name}`, inUse);
  const file = join(tmpdir(), `${name}.sock`);
  if (existsSync(file)) {
    if (await answers(file)) throw inUse;
    const { unlinkSync } = await import("node:fs");
    unlinkSync(file);
  }
  return listen(file, inUse);
}

function listen(name: string, inUse: StoreError): Promise<Server> {
  const { promise, resolve, reject } = Promise.withResolvers<Server>();
  const server = createServer((socket) => socket.destroy());
  server.on("error", (error: NodeJS.ErrnoException) => reject(error.code === "EADDRINUSE" ? inUse : error));
  server.listen(name, () => resolve(server.unref()));
  return promise;
}

function answers(name: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = createConnection(name, () => {
    socket.destroy();
    resolve(true);
  });
  socket.on("error", () => resolve(false));
  return promise;
}
