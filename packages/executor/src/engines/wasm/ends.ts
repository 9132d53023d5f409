// How most units end.

import type { UnitEnd } from "../engine.ts";

export const DONE: UnitEnd = { kind: "done" };
export const FAULT: UnitEnd = { kind: "fault" };
export const UNSUPPORTED: UnitEnd = { kind: "unsupported" };
