// Names in scope while a body is written, innermost first; a module's own names come last.
import type { Env } from "../../../compiler/trace/env";
import type { TextValue } from "./values";

export class Names {
  private readonly own = new Map<string, TextValue>();
  /** @param home where names are looked up that no scope has: the module that the text stands in */
  constructor(
    readonly outer: Names | undefined,
    readonly home: Env,
  ) {}

  set(name: string, value: TextValue): void {
    this.own.set(name, value);
  }

  find(name: string): TextValue | undefined {
    return this.own.get(name) ?? this.outer?.find(name);
  }

  /** Gives the name a new value in the scope that has it. */
  replace(name: string, value: TextValue): void {
    if (this.own.has(name) || !this.outer) this.own.set(name, value);
    else this.outer.replace(name, value);
  }

  inner(): Names {
    return new Names(this, this.home);
  }
}

/** `DA[0]!` for the net `DA.0`. */
export function textOfNet(name: string, nets: ReadonlyMap<string, unknown>): string {
  const [list, index] = name.split(".");
  return index === undefined || !nets.has(name) ? name : `${list}[${index}]!`;
}
