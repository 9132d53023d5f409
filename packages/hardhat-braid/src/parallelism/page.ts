// The report as one HTML page: the profiler's, with the names that the project's sources give.

import {
  ChartsMissingError,
  locationKey,
  type ProfileLocation,
  renderReport,
  shortHex,
} from "@braid/profiler";
import { HardhatPluginError } from "hardhat/plugins";
import type { ReportedBlock } from "./report.ts";

/** Rejects with HardhatPluginError when the package that draws is not installed. */
export async function pageOf(blocks: readonly ReportedBlock[], at: number): Promise<string> {
  // Two blocks may have other contracts at the same address: they come out of different tests.
  const found = new Map<string, string>();
  const named = new Map<ProfileLocation, { path: string; variable: string }>();
  for (const { profiled } of blocks)
    for (const [index, name] of profiled.variables) {
      const location = profiled.profile.locations[index];
      if (location === undefined) continue;
      named.set(location, name);
      found.set(locationKey(location), name.path);
    }
  try {
    return await renderReport(
      blocks.map(({ name, profiled: { profile } }) => ({ profile, source: name })),
      {
        title: "hardhat parallelism",
        at,
        names: (location) => {
          const key = locationKey(location);
          const own = named.get(location as ProfileLocation);
          const short = `${shortHex(location.address)} ${location.slot === undefined ? location.field : shortHex(location.slot)}`;
          const label = own?.path ?? found.get(key) ?? short;
          return { label, group: { id: own?.variable ?? key, label: own?.variable ?? label } };
        },
      },
    );
  } catch (error) {
    if (error instanceof ChartsMissingError)
      throw new HardhatPluginError("hardhat-braid", error.message, error);
    throw error;
  }
}
