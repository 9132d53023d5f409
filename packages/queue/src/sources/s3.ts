// Runs over objects of S3-compatible storage. Keys, region and endpoint come from where Amazon's own tools have them (AWS_ACCESS_KEY_ID,
// AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL_S3, …): each machine has its own.
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { FileError, tooLarge } from "@braid/primitives";
import { missingPackage, QueueError } from "../errors.ts";
import { type Item, type OpenedItem, type Source, type SourceSpec, unavailable } from "./source.ts";

type S3Spec = Extract<SourceSpec, { kind: "s3" }>;

const URL_FORM = /^s3:\/\/([^/]+)(?:\/(.*))?$/;
/** What only says that an object is not there. */
const MISSING = new Set(["NoSuchKey", "NotFound"]);

/** What a text like s3://bucket/prefix names; undefined when it is another one. */
export function s3SpecOf(text: string): S3Spec | undefined {
  const [, bucket, prefix = ""] = URL_FORM.exec(text) ?? [];
  if (bucket === undefined) return undefined;
  const named = process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
  const url = named === undefined ? null : URL.parse(named);
  const endpoint = url === null ? {} : { endpoint: url.origin };
  return { kind: "s3", bucket, prefix, ...endpoint };
}

/** The objects whose names begin with the prefix, in the order of the numbers in them, but for those that begin with a dot. */
export async function* listedObjects(spec: S3Spec, signal: AbortSignal): AsyncGenerator<Item> {
  const { S3Client, paginateListObjectsV2 } = await loadS3();
  const client = new S3Client(settingsOf(spec));
  const keys: string[] = [];
  try {
    const request = { Bucket: spec.bucket, Prefix: spec.prefix };
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, request, { abortSignal: signal }))
      for (const { Key } of Contents)
        if (Key !== undefined && !Key.endsWith("/") && !basename(Key).startsWith(".")) keys.push(Key);
  } catch (error) {
    signal.throwIfAborted();
    throw storageError(spec, error);
  } finally {
    client.destroy();
  }
  // By name: looking into each for its number would fetch a part of it.
  const collator = new Intl.Collator("en", { numeric: true });
  for (const key of keys.sort(collator.compare)) yield { name: `s3://${spec.bucket}/${key}`, named: false };
}

export class S3Source implements Source {
  readonly #spec: S3Spec;
  readonly #client: S3Client;

  private constructor(spec: S3Spec, client: S3Client) {
    this.#spec = spec;
    this.#client = client;
  }

  /** Throws QueueError BRAID_QUEUE_MISSING_PACKAGE. */
  static async open(spec: S3Spec): Promise<S3Source> {
    const { S3Client } = await loadS3();
    return new S3Source(spec, new S3Client(settingsOf(spec)));
  }

  async open(item: string, maxFileBytes: number): Promise<OpenedItem> {
    const { GetObjectCommand } = await loadS3();
    const key = item.slice(`s3://${this.#spec.bucket}/`.length);
    const folder = await mkdtemp(join(tmpdir(), "braid-s3-"));
    const release = (): Promise<void> => rm(folder, { recursive: true, force: true });
    try {
      const { Body, ContentLength = 0 } = await this.#client.send(
        new GetObjectCommand({ Bucket: this.#spec.bucket, Key: key }),
      );
      if (ContentLength > maxFileBytes) throw tooLarge(`It has ${ContentLength} bytes`, maxFileBytes);
      if (!(Body instanceof Readable)) throw new TypeError("the S3 client gives no stream");
      const path = join(folder, "object");
      await pipeline(Body, upTo(maxFileBytes), createWriteStream(path));
      return { paths: [path], release };
    } catch (error) {
      await release();
      if (error instanceof FileError) throw error;
      if (error instanceof Error && MISSING.has(error.name))
        throw new FileError("BRAID_FILE_UNREADABLE", `There is no object ${item} any more.`, {
          data: { missing: true },
        });
      throw storageError(this.#spec, error);
    }
  }
}

function upTo(maxBytes: number): Transform {
  let length = 0;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      length += chunk.length;
      if (length > maxBytes) done(tooLarge("It does not end", maxBytes));
      else done(null, chunk);
    },
  });
}

/** What this machine says goes before what the run says. */
function settingsOf({ endpoint }: S3Spec): S3ClientConfig {
  const own = process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL ?? endpoint;
  if (own === undefined) return {};
  // Storage of others mostly has no host for each bucket, and no regions, but the client asks for one.
  const region = process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? "us-east-1";
  return { endpoint: own, forcePathStyle: true, region };
}

function storageError({ bucket }: S3Spec, error: unknown): QueueError {
  if (error instanceof QueueError) return error;
  const { name = "", message = "" } = error instanceof Error ? error : {};
  return unavailable(
    `The bucket ${bucket} cannot be read (${name === "" || name === "Error" ? message : name}). Check its name, and the keys, region and endpoint of this machine (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL_S3).`,
    error,
  );
}

async function loadS3(): Promise<typeof import("@aws-sdk/client-s3")> {
  try {
    return await import("@aws-sdk/client-s3");
  } catch (cause) {
    throw missingPackage("@aws-sdk/client-s3", "Reading from S3-compatible storage", cause);
  }
}
