import type { Expr } from "../../dsl/tree";

/** Names that an expression mentions: enough to order params by need, and to know what an expression depends on. */
export function namesIn(e: Expr): string[] {
  const found: string[] = [];
  const visit = (v: unknown): void => {
    if (Array.isArray(v)) v.forEach(visit);
    else if (typeof v === "object" && v !== null) {
      const node = v as { kind?: string; name?: unknown };
      if (node.kind === "name" && typeof node.name === "string") found.push(node.name);
      Object.values(v).forEach(visit);
    }
  };
  visit(e);
  return found;
}
