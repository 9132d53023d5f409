// Arithmetic for scenario files: whole numbers, names, + - * / %, and parentheses.

import { HardhatPluginError } from "hardhat/plugins";

type Token = bigint | string;

/** The value of an expression. Throws HardhatPluginError. PERF: it is read each time. */
export function evaluate(text: string, names: Readonly<Record<string, unknown>>): unknown {
  const expression = new Expression(text, names);
  return expression.value();
}

class Expression {
  readonly #text: string;
  readonly #names: Readonly<Record<string, unknown>>;
  readonly #tokens: Token[];

  constructor(text: string, names: Readonly<Record<string, unknown>>) {
    this.#text = text;
    this.#names = names;
    const parts = text.match(/\d[\d_]*|[A-Za-z]\w*|\S/g) ?? [];
    this.#tokens = parts.map((part) => (/^\d/.test(part) ? BigInt(part.replaceAll("_", "")) : part));
  }

  value(): unknown {
    const [only, ...rest] = this.#tokens;
    // A name by itself may be of any type: an address, a list.
    if (typeof only === "string" && rest.length === 0) return this.#named(only);
    const value = this.#sum();
    if (this.#tokens.length > 0) this.#refuse();
    return value;
  }

  #sum(): bigint {
    let value = this.#product();
    for (;;) {
      if (this.#take("+")) value += this.#product();
      else if (this.#take("-")) value -= this.#product();
      else return value;
    }
  }

  #product(): bigint {
    let value = this.#operand();
    for (;;) {
      if (this.#take("*")) value *= this.#operand();
      else if (this.#take("/")) value /= this.#divisor();
      else if (this.#take("%")) value %= this.#divisor();
      else return value;
    }
  }

  #divisor(): bigint {
    const value = this.#operand();
    return value === 0n ? this.#refuse() : value;
  }

  #operand(): bigint {
    const token = this.#tokens.shift();
    if (typeof token === "bigint") return token;
    if (token === "(") {
      const value = this.#sum();
      return this.#take(")") ? value : this.#refuse();
    }
    const value = this.#named(token ?? "");
    return typeof value === "bigint" ? value : this.#refuse();
  }

  #take(sign: string): boolean {
    if (this.#tokens[0] !== sign) return false;
    this.#tokens.shift();
    return true;
  }

  #named(name: string): unknown {
    return Object.hasOwn(this.#names, name) ? this.#names[name] : this.#refuse();
  }

  #refuse(): never {
    const names = Object.keys(this.#names).join(", ");
    throw new HardhatPluginError(
      "hardhat-braid",
      `The scenario's "${this.#text}" cannot be worked out: there are whole numbers, ${names}, + - * / % and parentheses.`,
    );
  }
}
