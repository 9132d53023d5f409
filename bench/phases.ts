// Where a block's time goes, phase by phase: V8's profile of blocks on one worker, each sample told by the innermost function that stands for a phase.

/** What V8 writes. */
export interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string }; children?: number[] }[];
  samples: number[];
  timeDeltas: number[];
}

export const PHASES = [
  "decode",
  "recover",
  "execute",
  "publish",
  "validate, commit",
  "receipts",
  "changes",
  "result",
  "root",
  "garbage",
  "rest",
] as const;
export type Phase = (typeof PHASES)[number];

/** Functions by the phase that they are all of. */
const FUNCTIONS: Record<string, Phase> = {
  readBlock: "decode",
  putEncodings: "decode",
  layOutTransaction: "decode",
  recoverSender: "recover",
  recoverAuthority: "recover",
  executeUnit: "execute",
  publishAll: "publish",
  // Claims, too: the scheduler's steps are one call.
  next: "validate, commit",
  finishExecution: "validate, commit",
  settleReceipts: "receipts",
  sealReceipts: "receipts",
  collectRequests: "receipts",
  collectStateChanges: "changes",
  AccountBases: "changes",
  FinishedUnits: "result",
  rootOf: "root",
};
/** An engine in JavaScript goes on in the middle of its functions, after what it has waited for. */
const ENGINES = ["executor/src/engines/", "@ethereumjs/evm"];

/** What all of a block's time is spent under, on the main thread and on the worker; the rest is starting, and waiting for the next block. */
const ROOTS = new Set(["runBlockWay", "runUnits", "assembleResult", "runShare", "runParallel", "rootOf"]);

type Frames = ReadonlyMap<number, { functionName: string; url: string }>;

/** Adds the milliseconds of each phase to `sums`. What is collected belongs to what ran before it. */
export function addPhases({ nodes, samples, timeDeltas }: CpuProfile, sums: Map<Phase, number>): void {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const frames: Frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  // The main thread makes the blocks, too, on stock ethereumjs.
  const engines = nodes.some(({ callFrame }) => callFrame.functionName === "runShare") ? ENGINES : [];
  const phases = new Map(nodes.map(({ id }) => [id, phaseOf(id, frames, parents, engines)]));
  let inBlock = false;
  for (const [i, id] of samples.entries()) {
    const isGarbage = frames.get(id)?.functionName === "(garbage collector)";
    const phase: Phase | undefined = isGarbage && inBlock ? "garbage" : phases.get(id);
    inBlock = phase !== undefined;
    if (phase !== undefined) sums.set(phase, (sums.get(phase) ?? 0) + (timeDeltas[i] ?? 0) / 1e3);
  }
}

/** Undefined for what is no part of a block. */
function phaseOf(
  leaf: number,
  frames: Frames,
  parents: ReadonlyMap<number, number>,
  engines: readonly string[],
): Phase | undefined {
  let phase: Phase | undefined;
  for (let id: number | undefined = leaf; id !== undefined; id = parents.get(id)) {
    const { functionName, url } = frames.get(id) ?? { functionName: "", url: "" };
    phase ??= Object.hasOwn(FUNCTIONS, functionName) ? FUNCTIONS[functionName] : undefined;
    if (ROOTS.has(functionName)) return phase ?? "rest";
    if (phase === undefined && engines.some((place) => url.includes(place))) phase = "execute";
  }
  return phase === "execute" && engines.length > 0 ? phase : undefined;
}
