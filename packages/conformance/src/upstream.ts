// What ethereumjs makes of the same cases, where the fixtures' folder says so (UPSTREAM_RESULTS.jsonl).
//
// Fixtures of a fork that is not final follow a draft. A case that Braid fails and that the reference implementation, known
// to follow the same draft, fails as well says that the draft has moved on, and nothing about Braid: it is skipped, with that reason.

import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

const RESULTS_FILE = "UPSTREAM_RESULTS.jsonl";

interface UpstreamFolder {
  folder: string;
  /** By file (relative to the folder) and case: what is not "ok". */
  failures: Map<string, string>;
}

const folders = new Map<string, Promise<UpstreamFolder | undefined>>();

/** Why the case proves nothing, or undefined when it does. */
export async function upstreamFailure(file: string, name: string): Promise<string | undefined> {
  const found = await upstreamFolder(dirname(file));
  return found?.failures.get(`${relative(found.folder, file)} ${name}`);
}

/** The results that lie nearest above a folder. */
function upstreamFolder(folder: string): Promise<UpstreamFolder | undefined> {
  let known = folders.get(folder);
  if (known === undefined) {
    known = loadOrGoUp(folder);
    folders.set(folder, known);
  }
  return known;
}

async function loadOrGoUp(folder: string): Promise<UpstreamFolder | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, RESULTS_FILE), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const parent = dirname(folder);
    return parent === folder ? undefined : upstreamFolder(parent);
  }
  const failures = new Map<string, string>();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const [file, name, , result] = JSON.parse(line) as [string, string, string, string];
    if (result !== "ok") failures.set(`${file} ${name}`, result);
  }
  return { folder, failures };
}
