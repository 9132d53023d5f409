// The plugin: a network with the key `braid` is answered by Braid, in this process.

import "./type-extensions.ts";
import { task } from "hardhat/config";
import { definePlugin } from "hardhat/plugins";
import { ArgumentType } from "hardhat/types/arguments";

const parallelism = task(
  "parallelism",
  "Tells which state variables make users wait for each other, by what the project's tests do",
)
  .addVariadicArgument({ name: "testFiles", description: "Test files; default: all", defaultValue: [] })
  .addOption({
    name: "users",
    description: "How many users call each function at the same time",
    type: ArgumentType.INT,
    defaultValue: 200,
  })
  .addOption({
    name: "at",
    description: "The number of cores that the ranking and --min-speedup are for",
    type: ArgumentType.INT,
    defaultValue: 16,
  })
  .addOption({
    name: "minSpeedup",
    description: "Fail when all functions together get less than this many times as fast",
    type: ArgumentType.FLOAT,
    defaultValue: 0,
  })
  .addOption({
    name: "scenario",
    description: "Calls that this file lists, instead of each function by itself",
    type: ArgumentType.STRING_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .addOption({
    name: "json",
    description: "Also write the report to this file",
    type: ArgumentType.FILE_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .addOption({
    name: "html",
    description:
      "Also write a page to this file: timelines, conflicts, all transactions (needs the npm package echarts)",
    type: ArgumentType.FILE_WITHOUT_DEFAULT,
    defaultValue: undefined,
  })
  .addOption({
    name: "baseline",
    description: "An earlier report in the project, to compare with",
    defaultValue: "parallelism.json",
  })
  .addFlag({ name: "save", description: "Make this report the baseline" })
  .setAction(() => import("./parallelism/task.ts"))
  .build();

export type { Scenario, ScenarioBlock, ScenarioCall, ScenarioUser } from "./parallelism/scenario.ts";

const plugin = definePlugin({
  id: "hardhat-braid",
  npmPackage: "hardhat-braid",
  tasks: [parallelism],
  hookHandlers: {
    config: () => import("./hooks/config.ts"),
    network: () => import("./hooks/network.ts"),
  },
});

export default plugin;
