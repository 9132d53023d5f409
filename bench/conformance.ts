// Memory and time of `braid conformance` over thousands of files: the fixtures, copied under other names until there are enough. Linux only.
//
//   npx -y pnpm@12 bench:conformance [--files 5000] [--jobs 2] [--folders eest-v5.4.0,eest-bal-v5.1.0]
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import type { ConformanceMeasurement } from "./measurements.ts";
import { writeResult } from "./results.ts";
import { conformanceLines } from "./tables.ts";

const CLI = fileURLToPath(new URL("../packages/cli/src/main.ts", import.meta.url));
const FIXTURES =
  process.env.BRAID_FIXTURES ?? fileURLToPath(new URL("../../shared/fixtures", import.meta.url));
const SAMPLE_MS = 500;
const PAGE_BYTES = 4096;
const TICKS_PER_SECOND = 100;
const MIB = 2 ** 20;

const { values } = parseArgs({
  options: {
    files: { type: "string", default: "5000" },
    jobs: { type: "string", default: "2" },
    folders: { type: "string", default: "eest-v5.4.0,eest-bal-v5.1.0,eest-zkevm-v0.3.3" },
  },
});

/** Copies the fixtures until there are so many files; gives how many, and their bytes. */
function copyFixtures(target: string): { files: number; bytes: number } {
  const folders = values.folders.split(",").map((name) => join(FIXTURES, name));
  const total = { files: 0, bytes: 0 };
  for (let copy = 0; total.files < Number(values.files); copy++) {
    for (const folder of folders) {
      const to = join(target, `copy-${String(copy).padStart(3, "0")}`, folder.slice(FIXTURES.length));
      cpSync(folder, to, { recursive: true });
      for (const entry of readdirSync(to, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !entry.name.endsWith(".json")) continue;
        total.files++;
        total.bytes += statSync(join(entry.parentPath, entry.name)).size;
      }
    }
  }
  return total;
}

interface Sample {
  rssBytes: number;
  cpuSeconds: number;
}

/** A process and its children: what they hold, and the time they and their ended children took. Undefined when it has ended. */
function sample(pid: number): Sample | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    // Fields 14 to 17 and 24 of proc(5), of which two stand before the bracket.
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    const own: Sample = {
      rssBytes: Number(fields[21]) * PAGE_BYTES,
      cpuSeconds: ticks / TICKS_PER_SECOND,
    };
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    for (const child of children === "" ? [] : children.split(" ")) {
      const found = sample(Number(child));
      own.rssBytes += found?.rssBytes ?? 0;
      own.cpuSeconds += found?.cpuSeconds ?? 0;
    }
    return own;
  } catch (error) {
    // It ended between two reads.
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH"))
      return undefined;
    throw error;
  }
}

const environment = describeEnvironment("bench:conformance");
const folder = mkdtempSync(join(tmpdir(), "braid-bench-conformance-"));
try {
  const { files, bytes } = copyFixtures(folder);
  console.error(`${files} files, ${Math.round(bytes / 1e6)} MB`);
  const start = performance.now();
  const child = spawn(process.execPath, [CLI, "conformance", "--quiet", "--jobs", values.jobs, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout = (stdout + text).slice(-4000);
  });
  const resident: number[] = [];
  let cpuSeconds = 0;
  const timer = setInterval(() => {
    const now = sample(child.pid as number); // it was started
    if (now === undefined) return;
    resident.push(now.rssBytes / MIB);
    cpuSeconds = Math.max(cpuSeconds, now.cpuSeconds);
  }, SAMPLE_MS);
  await new Promise((resolve) => child.on("close", resolve));
  clearInterval(timer);
  const seconds = (performance.now() - start) / 1000;
  const tenths = Array.from({ length: 10 }, (_, i) =>
    Math.max(
      0,
      ...resident.slice(Math.floor((i * resident.length) / 10), Math.ceil(((i + 1) * resident.length) / 10)),
    ),
  );
  const measurement: ConformanceMeasurement = {
    environment,
    files,
    megabytes: bytes / 1e6,
    jobs: Number(values.jobs),
    seconds,
    cpuSeconds,
    peak: Math.max(...resident),
    tenths,
    summary: stdout.trimEnd().split("\n").at(-1) ?? "",
  };
  console.log(formatEnvironment(environment));
  console.log(conformanceLines(measurement));
  console.log(`written to ${writeResult("conformance", measurement)}`);
} finally {
  rmSync(folder, { recursive: true });
}
