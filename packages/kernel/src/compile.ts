// Compiles the AssemblyScript sources to one wasm module, on demand: the result is kept in build/, named by a hash of the
// sources and the compiler's version, so it is compiled again only when one of them changes.
// The types of assemblyscript declare a `console` of their own: those of Node must come before them.
/// <reference types="node" />

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { KernelCompileError } from "./errors.ts";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const BUILD = join(PACKAGE, "build");
const FLAGS = [
  "-O3",
  "--noAssert",
  "--runtime",
  "stub",
  "--importMemory",
  "--sharedMemory",
  "--initialMemory",
  "1",
  "--maximumMemory",
  "65536",
  // The static data (round constants) stays below the control block at 1024, see layout.ts.
  "--memoryBase",
  "64",
  "--enable",
  "threads",
  "--enable",
  "bulk-memory",
  "--enable",
  "simd",
  "--enable",
  "relaxed-simd",
];

/** The sources by their path within the package. */
async function readSources(): Promise<Map<string, string>> {
  const entries = await readdir(join(PACKAGE, "assembly"), { recursive: true });
  const names = entries
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".ts"))
    .sort();
  const paths = ["src/layout.ts", ...names.map((name) => `assembly/${name}`)];
  const texts = await Promise.all(paths.map((path) => readFile(join(PACKAGE, path), "utf8")));
  return new Map(paths.map((path, i) => [path, texts[i] ?? ""]));
}

function cacheName(sources: Map<string, string>, version: string): string {
  const hash = createHash("sha256").update(JSON.stringify([version, FLAGS]));
  for (const [path, text] of sources) hash.update(`\0${path}\0${text}`);
  return `kernel-${hash.digest("hex").slice(0, 24)}.wasm`;
}

async function readIfPresent(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

async function compile(sources: Map<string, string>): Promise<Uint8Array<ArrayBuffer>> {
  const { default: asc } = await import("assemblyscript/asc");
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(["assembly/index.ts", "--outFile", "kernel.wasm", ...FLAGS], {
    readFile: (name) => sources.get(name) ?? null,
    writeFile: (_name, contents) => {
      if (typeof contents !== "string") binary = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || binary === undefined)
    throw new KernelCompileError(stderr.toString(), error ?? undefined);
  return new Uint8Array(binary);
}

/** Writes the module under its name and drops the ones of older sources. Two processes may do this at once: a rename is atomic. */
async function keep(name: string, binary: Uint8Array): Promise<void> {
  await mkdir(BUILD, { recursive: true });
  const temporary = join(BUILD, `${name}.${process.pid}.tmp`);
  await writeFile(temporary, binary);
  await rename(temporary, join(BUILD, name));
  for (const other of await readdir(BUILD)) {
    if (other.startsWith("kernel-") && other.endsWith(".wasm") && other !== name) {
      await unlink(join(BUILD, other)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
      });
    }
  }
}

/**
 * The kernel's wasm binary. PERF: 2 ms when it is there, about 2 s when it has to be compiled.
 * @throws KernelCompileError when the sources do not compile
 */
export async function loadKernelBinary(): Promise<Uint8Array<ArrayBuffer>> {
  const compiler: { version: string } = createRequire(import.meta.url)("assemblyscript/package.json");
  const sources = await readSources();
  const name = cacheName(sources, compiler.version);
  const cached = await readIfPresent(join(BUILD, name));
  if (cached !== undefined) return cached;
  const binary = await compile(sources);
  await keep(name, binary);
  return binary;
}
