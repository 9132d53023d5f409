// The one place that names the hash of the tries.
export { keccak256, keccak256Into } from "@braid/kernel";
