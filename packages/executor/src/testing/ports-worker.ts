// For tests: a worker whose tasks close the port that they came with, and tell what their thread has not freed yet.

import type { MessagePort } from "node:worker_threads";
import { serveTasks } from "../pool/thread-side.ts";

interface PortTask {
  port: MessagePort;
}

export default serveTasks<PortTask, object, number>({
  limit: 1,
  make: () => ({}),
  run: async (_kept, { port }) => {
    port.on("message", () => {});
    port.close();
    return process.getActiveResourcesInfo().length;
  },
});
