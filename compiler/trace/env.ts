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
  /** @param ofStep names of the train block: what they hold belongs to the training step's graph */
  constructor(
    readonly outer?: Env,
    readonly ofStep = false,
  ) {}

  set(name: string, value: Value, source?: Binding["source"]): void {
    this.names.set(name, source ? { value, source } : { value });
  }

  find(name: string): Binding | undefined {
    return this.names.get(name) ?? this.outer?.find(name);
  }

  /** True where the name comes from the train block. */
  isOfStep(name: string): boolean {
    return this.names.has(name) ? this.ofStep : (this.outer?.isOfStep(name) ?? false);
  }

  /** True where the name comes from the outermost scope, which every module has. */
  isOutermost(name: string): boolean {
    return this.names.has(name) ? this.outer === undefined : (this.outer?.isOutermost(name) ?? false);
  }

  owns(name: string): boolean {
    return this.names.has(name);
  }

  /** Every name in scope: what "did you mean" chooses from. */
  all(): string[] {
    return [...[...this.names.keys()].filter((n) => !n.includes(" ")), ...(this.outer?.all() ?? [])];
  }
}
