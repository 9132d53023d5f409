// A vitest reporter that writes the run's outcome to the file named by BRAID_TEST_OUTCOME, for scripts/test.ts to count.

import { writeFileSync } from "node:fs";
import type { Reporter, SerializedError, TestModule } from "vitest/node";
import type { FileOutcome } from "./test-summary.ts";

export default class OutcomeReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const outcomePath = process.env.BRAID_TEST_OUTCOME;
    if (outcomePath === undefined) return;
    const files: FileOutcome[] = modules.map((module) => ({
      file: module.relativeModuleId,
      broken: module.state() === "failed",
      tests: Array.from(module.children.allTests(), (test) => {
        const result = test.result();
        const note = result.state === "skipped" ? result.note : undefined;
        const path = [test.name];
        for (let parent = test.parent; parent.type === "suite"; parent = parent.parent)
          path.unshift(parent.name);
        return { state: result.state, path, note };
      }),
    }));
    // An error between the tests, such as a rejection that nobody awaited, belongs to no file.
    if (unhandledErrors.length > 0) files.push({ file: "(unhandled errors)", broken: true, tests: [] });
    writeFileSync(outcomePath, JSON.stringify(files));
  }
}
