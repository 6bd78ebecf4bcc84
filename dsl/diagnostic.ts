import type { Span } from "./source";

export type Severity = "error" | "warning" | "note";

/** A further place that explains the first: where a dim came from, where a name was declared. */
export interface Related {
  readonly span?: Span;
  readonly message: string;
}

/** One message to the author of a spec. `code` is stable and names a page in docs/diagnostics/. */
export interface Diagnostic {
  readonly code: string;
  /** The rule's name in the table, also the page's file name: docs/diagnostics/<code>-<name>.md */
  readonly name: string;
  readonly severity: Severity;
  readonly message: string;
  readonly span?: Span;
  readonly hint?: string;
  readonly related: readonly Related[];
}

/** A row of the table of diagnostics: `V` are the values its templates need. */
export interface Rule<V> {
  readonly code: string;
  readonly name: string;
  readonly severity: Severity;
  readonly message: (values: V) => string;
  readonly hint?: (values: V) => string | undefined;
}

export function rule<V>(
  code: string,
  name: string,
  severity: Severity,
  message: (values: V) => string,
  hint?: (values: V) => string | undefined,
): Rule<V> {
  return hint ? { code, name, severity, message, hint } : { code, name, severity, message };
}

export function diagnose<V>(of: Rule<V>, values: V, span?: Span, related: readonly Related[] = []): Diagnostic {
  const hint = of.hint?.(values);
  return {
    code: of.code,
    name: of.name,
    severity: of.severity,
    message: of.message(values),
    related,
    ...(span ? { span } : {}),
    ...(hint ? { hint } : {}),
  };
}
