// Which code may call console.log, and who has.

import type { Prestate } from "@braid/node";
import type { Hex } from "@braid/primitives";

/** The address that console.log calls ends in this text: "console.log". */
const CONSOLE_TEXT = "636f6e736f6c652e6c6f67";
const CONSOLE_ADDRESS: Hex = `0x000000000000000000${CONSOLE_TEXT}`;

/** Does the text of the address stand anywhere in what a client sent: in init code, in code that is set by hand? */
export function mentionsConsole(value: unknown): boolean {
  if (typeof value === "string") return value.length > CONSOLE_TEXT.length && hasText(value);
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(mentionsConsole);
}

function hasText(hex: string): boolean {
  return hex.includes(CONSOLE_TEXT) || (/[A-F]/.test(hex) && hex.toLowerCase().includes(CONSOLE_TEXT));
}

/** Has the execution looked at the address? */
export function usesConsole(prestate: Prestate): boolean {
  return CONSOLE_ADDRESS in prestate;
}
