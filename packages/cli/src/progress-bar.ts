// One line at the bottom of a terminal that shows how far a replay is. Draws nothing when the stream is no terminal.

/** Redrawing more often than this is not seen and costs time on the thread that also commits transactions. */
const REDRAW_MS = 50;
const BAR_WIDTH = 24;

/** A bar that is drawn over itself; other lines go through `print`, so that they do not run into it. */
export class ProgressBar {
  readonly #stream: NodeJS.WriteStream;
  readonly #enabled: boolean;
  #drawnAt = 0;
  #visible = false;

  constructor(stream: NodeJS.WriteStream, enabled: boolean) {
    this.#stream = stream;
    this.#enabled = enabled && stream.isTTY === true;
  }

  /** Shows `fraction` (0 to 1) of the work as done, with a text behind the bar. */
  update(fraction: number, text: string): void {
    const now = performance.now();
    if (!this.#enabled || now - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = now;
    const done = Math.round(Math.min(Math.max(fraction, 0), 1) * BAR_WIDTH);
    const line = `[${"=".repeat(done)}${" ".repeat(BAR_WIDTH - done)}] ${text}`;
    // A line longer than the terminal would wrap, and then not be drawn over. Some terminals claim to have 0 columns.
    this.#stream.write(`\r\u001b[K${line.slice(0, (this.#stream.columns || 80) - 1)}`);
    this.#visible = true;
  }

  /** Prints a line above the bar. */
  print(line: string): void {
    this.clear();
    this.#stream.write(`${line}\n`);
  }

  /** Takes the bar away. */
  clear(): void {
    if (this.#visible) this.#stream.write("\r\u001b[K");
    this.#visible = false;
    this.#drawnAt = 0;
  }
}
