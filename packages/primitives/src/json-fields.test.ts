// Fields of parsed JSON: what is right is read, and what is not names its place.

import { describe, expect, it } from "vitest";
import { jsonBytes, jsonList, jsonObject, jsonQuantity, jsonText } from "./json-fields.ts";

describe("a field", () => {
  it("that is right is read", () => {
    expect(jsonObject({ a: 1 }, "a")).toEqual({ a: 1 });
    expect(jsonList([1], "a")).toEqual([1]);
    expect(jsonText("x", "a")).toBe("x");
    expect(jsonBytes("0x0102", "a", 2)).toEqual(Uint8Array.of(1, 2));
    expect(jsonBytes("0x", "a")).toEqual(new Uint8Array(0));
    expect(["0x0", "0x0a", "10", 10].map((value) => jsonQuantity(value, "a"))).toEqual([0n, 10n, 10n, 10n]);
    expect(jsonQuantity(`0x${"f".repeat(64)}`, "a")).toBe(2n ** 256n - 1n);
    expect(jsonQuantity("0xff", "a", 8n)).toBe(255n);
  });

  it.each<[string, (value: unknown, path: string) => unknown, unknown[]]>([
    ["object", jsonObject, [undefined, null, [], "x", 1]],
    ["list", jsonList, [undefined, null, {}, "x", 1]],
    ["text", jsonText, [undefined, null, {}, [], 1]],
    ["bytes", jsonBytes, [undefined, null, 1, "0x1", "0xzz", "zz", "0x\u0131\u0131"]],
    ["quantity of 8 bits", (value, path) => jsonQuantity(value, () => path, 8n), ["0x100", "256", 256]],
    ["20 bytes", (value, path) => jsonBytes(value, path, 20), ["0x", `0x${"11".repeat(21)}`]],
    [
      "quantity",
      jsonQuantity,
      [
        undefined,
        null,
        -1,
        1.5,
        2 ** 60,
        "",
        "0x",
        "-1",
        "1e3",
        "0xg",
        `0x1${"0".repeat(64)}`,
        "1".repeat(1e6),
      ],
    ],
  ])("that is no %s is an error with its place", (_kind, read, values) => {
    for (const value of values)
      expect(() => read(value, "block.number"), JSON.stringify(value)?.slice(0, 80)).toThrow(
        expect.objectContaining({
          code: "BRAID_FILE_MALFORMED",
          data: expect.objectContaining({ path: "block.number" }) as unknown,
        }) as Error,
      );
  });
});
