// Public names of @braid/replay: block files, the bundle format, and replaying with verification.
export { type Bundle, type BundleState, decodeBundle, encodeBundle, readBundle, writeBundle } from "./bundle.ts";
export { BUNDLE_VERSION, type BundleCompression } from "./bundle-container.ts";
export { type BlobParameters, type ChainSpec, commonOf, type HardforkActivation, hardforkOf, MAINNET } from "./chain-config.ts";
export { BlockFileError, type BlockFileErrorCode } from "./errors.ts";
