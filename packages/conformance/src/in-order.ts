// Puts reports that come from several workers into the order of the files and of the cases in them.

import type { CaseReport } from "./reports.ts";

interface FileState {
  /** By case, until they are told. */
  reports: Map<number, CaseReport>;
  /** The case that is told next. */
  next: number;
  partsLeft: number;
}

/** Tells each report as soon as all before it are told. */
export class InOrder {
  readonly #files: FileState[];
  readonly #tell: (report: CaseReport, file: number) => void;
  #front = 0;

  /** `parts`: of each file, how many parts have to be finished before the next file's turn comes. */
  constructor(parts: readonly number[], tell: (report: CaseReport, file: number) => void) {
    this.#files = parts.map((partsLeft) => ({ reports: new Map(), next: 0, partsLeft }));
    this.#tell = tell;
  }

  add(file: number, number: number, report: CaseReport): void {
    this.#file(file).reports.set(number, report);
    this.#drain();
  }

  /** A part of the file is finished; of cases that have no report none will come. */
  finishPart(file: number): void {
    this.#file(file).partsLeft--;
    this.#drain();
  }

  /** Tells what is left although something before it is missing: for a run that is ended early. */
  flush(): void {
    for (; this.#front < this.#files.length; this.#front++) this.#tellRest(this.#front);
  }

  #drain(): void {
    for (; this.#front < this.#files.length; this.#front++) {
      const state = this.#file(this.#front);
      for (let report = state.reports.get(state.next); report !== undefined; ) {
        state.reports.delete(state.next++);
        this.#tell(report, this.#front);
        report = state.reports.get(state.next);
      }
      if (state.partsLeft > 0) return;
      this.#tellRest(this.#front);
    }
  }

  #tellRest(file: number): void {
    const { reports } = this.#file(file);
    for (const [, report] of [...reports].sort(([left], [right]) => left - right)) this.#tell(report, file);
    reports.clear();
  }

  #file(number: number): FileState {
    return this.#files[number] as FileState; // numbers are those of the constructor's list
  }
}
