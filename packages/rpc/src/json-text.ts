// Looks at JSON text before it is parsed: how deep it nests, and where one of several values that follow each other ends.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

function opens(char: number): boolean {
  return char === 0x5b || char === 0x7b;
}

function closes(char: number): boolean {
  return char === 0x5d || char === 0x7d;
}

/** Does the text nest deeper than `limit` brackets? Methods may recurse into what they get. */
export function nestsDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === QUOTE) i = endOfString(text, i);
    else if (opens(char)) {
      if (++depth > limit) return true;
    } else if (closes(char)) depth--;
  }
  return false;
}

/** The index of the quote that ends the string which begins at `start`; the text's length when there is none. PERF: a string may have megabytes. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    // They stand for themselves two by two; one that is left over stands for the quote.
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

/** Cuts a stream of JSON arrays and objects, with anything that is no bracket between them, into one text each. */
export class JsonSplitter {
  #text = "";
  #at = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** Bytes (UTF-16 units) of a value that has begun and not ended. */
  get pending(): number {
    return this.#text.length;
  }

  /** Takes the next piece of the stream; gives the values that it completes. */
  push(piece: string): string[] {
    this.#text += piece;
    const values: string[] = [];
    let begin = 0;
    for (; this.#at < this.#text.length; this.#at++) {
      const char = this.#text.charCodeAt(this.#at);
      if (this.#inString) this.#passString(char);
      else if (this.#depth > 0 && char === QUOTE) this.#inString = true;
      else if (opens(char)) {
        if (this.#depth++ === 0) begin = this.#at;
      } else if (closes(char) && this.#depth > 0 && --this.#depth === 0) {
        values.push(this.#text.slice(begin, this.#at + 1));
        begin = this.#at + 1;
      } else if (this.#depth === 0) begin = this.#at + 1;
    }
    this.#text = this.#text.slice(begin);
    this.#at -= begin;
    return values;
  }

  #passString(char: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (char === BACKSLASH) this.#escaped = true;
    else if (char === QUOTE) this.#inString = false;
  }
}
