// `braid replay --out` without a queue: the rows of the table, written when all blocks are done.
import type { ResultFile, RowCollector } from "@braid/queue";
import type { ReplayEvent } from "@braid/replay";

/** The blocks of a replay that was interrupted are in the file too. */
export class ResultsOfReplay {
  readonly #file: ResultFile;
  readonly #rows: RowCollector;

  private constructor(file: ResultFile, rows: RowCollector) {
    this.#file = file;
    this.#rows = rows;
  }

  /** Throws QueueError when nothing could be written in the end. */
  static async create(path: string, version: string): Promise<ResultsOfReplay> {
    const { ResultFile, RowCollector } = await import("@braid/queue");
    return new ResultsOfReplay(
      await ResultFile.create(path),
      new RowCollector({ run: null, braid: version }),
    );
  }

  add(event: ReplayEvent): void {
    this.#rows.add(event);
  }

  async finish(): Promise<void> {
    await this.#file.add(this.#rows.take());
    await this.#file.finish();
  }
}
