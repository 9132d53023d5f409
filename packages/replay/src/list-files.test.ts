// What a path is: a file, or a directory's files in the order of their blocks, with few of them open at a time and none decoded.
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { makeTransferChain } from "@braid/testing/transfer-chain";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bundle, encodeBundle } from "./bundle.ts";
import { openPayload } from "./bundle-container.ts";
import { decodePayload } from "./bundle-payload.ts";
import { listFiles } from "./list-files.ts";

let folder: string;
let bundle: Bundle;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "braid-list-"));
  bundle = (await makeTransferChain(3)).bundle;
});
afterAll(() => rm(folder, { recursive: true }));

const json = (number: number): string => `{"chainId": 1, "number": ${number}}`;

/** Writes files into a new directory below the tests' own. */
async function directory(name: string, files: Record<string, string | Uint8Array>): Promise<string> {
  const root = join(folder, name);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(root, path, ".."), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

async function namesIn(root: string): Promise<string[]> {
  return (await listFiles(root)).map(({ path }) => path.slice(root.length + 1));
}

describe("a directory", () => {
  test("gives its files and those below in the order of their blocks, and files without a number last", async () => {
    const root = await directory("ordered", {
      "a.json.gz": gzipSync(json(300)),
      "b.json": json(20),
      "below/c.json": json(100),
      "below/d.json": json(3),
      "0-README.md": "# blocks",
      "1-README.md": "# more",
    });
    expect(await namesIn(root)).toEqual([
      "below/d.json",
      "b.json",
      "below/c.json",
      "a.json.gz",
      "0-README.md",
      "1-README.md",
    ]);
    expect((await listFiles(root)).every(({ named }) => !named)).toBe(true);
  });

  test.each(["none", "gzip", "brotli"] as const)(
    "orders bundles by what stands at the beginning of their payload (%s)",
    async (compression) => {
      const [, second, third] = bundle.blocks;
      if (second === undefined || third === undefined) throw new Error("the chain has three blocks");
      const { parentHeader: _, ...withoutParent } = bundle;
      const bundleFrom = (block: Uint8Array): Uint8Array =>
        encodeBundle({ ...withoutParent, blocks: [block] }, { compression });
      const root = await directory(`bundles-${compression}`, {
        "a.braid": bundleFrom(third),
        "b.braid": bundleFrom(second),
        "c.braid": encodeBundle(bundle, { compression }),
        // What follows is not looked at.
        "d.braid": encodeBundle({ ...bundle, comment: "a".repeat(100_000) }, { compression: "none" }).fill(
          0xff,
          50_000,
        ),
        "e.braid": encodeBundle(bundle, { compression }).fill(0xff, 62),
      });
      expect(await namesIn(root)).toEqual(["c.braid", "d.braid", "b.braid", "a.braid", "e.braid"]);
    },
  );

  test("of a thousand files needs few descriptors", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`${index}.json`, json(1000 - index)]),
    );
    const root = await directory("thousand", files);
    const script = `import { listFiles } from ${JSON.stringify(join(import.meta.dirname, "list-files.ts"))};
      const files = await listFiles(${JSON.stringify(root)});
      console.log(files.length, files[0].path.endsWith("/999.json"));`;
    const { stdout, stderr } = spawnSync(
      "sh",
      ["-c", 'ulimit -n 80 && exec "$0" --input-type=module -e "$1"', process.execPath, script],
      { encoding: "utf8" },
    );
    expect({ stdout, stderr }).toEqual({ stdout: "1000 true\n", stderr: "" });
  });

  test("follows links to files, and leaves those to folders and what is no file", async () => {
    const root = await directory("links", { "file.json": json(5), "below/other.json": json(7) });
    await symlink(join(root, "file.json"), join(root, "link.json"));
    await symlink(join(root, "nothing"), join(root, "dangling.json"));
    await symlink(root, join(root, "below", "circle"));
    expect(await namesIn(root)).toEqual(["file.json", "link.json", "below/other.json", "dangling.json"]);
  });

  test("passes over what is hidden", async () => {
    const root = await directory("hidden", {
      "a.json": json(5),
      ".b.json.partial": json(6),
      ".mismatch/c.json": json(7),
    });
    expect(await namesIn(root)).toEqual(["a.json"]);
    expect(await namesIn(join(root, ".mismatch"))).toEqual(["c.json"]);
  });

  test("is left at once when the signal says so", async () => {
    const root = await directory("stopped", { "a.json": json(1) });
    await expect(listFiles(root, AbortSignal.abort())).rejects.toThrow();
  });
});

test("a path of one file is that file, and one of nothing says so", async () => {
  const root = await directory("one", { "one.json": json(1) });
  const path = join(root, "one.json");
  expect(await listFiles(path)).toEqual([{ path, named: true }]);
  await expect(listFiles(join(root, "absent"))).rejects.toMatchObject({ code: "BRAID_FILE_UNREADABLE" });
});

test("a bundle whose first number is not its first block's is malformed", () => {
  const payload = openPayload(encodeBundle(bundle));
  // [["first", 1], …]: two list prefixes of 3 and 1 bytes, the name with its length, the number.
  const at = payload.findIndex((byte, index) => byte === 1 && index > 3);
  const wrong = payload.slice();
  wrong[at] = 2;
  expect(decodePayload(payload).blocks).toHaveLength(3);
  expect(() => decodePayload(wrong)).toThrow(
    expect.objectContaining({ code: "BRAID_FILE_MALFORMED" }) as Error,
  );
});
