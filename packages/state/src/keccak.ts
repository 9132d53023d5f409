// The one place that names the hash of the tries.
export { keccak256 } from "@braid/kernel";
