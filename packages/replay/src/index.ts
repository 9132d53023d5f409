// Public names of @braid/replay: block files, the bundle format, and replaying with verification.
export {
  type AccessListJson,
  accessListJson,
  readAccessLists,
  writeAccessList,
} from "./access-list-file.ts";
export {
  type BlockFile,
  type BlockFileFormat,
  type LoadedBlock,
  loadBlock,
  type ParentState,
} from "./block-file.ts";
export type { BlockExecutor, Mode } from "./block-runner.ts";
export { type BlockSelection, BlockSelectionError, selectBlocks } from "./block-selection.ts";
export {
  type Bundle,
  type BundleState,
  decodeBundle,
  encodeBundle,
  readBundle,
  writeBundle,
} from "./bundle.ts";
export { BUNDLE_VERSION, type BundleCompression } from "./bundle-container.ts";
export {
  type CaptureEvent,
  type CaptureOptions,
  type CaptureOutcome,
  type CaptureSummary,
  captureBlocks,
} from "./capture/capture.ts";
export type { CaptureWay } from "./capture/capture-block.ts";
export { compareResults } from "./compare.ts";
export { type LoadOptions, loadBlockFile } from "./detect.ts";
export { type Difference, describeDifference, type Reference } from "./difference.ts";
export { BlockFileError, type BlockFileErrorCode } from "./errors.ts";
export { type Candidate, listFiles } from "./list-files.ts";
export { type OpenedState, openParentState } from "./parent-state.ts";
export { RecordingSource } from "./record-reads.ts";
export type { RemoteBlocks } from "./remote-blocks.ts";
export { type ReplayEvent, type ReplayOptions, replay } from "./replay.ts";
export {
  type BlockReport,
  fileReport,
  type ReplaySummary,
  type ReplayTotals,
  type Verdict,
} from "./report.ts";
export { type Verification, verifyBlock } from "./verify.ts";
