// Names as a checker sees them: scopes without values, types, and what a broken text may have lost.
import type { Diagnostic } from "../../dsl/diagnostic";
import { SLOT_KINDS } from "../trace/parameters";
import { isKind } from "../trace/values";
import type { Module } from "./modules";

/** Names known at a place: static scopes, no values. */
export class Names {
  private readonly own = new Set<string>();
  constructor(private readonly outer?: Names) {}
  /** Known from a body or the train block, not from the module. */
  isLocal(name: string): boolean {
    return this.outer !== undefined && (this.own.has(name) || this.outer.isLocal(name));
  }
  add(name: string): void {
    this.own.add(name);
  }
  has(name: string): boolean {
    return this.own.has(name) || (this.outer?.has(name) ?? false);
  }
  all(): string[] {
    return [...this.own, ...(this.outer?.all() ?? [])];
  }
}

/** Where the form of a text is wrong, a name that it does make somewhere may have been lost with what could not be read. */
export function lost(d: Diagnostic, text: string): boolean {
  const name = d.span ? text.slice(d.span.start, d.span.end) : "";
  return new RegExp(`\\b(let|learn|state|sample|data|net|param|block|network|norm|head|loss|reparam|init|for|as|import|,|\\()[^\\n]*\\b${name.replace(/\W/g, "")}\\b`).test(text);
}

const TYPES = ["int", "float", "bool", "word", "list", "image", "vector", "weight", "scalar"];

/** What stands for a type here: the language's own, the kinds of slots, and networks (whose instances can be handed over). */
export function typeNames(module: Module): Set<string> {
  const networks = module.env.all().filter((n) => {
    const v = module.env.find(n)!.value;
    return isKind(v, "function") && (v.decl.keyword === "network" || v.decl.keyword === "block");
  });
  const poisoned = module.env.all().filter((n) => isKind(module.env.find(n)!.value, "poison"));
  return new Set([...TYPES, ...Object.keys(SLOT_KINDS), ...networks, ...poisoned]);
}
