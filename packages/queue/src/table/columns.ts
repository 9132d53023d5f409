// The table of results, the same in the database and in files: a row for each block, or for a file that could not be read.

/** A location that holds the transactions of a block up. */
export interface HotLocation {
  address: string;
  /** "balance", "nonce", "codeHash", "storage", "storageReset". */
  field: string;
  /** Of a storage location, 32 bytes. */
  slot: string | null;
  /** Transactions that read it after an earlier one of the block had written it. */
  readers: number;
  /** Transactions that write it. */
  writers: number;
}

/** One row. What is not known is null: of a block that could not be executed there is no time. */
export interface ResultRow {
  /** Which run it belongs to; null in the file of a replay without a queue. */
  run: string | null;
  item: string;
  part: number;
  block: number | null;
  hash: string | null;
  fork: string | null;
  transactions: number;
  gas: number | null;
  verdict: "ok" | "mismatch" | "error" | "skipped";
  time_ms: number | null;
  execute_ms: number | null;
  root_ms: number | null;
  mgas_per_second: number | null;
  sequential_ms: number | null;
  speedup: number | null;
  ethereumjs_ms: number | null;
  ethereumjs_speedup: number | null;
  mode: string | null;
  threads: number | null;
  executions: number | null;
  aborts: number | null;
  hottest: HotLocation[] | null;
  checked: string[];
  difference: string | null;
  error_code: string | null;
  error: string | null;
  worker: string;
  braid: string;
  finished_at: string;
}

/** How a column is called where, and what it says, with its unit. */
interface Column {
  name: keyof ResultRow;
  postgres: string;
  duckdb: string;
  about: string;
}

const HOTTEST = "STRUCT(address VARCHAR, field VARCHAR, slot VARCHAR, readers INTEGER, writers INTEGER)[]";

const text = (name: keyof ResultRow, about: string, rule = ""): Column => ({
  name,
  postgres: `text${rule}`,
  duckdb: "VARCHAR",
  about,
});
const whole = (name: keyof ResultRow, about: string, rule = ""): Column => ({
  name,
  postgres: `integer${rule}`,
  duckdb: "INTEGER",
  about,
});
const large = (name: keyof ResultRow, about: string): Column => ({
  name,
  postgres: "bigint",
  duckdb: "BIGINT",
  about,
});
const real = (name: keyof ResultRow, about: string): Column => ({
  name,
  postgres: "double precision",
  duckdb: "DOUBLE",
  about,
});

const GIVEN = " NOT NULL";

export const COLUMNS: readonly Column[] = [
  text("run", "name of the run; null in the file of a replay without a queue", GIVEN),
  text("item", "the file, the object, or what names the block of a node", GIVEN),
  whole("part", "place of the block among those of its item, from 0", GIVEN),
  large("block", "number of the block; null when the item could not be read"),
  text("hash", "hash of the block, hex"),
  text("fork", "fork that rules the block"),
  whole("transactions", "transactions of the block", GIVEN),
  large("gas", "gas that the block used, as executed; null when it was not"),
  text(
    "verdict",
    "ok: all that can be checked fits; mismatch: executed, and something does not fit; error: could not be read or executed; skipped: no file of blocks",
    GIVEN,
  ),
  real("time_ms", "milliseconds: execution and state root, the median of the repetitions"),
  real("execute_ms", "milliseconds: execution"),
  real("root_ms", "milliseconds: state root; 0 where the state has none"),
  real("mgas_per_second", "millions of gas a second, by time_ms"),
  real("sequential_ms", "milliseconds on one thread without speculation (--compare)"),
  real("speedup", "sequential_ms / time_ms"),
  real("ethereumjs_ms", "milliseconds of stock @ethereumjs/vm (--baseline)"),
  real("ethereumjs_speedup", "ethereumjs_ms / time_ms"),
  text("mode", "how it was executed in the end: parallel or sequential"),
  whole("threads", "threads that executed the block"),
  whole("executions", "executions of transactions, repeated ones included"),
  whole("aborts", "executions whose reads turned out stale"),
  {
    name: "hottest",
    postgres: "jsonb",
    duckdb: HOTTEST,
    about:
      "up to five locations that most transactions read after an earlier one of the block had written them: address, field, slot, and how many read and write it; null when the block is not ok",
  },
  {
    name: "checked",
    postgres: "text[] NOT NULL",
    duckdb: "VARCHAR[]",
    about: "what was compared with the block's header",
  },
  text("difference", "what does not fit, a line for each"),
  text("error_code", "code of the error"),
  text("error", "message of the error"),
  text("worker", "host and process that replayed it", GIVEN),
  text("braid", "version of Braid", GIVEN),
  {
    name: "finished_at",
    postgres: "timestamptz NOT NULL",
    duckdb: "TIMESTAMPTZ",
    about: "when it was replayed",
  },
];
