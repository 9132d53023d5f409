// The URL of the queue: from the command line, the environment, or of the Postgres that was made in the current folder.

/** Better here than in the command line when it holds a password. */
const VARIABLE = "BRAID_QUEUE_URL";

export function isQueueUrl(text: string): boolean {
  return /^postgres(ql)?:\/\//i.test(text);
}

/** What was named, in whichever way; undefined when nothing was. */
export function namedQueue(flag: string | true | undefined): string | undefined {
  if (typeof flag === "string") return flag;
  const url = process.env[VARIABLE];
  return url === "" ? undefined : url;
}
