import type { Expr } from "../../dsl/tree";
import type { Value } from "./values";

export interface Binding {
  readonly value: Value;
  /** How the value was written, with what its names meant there: `explain` writes losses out with it. */
  readonly source?: { readonly expr: Expr; readonly env: Env };
}

/** Names in scope, innermost first. */
export class Env {
  private readonly names = new Map<string, Binding>();
  constructor(readonly outer?: Env) {}

  set(name: string, value: Value, source?: Binding["source"]): void {
    this.names.set(name, source ? { value, source } : { value });
  }

  find(name: string): Binding | undefined {
    return this.names.get(name) ?? this.outer?.find(name);
  }

  owns(name: string): boolean {
    return this.names.has(name);
  }

  /** Every name in scope: what "did you mean" chooses from. */
  all(): string[] {
    return [...[...this.names.keys()].filter((n) => !n.includes(" ")), ...(this.outer?.all() ?? [])];
  }
}
