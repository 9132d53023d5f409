// The table of results as a file: Parquet or CSV through DuckDB, or lines of JSON. Whole or not at all.
import { open, rename, rm } from "node:fs/promises";
import { extname } from "node:path";
import { missingPackage, QueueError } from "../errors.ts";
import { COLUMNS, type ResultRow } from "./columns.ts";

type Format = "parquet" | "csv" | "jsonl";

/** Blocks in their order, then what has none. */
const ORDER = "block NULLS LAST, item, part";

/** Rows go into a file beside it, as lines of JSON, and become the file when all are there. */
export class ResultFile {
  readonly path: string;
  readonly #format: Format;
  readonly #linesPath: string;
  readonly #lines: Awaited<ReturnType<typeof open>>;

  private constructor(
    path: string,
    format: Format,
    linesPath: string,
    lines: Awaited<ReturnType<typeof open>>,
  ) {
    this.path = path;
    this.#format = format;
    this.#linesPath = linesPath;
    this.#lines = lines;
  }

  /**
   * @throws QueueError BRAID_RESULTS_FORMAT for another ending than .parquet, .csv and .jsonl, BRAID_QUEUE_MISSING_PACKAGE, BRAID_RESULTS_FILE
   *   when the folder cannot be written to.
   */
  static async create(path: string): Promise<ResultFile> {
    const format = formatOf(path);
    // Before the blocks are replayed, not after.
    if (format !== "jsonl") await loadDuckDb();
    const linesPath = `${path}.${process.pid}.lines`;
    try {
      const file = new ResultFile(path, format, linesPath, await open(linesPath, "a"));
      await file.restart();
      return file;
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  async add(rows: readonly ResultRow[]): Promise<void> {
    await this.addLines(rows.map((row) => JSON.stringify(row)));
  }

  /** Rows that are JSON already, with the columns' names. */
  async addLines(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return;
    try {
      await this.#lines.appendFile(`${lines.join("\n")}\n`);
    } catch (error) {
      throw unwritable(this.path, error);
    }
  }

  /** Drops what was added. */
  async restart(): Promise<void> {
    await this.#lines.truncate(0);
  }

  /** Makes the file of what was added. An earlier file of its name is gone then. */
  async finish(): Promise<void> {
    const whole = `${this.path}.${process.pid}.tmp`;
    try {
      await this.#lines.close();
      if (this.#format === "jsonl") await rename(this.#linesPath, this.path);
      else {
        await convert(this.#linesPath, whole, this.#format);
        await rename(whole, this.path);
      }
    } catch (error) {
      await rm(whole, { force: true });
      throw error instanceof QueueError ? error : unwritable(this.path, error);
    } finally {
      await rm(this.#linesPath, { force: true });
    }
  }

  /** Leaves no file. */
  async discard(): Promise<void> {
    await this.#lines.close();
    await rm(this.#linesPath, { force: true });
  }
}

function formatOf(path: string): Format {
  const ending = extname(path).toLowerCase().slice(1);
  if (ending === "parquet" || ending === "csv" || ending === "jsonl") return ending;
  throw new QueueError(
    "BRAID_RESULTS_FORMAT",
    `Results cannot be written to ${path}: give a name that ends in .parquet, .csv or .jsonl.`,
    { data: { path } },
  );
}

async function convert(lines: string, path: string, format: "parquet" | "csv"): Promise<void> {
  const { DuckDBInstance } = await loadDuckDb();
  const instance = await DuckDBInstance.create(":memory:");
  try {
    const connection = await instance.connect();
    try {
      const types = COLUMNS.map(({ name, duckdb }) => `${quoted(name)}: ${quoted(duckdb)}`).join(", ");
      // A file without lines is no JSON to DuckDB, but these columns are the table all the same.
      const rows = `read_json(${quoted(lines)}, format = 'newline_delimited', columns = {${types}})`;
      await connection.run(
        `COPY (SELECT ${COLUMNS.map(selected(format)).join(", ")} FROM ${rows} ORDER BY ${ORDER}) TO ${quoted(path)} (FORMAT ${format})`,
      );
    } finally {
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

/** CSV has no lists: they are JSON there. */
function selected(format: "parquet" | "csv"): (column: (typeof COLUMNS)[number]) => string {
  return ({ name, duckdb }) =>
    format === "csv" && duckdb.endsWith("[]") ? `to_json("${name}")::VARCHAR AS "${name}"` : `"${name}"`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** 70 MB, and so only where it was asked for. */
async function loadDuckDb(): Promise<typeof import("@duckdb/node-api")> {
  try {
    return await import("@duckdb/node-api");
  } catch (cause) {
    throw missingPackage("@duckdb/node-api", "Writing results as Parquet or CSV", cause);
  }
}

function unwritable(path: string, cause: unknown): QueueError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new QueueError("BRAID_RESULTS_FILE", `The results cannot be written to ${path}: ${reason}`, {
    data: { path },
    cause,
  });
}
