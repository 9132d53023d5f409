// `pnpm bench:pairs [--users 300] [--write] [family…]`: contracts that are written twice, the plain way and so that users do not meet, as `hardhat parallelism` sees them.
// With --write the table goes into the page about such contracts, and the report of examples/hardhat-project into its README. Ends with 1 when what was foretold for
// two cores is further from what was measured than it should be, or when other programs used the cores meanwhile.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeEnvironment, formatEnvironment } from "./environment.ts";
import { markdownTable } from "./markdown.ts";
import { writeResult } from "./results.ts";

const ROOT = join(import.meta.dirname, "..");
const PAGE = join(ROOT, "packages/hardhat-braid/docs/parallel-friendly-contracts.md");

const EXAMPLE = join(ROOT, "examples/hardhat-project");
const HARDHAT = join(ROOT, "node_modules/.bin/hardhat");
const EXAMPLE_USERS = "1000";
/** What is foretold may differ by so much from what is measured. */
const TOLERANCE = 0.1;

/** Test file, plain contract, the other one. */
const PAIRS = [
  ["counter", "Counter", "ShardedCounter"],
  ["airdrop", "MerkleAirdrop", "ShardedAirdrop"],
  ["token", "WrappedEther", "SupplylessWrappedEther"],
  ["amm", "Router", "ShardedRouter"],
  ["vault", "Vault", "ShardedVault"],
  ["payments", "PaymentSplitter", "ShardedPaymentSplitter"],
  ["dao", "DaoGovernor", "ShardedDaoGovernor"],
  ["aggregator", "Aggregator", "ShardedAggregator"],
  ["lending", "LendingMarket", "ShardedLendingMarket"],
  ["farming", "Farm", "EpochFarm"],
  ["derivatives", "MarginVault", "ShardedMarginVault"],
  ["derivatives", "Futures", "ShardedFutures"],
] as const;

/** As `hardhat parallelism --json` writes it. */
interface Report {
  disturbed: boolean;
  functions: {
    name: string;
    calls: number;
    sequentialMs: number;
    speedup: { simulated: Record<string, number>; measured: Record<string, number>; byGas: number };
  }[];
}

interface Side {
  calls: number;
  sequentialMs: number;
  measured: number | undefined;
  predicted: number;
  at16: number;
  byGas: number;
}

interface Row {
  plain: string;
  friendly: string;
  function: string;
  before: Side;
  after: Side;
}

function reportOf(families: readonly string[], users: string): Report {
  const folder = mkdtempSync(join(tmpdir(), "pairs-"));
  try {
    const path = join(folder, "report.json");
    const files = families.map((family) => `contracts/test/${family}.ts`);
    const { status } = spawnSync(HARDHAT, ["parallelism", ...files, "--users", users, "--json", path], {
      cwd: ROOT,
      stdio: ["ignore", "inherit", "inherit"],
    });
    if (status !== 0) throw new Error(`hardhat parallelism ended with ${status}`);
    return JSON.parse(readFileSync(path, "utf8"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Every function that the tests call, those of no pair as well. */
function misforetold({ functions }: Report): string[] {
  return functions.flatMap((one) => {
    const { calls, measured, predicted } = sideOf(one);
    if (measured === undefined || Math.abs(predicted / measured - 1) <= TOLERANCE) return [];
    return [
      `${one.name} (${calls} calls): ${predicted.toFixed(2)} foretold, ${measured.toFixed(2)} measured`,
    ];
  });
}

function rowsOf({ functions }: Report): Row[] {
  return PAIRS.flatMap(([, plain, friendly]) =>
    functions.flatMap((one) => {
      const [contract, name = ""] = one.name.split(".");
      const other = functions.find((candidate) => candidate.name === `${friendly}.${name}`);
      if (contract !== plain || other === undefined) return [];
      return [{ plain, friendly, function: name, before: sideOf(one), after: sideOf(other) }];
    }),
  );
}

function sideOf({ calls, sequentialMs, speedup }: Report["functions"][number]): Side {
  return {
    calls,
    sequentialMs,
    measured: speedup.measured["2"],
    predicted: speedup.simulated["2"] ?? 1,
    at16: speedup.simulated["16"] ?? 1,
    byGas: speedup.byGas,
  };
}

const SIDE = ["calls", "2 cores", "predicted", "at 16", "by gas"];

function tableOf(rows: readonly Row[]): string {
  const factor = (value: number | undefined): string => value?.toFixed(2) ?? "-";
  return markdownTable(
    ["plain", "other", "function", ...SIDE, ...SIDE],
    rows.map(({ plain, friendly, function: name, before, after }) => [
      `\`${plain}\``,
      `\`${friendly}\``,
      `\`${name}\``,
      ...[before, after].flatMap(({ calls, measured, predicted, at16, byGas }) => [
        String(calls),
        factor(measured),
        factor(predicted),
        factor(at16),
        factor(byGas),
      ]),
    ]),
    3,
  );
}

/** What stands between two marks of a page. */
function replaceIn(path: string, mark: string, text: string): void {
  const page = readFileSync(path, "utf8");
  const between = new RegExp(`<!-- ${mark} -->.*<!-- /${mark} -->`, "s");
  if (!between.test(page)) throw new Error(`${path} has no place for ${mark}`);
  writeFileSync(
    path,
    page.replace(between, () => `<!-- ${mark} -->\n${text}\n<!-- /${mark} -->`),
  );
}

/** As the terminal shows it, without the tests' own output. */
function exampleReport(): string {
  const { status, stdout } = spawnSync(HARDHAT, ["parallelism", "--users", EXAMPLE_USERS], {
    cwd: EXAMPLE,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  const begin = stdout.indexOf("Parallelism:");
  if (status !== 0 || begin < 0) throw new Error(`hardhat parallelism ended with ${status} in ${EXAMPLE}`);
  return stdout.slice(begin).trimEnd();
}

const { values, positionals } = parseArgs({
  options: { users: { type: "string", default: "300" }, write: { type: "boolean", default: false } },
  allowPositionals: true,
});
const environment = describeEnvironment("bench:pairs");
const known = [...new Set(PAIRS.map(([family]) => family))];
const families = positionals.length > 0 ? positionals : known;
const report = reportOf(families, values.users);
const rows = rowsOf(report);
const table = tableOf(rows);
console.log(table);
console.log(formatEnvironment(environment));
const wrong = misforetold(report);
console.log(
  `2 cores: of ${report.functions.length} functions ${wrong.length} are further than ${100 * TOLERANCE}% from what was foretold${wrong.length === 0 ? "" : `:\n  ${wrong.join("\n  ")}`}`,
);
if (report.disturbed)
  console.log("Other programs used the cores meanwhile: measure again on a quiet machine.");
if (wrong.length > 0 || report.disturbed) process.exitCode = 1;
if (values.write) {
  writeResult("pairs", { environment, rows });
  replaceIn(PAGE, "pairs", `${table}\n\n${formatEnvironment(environment)}`);
  replaceIn(join(EXAMPLE, "README.md"), "report", ["```", exampleReport(), "```"].join("\n"));
}
