// The published packages: what is in them, and that they work where they are installed.

import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, describe, expect, test, vi } from "vitest";
import { Consumer, installOldestNode, packAll } from "./installed.ts";
import { readmeExamples } from "./readme-examples.ts";

const { folder, packages, tarballs } = packAll();
const consumer = Consumer.install(folder);
const oldest = installOldestNode(folder);
const examples = packages.flatMap(({ folder: name, path }) =>
  readmeExamples(name, readFileSync(join(path, "README.md"), "utf8")),
);
for (const { file, text } of examples) consumer.write(`${file}.ts`, text);
/** A block that ships, as a path where the packages are installed. */
const SHIPPED = "node_modules/@braid/cli/data/mainnet/6137495.braid";

// Processes that start workers, beside whatever else the machine does.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

afterAll(() => rmSync(folder, { recursive: true }));

const names = packages.map(({ manifest }) => manifest.name);
const tarballOf = (name: string): Uint8Array<ArrayBuffer> => tarballs.get(name) ?? new Uint8Array();

test.each(names)("%s has nothing that publint objects to", async (name) => {
  const { messages, pkg } = await publint({ pack: { tarball: tarballOf(name).buffer }, strict: true });
  expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
});

// The command line is not imported.
test.each(names.filter((name) => name !== "@braid/cli"))(
  "%s has types where modules are looked for",
  async (name) => {
    const analysis = await checkPackage(createPackageFromTarballData(tarballOf(name)));
    if (analysis.types === false) throw new Error("there are none");
    // ES modules only: require() loads them on every Node that is supported, and "node10" is none of those.
    const { problems } = analysis;
    expect(
      problems.filter(
        (one) => !("resolutionKind" in one) || !["node10", "node16-cjs"].includes(one.resolutionKind),
      ),
    ).toEqual([]);
  },
);

test.each(names)("%s brings its licence, its README and nothing of the workspace", (name) => {
  const root = join(consumer.path, "node_modules", name);
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  expect(manifest).toMatchObject({ license: "MIT", engines: { node: ">=22.13.0" }, type: "module" });
  expect(JSON.stringify(manifest.dependencies ?? {})).not.toMatch(
    /workspace:|catalog:|assemblyscript|typescript/,
  );
  for (const file of ["LICENSE", "README.md"]) expect(existsSync(join(root, file)), file).toBe(true);
  expect(existsSync(join(root, "src"))).toBe(false);
});

test("strict programs and the READMEs' examples type check against the packages and their dependencies", () => {
  expect(examples.length).toBeGreaterThanOrEqual(5);
  expect(consumer.tsc()).toEqual({ code: 0, stdout: "", stderr: "" });
});

const nodes: [name: string, path: string | undefined][] = [
  [`Node ${process.version}`, process.execPath],
  ["the oldest Node (npm has it for Linux)", oldest],
];

describe.each(nodes)("on %s", (_name, path) => {
  const node = path ?? "";
  const before = consumer.files();

  test.skipIf(path === undefined)("a JavaScript program executes a block in parallel", () => {
    const { code, stdout, stderr } = consumer.node(node, "execute.js", SHIPPED);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { expected, roots } = JSON.parse(stdout);
    expect(roots).toEqual([expected, expected]);
  });

  test.skipIf(path === undefined)("a TypeScript program executes a block", () => {
    const { code, stdout, stderr } = consumer.node(node, "emitted/execute-typed.js", SHIPPED);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({ receipts: expect.any(Number), gasUsed: true });
  });

  test.skipIf(path === undefined).each(examples)(
    "the example $file prints what it says",
    ({ file, prints }) => {
      const { code, stdout, stderr } = consumer.node(node, `emitted/${file}.js`, SHIPPED);
      expect({ code, stdout, stderr }).toEqual({
        code: 0,
        stdout: prints.map((line) => `${line}\n`).join(""),
        stderr: "",
      });
    },
  );

  test.skipIf(path === undefined)("`npx braid replay` replays the blocks that ship", () => {
    // What npm itself has to say on stderr is not ours.
    const { code, stdout } = consumer.npx(node, "braid", "replay", "--json");
    expect(code).toBe(0);
    const { totals } = JSON.parse(stdout);
    expect(totals.ok).toBe(totals.blocks);
    expect(totals.blocks).toBeGreaterThanOrEqual(20);
  });

  test.skipIf(path === undefined)(
    "`braid --version` names the version, and nothing was written where it is installed",
    () => {
      const { code, stdout } = consumer.npx(node, "braid", "--version");
      const version = packages.find(({ manifest }) => manifest.name === "@braid/cli")?.manifest.version;
      expect({ code, stdout }).toEqual({ code: 0, stdout: `braid ${version}\n` });
      expect(consumer.files()).toEqual(before);
    },
  );
});

describe("hardhat-braid in a Hardhat project that has nothing but its README", () => {
  const project = Consumer.installHardhat(folder);
  const readme = readFileSync(join(project.path, "node_modules/hardhat-braid/README.md"), "utf8");
  const [, config = ""] = /^```js\n(\/\/ hardhat\.config\.ts\n.*?)^```$/ms.exec(readme) ?? [];
  project.write("hardhat.config.ts", config);

  test.skipIf(oldest === undefined).each(nodes)(
    "on %s a network is answered by Braid",
    (_name, path = "") => {
      const { code, stdout } = project.hardhat(path, "run", "--no-compile", "scripts/version.ts");
      expect({ code, stdout }).toEqual({ code: 0, stdout: "Braid\n" });
    },
  );

  test.skipIf(oldest === undefined).each(nodes)(
    "on %s tests pass, with traces and logs",
    (_name, path = "") => {
      const { code, stdout, stderr } = project.hardhat(path, "--config", "tested.config.ts", "test");
      expect(code, stdout + stderr).toBe(0);
      expect(stdout).toContain("3 passing");
      expect(stdout).toContain("count 5");
    },
  );
});

test("where secp256k1 has no binary, signatures are recovered in WebAssembly", () => {
  const folder = join(consumer.path, "node_modules/secp256k1/prebuilds");
  renameSync(folder, `${folder}-elsewhere`);
  try {
    const { code, stdout, stderr } = consumer.npx(process.execPath, "braid", "replay", "--json", SHIPPED);
    expect({ code, stderr: stderr.replaceAll(/^npm warn.*\n/gm, "") }).toEqual({ code: 0, stderr: "" });
    const { signatureRecovery, totals } = JSON.parse(stdout);
    expect(signatureRecovery).toBe("wasm");
    expect(totals.ok).toBe(totals.blocks);
  } finally {
    renameSync(`${folder}-elsewhere`, folder);
  }
});

test("a damaged kernel is refused", () => {
  const path = join(consumer.path, "node_modules/@braid/kernel/dist/kernel.wasm");
  const binary = readFileSync(path);
  const program = 'await import("@braid/kernel").catch((error) => console.log(error.code));';
  try {
    writeFileSync(path, binary.with(100, (binary[100] ?? 0) ^ 1));
    expect(consumer.node(process.execPath, "--input-type=module", "--eval", program).stdout).toBe(
      "BRAID_KERNEL_BINARY\n",
    );
    rmSync(path);
    expect(consumer.node(process.execPath, "--input-type=module", "--eval", program).stdout).toBe(
      "BRAID_KERNEL_BINARY\n",
    );
  } finally {
    writeFileSync(path, binary);
  }
});
