// Files, gzip and JSON that others wrote: read within the limit, refused beyond it, with a code for each reason.

import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FileError, gunzipBounded, parseJsonBounded, readBounded } from "./bounded-input.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "braid-bounded-"));
});
afterAll(() => rm(folder, { recursive: true }));

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The code of what a call throws or rejects with; "none" when it does neither. */
async function codeOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return "none";
  } catch (error) {
    return error instanceof FileError ? error.code : error;
  }
}

describe("a file", () => {
  it("is read whole up to the limit, and refused beyond it", async () => {
    const path = join(folder, "file");
    const content = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251);
    await writeFile(path, content);
    expect(await readBounded(path, 200_000)).toEqual(content);
    expect(await codeOf(() => readBounded(path, 199_999))).toBe("BRAID_FILE_TOO_LARGE");
    await writeFile(path, "");
    expect(await readBounded(path)).toEqual(new Uint8Array(0));
  });

  it.runIf(process.platform === "linux")("without an end is refused at the limit", async () => {
    expect(await codeOf(() => readBounded("/dev/zero", 1_000_000))).toBe("BRAID_FILE_TOO_LARGE");
    expect(await readBounded("/dev/null")).toEqual(new Uint8Array(0));
  });

  it("that cannot be read says why", async () => {
    const loop = join(folder, "loop");
    await symlink(loop, loop);
    for (const path of [join(folder, "nothing"), folder, loop])
      expect(await codeOf(() => readBounded(path))).toBe("BRAID_FILE_UNREADABLE");
  });
});

describe("gzip", () => {
  it("unfolds up to the limit, and not beyond it", async () => {
    const bomb = gzipSync(new Uint8Array(3_000_000));
    expect(bomb.length).toBeLessThan(4_000);
    expect(gunzipBounded(bomb, 3_000_000)).toHaveLength(3_000_000);
    expect(await codeOf(() => gunzipBounded(bomb, 2_999_999))).toBe("BRAID_FILE_TOO_LARGE");
  });

  it("that is cut or damaged says so", async () => {
    const whole = gzipSync("a".repeat(100) + "b".repeat(100));
    expect(await codeOf(() => gunzipBounded(whole.subarray(0, 12)))).toBe("BRAID_FILE_TRUNCATED");
    expect(await codeOf(() => gunzipBounded(whole.fill(0xff, 11, 16)))).toBe("BRAID_FILE_CORRUPT");
  });
});

describe("JSON", () => {
  it("is what JSON.parse makes of it", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseJsonBounded(bytesOf(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  it("of many small values counts for what it takes in memory", async () => {
    const text = bytesOf(`[${"{},".repeat(1000)}{}]`);
    expect(parseJsonBounded(text, 200_000)).toHaveLength(1001);
    expect(await codeOf(() => parseJsonBounded(text, 50_000))).toBe("BRAID_FILE_TOO_LARGE");
    // The same characters inside a string are one value.
    expect(parseJsonBounded(bytesOf(JSON.stringify('"\\{},[]'.repeat(1000))), 50_000)).toHaveLength(7000);
  });

  it("that is nested without end is malformed", async () => {
    const nested = bytesOf("[".repeat(1_000_000));
    expect(await codeOf(() => parseJsonBounded(nested, 2 ** 30))).toBe("BRAID_FILE_MALFORMED");
    const wide = `[${"[[]],".repeat(200)}[]]`;
    expect(parseJsonBounded(bytesOf(wide))).toHaveLength(201);
  });
});
