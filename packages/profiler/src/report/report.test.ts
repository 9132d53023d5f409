// The page in a browser: what it says, that it loads nothing, and that it can be read and used at any width, in any colours, without a mouse.

import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { namesOf } from "../names/names.ts";
import type { UnitProfile } from "../profile/block-profile.ts";
import { profileOf, transaction } from "../testing/profiles.ts";
import { renderReport } from "./render-report.ts";

const CHROMIUM = process.env.BRAID_CHROMIUM ?? "/usr/bin/chromium";
const HAS_BROWSER = existsSync(CHROMIUM);
if (!HAS_BROWSER)
  console.warn(
    `skipped: the report in a browser, because ${CHROMIUM} is not there (BRAID_CHROMIUM names another one)`,
  );

/** Swaps on one pool, and counters; a name that is markup if nobody takes care. */
function blockOf(count: number): ReturnType<typeof profileOf> {
  return profileOf(
    Array.from({ length: count }, (_, i): UnitProfile => {
      const unit = transaction({
        reads: [
          [0, i],
          [1, i],
        ],
        writes: [
          [0, i + 1],
          [1, i + 1],
        ],
      });
      const writes = unit.writes.map((write) =>
        write.location === 1 ? { ...write, adds: { by: "0x1", how: "seems" } as const } : write,
      );
      return { ...unit, hash: `0x${i.toString(16).padStart(64, "0")}`, writes };
    }),
  );
}

const blocks = [blockOf(20), { ...blockOf(12), number: 2 }];
const layout = {
  contract: "<b>Pool</b>",
  storageLayout: {
    storage: [
      { label: "reserves", slot: "0", type: "t_uint256" },
      { label: "swaps", slot: "1", type: "t_uint256" },
    ],
    types: { t_uint256: { encoding: "inplace", numberOfBytes: "32" } },
  },
};
const names = namesOf(blocks, { [`0x${"c0".repeat(20)}`]: layout });

test("the page names what serialises each block, has each transaction, and says nothing unescaped", async () => {
  const html = await renderReport(
    blocks.map((profile) => ({ profile })),
    { title: "A <title>", names },
  );
  expect(html).toContain("<title>A &lt;title&gt;</title>");
  expect(html).not.toContain("<b>Pool");
  expect(html).toContain(
    "Without &lt;b&gt;Pool&lt;/b&gt; reserves and &lt;b&gt;Pool&lt;/b&gt; swaps it would be",
  );
  for (let i = 0; i < 20; i++) expect(html).toContain(`id="block-0-tx-${i}"`);
  expect(html).not.toMatch(/(?:src|href)="(?!#)|url\((?!#)|@import|https?:\/\/(?!www\.w3\.org)/);
  // The script alone may say so.
  expect(html.slice(0, html.indexOf("<script>"))).not.toMatch(/NaN|undefined|Infinity/);
});

test("a block without transactions has a page too", async () => {
  const profile = profileOf([]);
  expect(await renderReport([{ profile }], { title: "empty", names: namesOf([profile]) })).toContain(
    "No transaction looks at what another one of the block has written.",
  );
});

describe.skipIf(!HAS_BROWSER)("in a browser", () => {
  let browser: Browser;
  let folder: string;
  let url: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "braid-report-"));
    const file = join(folder, "report.html");
    await writeFile(
      file,
      await renderReport(
        blocks.map((profile) => ({ profile })),
        { title: "Report", names },
      ),
    );
    url = pathToFileURL(file).href;
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true });
  });

  async function open(width: number, colorScheme: "light" | "dark" = "light"): Promise<Page> {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    page.on("pageerror", (error) => expect.fail(error.message));
    page.on("request", (request) => expect(request.url().split("#")[0]).toBe(url));
    await page.goto(url);
    return page;
  }

  test.each([
    [1280, "light"],
    [1280, "dark"],
    [390, "light"],
    [390, "dark"],
  ] as const)(
    "at %i pixels, %s, nothing is wider than the window and text stands out",
    async (width, scheme) => {
      const page = await open(width, scheme);
      for (const details of await page.locator("details").all())
        await details.evaluate((one) => one.setAttribute("open", ""));
      expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
      // As strings: the browser's types are none of this workspace's.
      const colours = await page.evaluate<string[]>(
        "(({ color, backgroundColor }) => [color, backgroundColor])(getComputedStyle(document.body))",
      );
      const [text, background] = colours.map((one) => (one.match(/\d+/g) ?? []).slice(0, 3).map(Number));
      expect(contrast(text ?? [], background ?? [])).toBeGreaterThan(7);
      // One of the two drawings of each chart, with its own text.
      const shown = await page
        .locator(".chart svg:not(.key)")
        .evaluateAll((all) => all.filter((one) => one.getBoundingClientRect().width > 0).length);
      expect(shown).toBe(await page.locator(".chart").count());
      await page.close();
    },
  );

  test("columns are sorted and rows are filtered, by keys alone", async () => {
    const page = await open(1280);
    await page
      .locator("details")
      .last()
      .evaluate((one) => one.setAttribute("open", ""));
    const table = page.locator("table").last();
    const first = (): Promise<string | null> =>
      table.locator("tbody tr:not([hidden])").first().getAttribute("id");
    await table.getByRole("button", { name: "index" }).focus();
    await page.keyboard.press("Enter");
    expect(await first()).toBe("block-1-tx-11");
    await page.keyboard.press("Enter");
    expect(await first()).toBe("block-1-tx-0");
    await page.locator(".filter input").last().focus();
    await page.keyboard.type("0x000000000000000000000000000000000000000000000000000000000000000a");
    expect(await table.locator("tbody tr:not([hidden])").count()).toBe(1);
    expect(await first()).toBe("block-1-tx-10");
    await page.close();
  });

  test("a link to a transaction opens the table and shows it", async () => {
    const page = await open(1280);
    await page.locator('.findings ~ .table a[href="#block-0-tx-3"]').first().focus();
    await page.keyboard.press("Enter");
    const row = page.locator("#block-0-tx-3");
    await row.waitFor({ state: "visible" });
    expect(await page.evaluate<string>("document.activeElement.id")).toBe("block-0-tx-3");
    await page.close();
  });
});

/** As WCAG has it. */
function contrast(one: readonly number[], other: readonly number[]): number {
  const luminance = (rgb: readonly number[]): number => {
    const [r = 0, g = 0, b = 0] = rgb.map((value) => {
      const share = value / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}
