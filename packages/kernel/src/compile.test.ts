// Compilation on demand: kept while the sources are the same, and safe when two processes begin at once.

import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const HERE = fileURLToPath(new URL("..", import.meta.url));
const SCRIPT = `
const { loadKernelBinary } = await import("./src/compile.ts");
const binary = await loadKernelBinary().catch((error) => error.code);
console.log(typeof binary === "string" ? binary : binary.length);`;

/** Loads the kernel in a process of its own; answers the module's size or the error's code. */
async function load(folder: string): Promise<string> {
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", SCRIPT], { cwd: folder });
  return stdout.trim();
}

test("compiles once for the same sources, again for others, and says when they are wrong", async () => {
  const folder = await mkdtemp(join(tmpdir(), "braid-kernel-"));
  try {
    for (const name of ["assembly", "src", "package.json"])
      await cp(join(HERE, name), join(folder, name), { recursive: true });
    await symlink(join(HERE, "node_modules"), join(folder, "node_modules"));
    const [first, second] = await Promise.all([load(folder), load(folder)]);
    expect(Number(first)).toBeGreaterThan(1000);
    expect(second).toBe(first);
    const build = join(folder, "build");
    const [name, ...others] = await readdir(build);
    expect(others).toEqual([]);
    const path = join(build, name ?? "");
    const before = await stat(path);
    expect(await load(folder)).toBe(first);
    expect((await stat(path)).ino).toBe(before.ino);

    const source = join(folder, "assembly", "index.ts");
    const text = await readFile(source, "utf8");
    await writeFile(source, `${text}\nexport function added(): u32 {\n  return 1;\n}\n`);
    expect(Number(await load(folder))).toBeGreaterThan(Number(first));
    expect(await readdir(build)).not.toContain(name);

    await writeFile(source, `${text}\nexport function wrong(): u32 {\n  return missing;\n}\n`);
    expect(await load(folder)).toBe("BRAID_KERNEL_COMPILE");
  } finally {
    await rm(folder, { recursive: true });
  }
}, 240_000);
