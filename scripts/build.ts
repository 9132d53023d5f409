// `pnpm build`: makes every public package installable. Its dist/ gets JavaScript and declarations from tsc, the kernel's also the wasm
// binary with its checksum. Nothing in the working tree reads dist/: `publishConfig` in package.json points a packed package there.

import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadKernelBinary } from "../packages/kernel/src/compile.ts";
import { BINARY_FILE, CHECKSUM_FILE, checksumLine } from "../packages/kernel/src/prebuilt.ts";
import { publicPackages, ROOT } from "./public-packages.ts";

const EMITTED = join(ROOT, "build");

/** Emits all packages in one run of tsc: it reads each source once. */
function emit(): void {
  rmSync(EMITTED, { recursive: true, force: true });
  const tsc = join(ROOT, "node_modules/.bin/tsc");
  const { status, error } = spawnSync(tsc, ["--project", "tsconfig.build.json"], {
    cwd: ROOT,
    stdio: "inherit",
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error("tsc has found errors.");
}

/** Moves what was emitted to where it belongs. What is imported from a private package would be missing where this is installed. */
function distribute(): void {
  const packages = publicPackages();
  for (const folder of readdirSync(EMITTED))
    if (!packages.some((one) => one.folder === folder))
      throw new Error(`packages/${folder} is private, and a public package imports it.`);
  for (const { folder, path, manifest } of packages) {
    const dist = join(path, "dist");
    const emitted = join(EMITTED, folder, "src");
    if (!existsSync(emitted)) throw new Error(`tsc emitted nothing for ${manifest.name}.`);
    rmSync(dist, { recursive: true, force: true });
    renameSync(emitted, dist);
  }
  rmSync(EMITTED, { recursive: true });
}

async function addKernelBinary(): Promise<void> {
  const dist = join(ROOT, "packages/kernel/dist");
  const binary = await loadKernelBinary();
  writeFileSync(join(dist, BINARY_FILE), binary);
  writeFileSync(join(dist, CHECKSUM_FILE), checksumLine(binary));
}

emit();
distribute();
await addKernelBinary();
chmodSync(join(ROOT, "packages/cli/dist/main.js"), 0o755);
console.log(
  publicPackages()
    .map(({ manifest }) => `${manifest.name} ${manifest.version}`)
    .join("\n"),
);
