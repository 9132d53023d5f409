// Public names of @braid/stock: blocks on stock @ethereumjs/vm with a clock. The oracle of tests, run-once.ts, is not published.
export { type StockResult, StockRunner, type StockRunOptions } from "./stock-runner.ts";
