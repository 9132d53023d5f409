// Runs over S3-compatible storage, on a real server of it.
import { mkdir } from "node:fs/promises";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { encodeBundle } from "@braid/replay";
import { makeTransferChain } from "@braid/testing/transfer-chain";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { problemsOfRun, totalsOfRun } from "../runs/results.ts";
import { TestPostgres } from "../testing/test-postgres.ts";
import { type WorkerEvent, work } from "../worker/worker.ts";
import { listedObjects, S3Source, s3SpecOf } from "./s3.ts";

interface S3Rver {
  run(): Promise<AddressInfo>;
  close(): Promise<void>;
  httpServer: Server;
}
const require = createRequire(import.meta.url);
const StorageServer = require("s3rver") as new (options: object) => S3Rver;

const SECRET = "S3RVER";
let postgres: TestPostgres;
let server: S3Rver;
let endpoint: string;
beforeAll(async () => {
  postgres = await TestPostgres.start();
  const directory = join(postgres.folder, "storage");
  await mkdir(directory);
  server = new StorageServer({
    port: 0,
    address: "127.0.0.1",
    silent: true,
    directory,
    configureBuckets: [{ name: "chain" }],
  });
  endpoint = `http://127.0.0.1:${(await server.run()).port}`;
  const credentials = { accessKeyId: SECRET, secretAccessKey: SECRET };
  const client = new S3Client({
    endpoint,
    forcePathStyle: true,
    region: "us-east-1",
    credentials,
    requestChecksumCalculation: "WHEN_REQUIRED",
  });
  const bundle = encodeBundle((await makeTransferChain(2)).bundle);
  const objects: [key: string, body: Uint8Array | string][] = [
    ["blocks/10.braid", bundle],
    ["blocks/9.braid", bundle],
    ["blocks/README", "what is here"],
    ["blocks/.hidden", bundle],
    ["blocks/cut.braid", bundle.subarray(0, bundle.length / 2)],
    ["other/1.braid", bundle],
  ];
  for (const [Key, Body] of objects) await client.send(new PutObjectCommand({ Bucket: "chain", Key, Body }));
  client.destroy();
}, 120_000);
afterAll(async () => {
  await server.close();
  await postgres[Symbol.asyncDispose]();
});

beforeEach(() => {
  vi.stubEnv("AWS_ENDPOINT_URL_S3", endpoint);
  vi.stubEnv("AWS_ACCESS_KEY_ID", SECRET);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", SECRET);
});
afterEach(() => vi.unstubAllEnvs());

const never = new AbortController().signal;

function specOf(text: string) {
  const spec = s3SpecOf(text);
  if (spec === undefined) throw new Error(`${text} is no S3 URL`);
  return spec;
}

test("objects below a prefix are listed in the order of their numbers, but for hidden ones", async () => {
  const spec = specOf("s3://chain/blocks/");
  expect(spec).toEqual({ kind: "s3", bucket: "chain", prefix: "blocks/", endpoint });
  const names: string[] = [];
  for await (const { name } of listedObjects(spec, never)) names.push(name);
  expect(names).toEqual(
    ["9.braid", "10.braid", "cut.braid", "README"].map((name) => `s3://chain/blocks/${name}`),
  );
  expect(s3SpecOf("blocks/")).toBeUndefined();
});

test("a worker reads the objects of a run; of one that holds no blocks, or is damaged, the table says so", async () => {
  const spec = specOf("s3://chain/blocks/");
  const items: string[] = [];
  for await (const { name } of listedObjects(spec, never)) items.push(name);
  await postgres.submit("objects", spec, [...items, "s3://chain/blocks/gone.braid"]);
  // Another machine has its own endpoint, and what the run says is only for who has none.
  vi.stubEnv("AWS_ENDPOINT_URL_S3", undefined);
  const stop = new AbortController();
  const events: WorkerEvent[] = [];
  await work({
    url: postgres.url,
    braid: "test",
    threads: 1,
    signal: stop.signal,
    onEvent: (event) => {
      events.push(event);
      if (events.filter(({ type }) => type === "done").length === 5) stop.abort();
    },
  });
  expect(await totalsOfRun(postgres.database, "objects")).toMatchObject({
    items: 5,
    blocks: 4,
    ok: 4,
    error: 3,
  });
  const codes = (await problemsOfRun(postgres.database, "objects", 9)).map(({ item, error_code, error }) => {
    expect(error).not.toMatch(/braid-s3-/);
    return [item, error_code];
  });
  expect(Object.fromEntries(codes)).toEqual({
    "s3://chain/blocks/cut.braid": expect.stringMatching(/^BRAID_FILE_/),
    "s3://chain/blocks/README": "BRAID_FILE_UNKNOWN_FORMAT",
    "s3://chain/blocks/gone.braid": "BRAID_FILE_UNREADABLE",
  });
});

test("what is too large is not fetched", async () => {
  const source = await S3Source.open(specOf("s3://chain/blocks/"));
  await expect(source.open("s3://chain/blocks/9.braid", 1000)).rejects.toMatchObject({
    code: "BRAID_FILE_TOO_LARGE",
  });
});

test.each([
  ["a wrong key", { AWS_ACCESS_KEY_ID: "nobody" }, "chain"],
  ["a bucket that is not there", {}, "nowhere"],
  ["a server that is not there", { AWS_ENDPOINT_URL_S3: "http://127.0.0.1:1" }, "chain"],
])("%s is no fault of an object", async (_name, environment: Record<string, string>, bucket) => {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const source = await S3Source.open(specOf(`s3://${bucket}/blocks/`));
  const opened = source.open(`s3://${bucket}/blocks/9.braid`, 2 ** 28);
  await expect(opened).rejects.toMatchObject({ code: "BRAID_SOURCE_UNAVAILABLE" });
});
