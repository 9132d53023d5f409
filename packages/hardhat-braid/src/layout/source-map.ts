// solc's source maps: which piece of source each opcode comes from.

/** A piece of a source: its first byte, its length in bytes, its file's number in the build. */
export interface CodePlace {
  start: number;
  length: number;
  file: number;
}

const PUSH1 = 0x60;
const PUSH32 = 0x7f;

export class SourceMap {
  readonly #text: string;
  readonly #code: Uint8Array;
  #places: (CodePlace | undefined)[] | undefined;

  /** @param text `start:length:file:jump:depth;…`, one for each opcode; what is left out is as before. */
  constructor(text: string, code: Uint8Array) {
    this.#text = text;
    this.#code = code;
  }

  /** The place of the opcode at `pc`; undefined for code that comes from no source. */
  at(pc: number): CodePlace | undefined {
    this.#places ??= this.#read();
    return this.#places[pc];
  }

  #read(): (CodePlace | undefined)[] {
    const places: (CodePlace | undefined)[] = [];
    let [start, length, file] = [0, 0, -1];
    let pc = 0;
    for (const entry of this.#text.split(";")) {
      if (pc >= this.#code.length) break;
      const [s, l, f] = entry.split(":");
      if (s) start = Number(s);
      if (l) length = Number(l);
      if (f) file = Number(f);
      places[pc] = file < 0 ? undefined : { start, length, file };
      const opcode = this.#code[pc] as number;
      pc += opcode >= PUSH1 && opcode <= PUSH32 ? opcode - PUSH1 + 2 : 1;
    }
    return places;
  }
}
