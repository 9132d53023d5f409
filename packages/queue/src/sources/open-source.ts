// What a run says of its blocks, as something to read them from on this machine.
import type { RpcClient } from "@braid/remote";
import { FileSource } from "./files.ts";
import { NodeSource } from "./node.ts";
import { S3Source } from "./s3.ts";
import type { Source, SourceSpec } from "./source.ts";

/** Throws QueueError BRAID_SOURCE_UNAVAILABLE, BRAID_QUEUE_MISSING_PACKAGE: the run is for other workers then. */
export async function openSource(spec: SourceSpec, client: RpcClient | undefined): Promise<Source> {
  if (spec.kind === "files") return await FileSource.open(spec.paths);
  if (spec.kind === "s3") return await S3Source.open(spec);
  return await NodeSource.open(client, spec.chain);
}
