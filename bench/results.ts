// Where measurements are kept: one JSON file for each benchmark in bench/results, overwritten by the next run.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("results", import.meta.url));

/** Writes a benchmark's result; numbers lose what is below a microsecond (times are milliseconds). Gives the path. */
export function writeResult(name: string, result: object): string {
  mkdirSync(FOLDER, { recursive: true });
  const path = `${FOLDER}/${name}.json`;
  const rounded = JSON.stringify(result, (_, value: unknown) =>
    typeof value === "number" ? Math.round(value * 1e3) / 1e3 : value,
  );
  writeFileSync(path, `${indentOuterLevels(rounded)}\n`);
  return path;
}

/** The result of the last run; undefined when there is none. */
export function readResult<Result>(name: string): Result | undefined {
  try {
    return JSON.parse(readFileSync(`${FOLDER}/${name}.json`, "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Readable and diffable: objects over several lines, lists of samples on one. */
function indentOuterLevels(json: string): string {
  return JSON.stringify(JSON.parse(json), null, 1).replaceAll(
    /\[\s+(-?[\d.]+(?:,\s+-?[\d.]+)*)\s+\]/g,
    (_, numbers: string) => `[${numbers.replaceAll(/\s+/g, " ")}]`,
  );
}
