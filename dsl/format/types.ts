// Layout of types and parameters.
import type { Parameter, TypeExpr } from "../tree";
import { brackets, type Item } from "./brackets";
import type { Context } from "./context";
import { brokenGroup, type Doc, group, hardline, ifBroken, indent, line, softline } from "./doc";
import { axes, expression } from "./expressions";

export function type(cx: Context, t: TypeExpr): Doc {
  switch (t.kind) {
    case "axes":
      return axes(cx, t.entries, t.span.end);
    case "record":
      return brackets(
        cx,
        "{ ",
        " }",
        t.fields.map(({ name, type: its }): Item => {
          return { start: name.span.start, end: its.span.end, build: () => [name.text, ": ", type(cx, its)] };
        }),
        t.span.end,
      );
    case "named": {
      const dims = t.dims?.map((dim): Item => ({ ...dim.span, build: () => expression(cx, dim) }));
      const offers = t.offers?.map((name): Item => ({ ...name.span, build: () => name.text }));
      const dimsEnd = t.offers?.[0]?.span.start ?? t.span.end;
      return [
        t.name.text,
        dims ? brackets(cx, "[", "]", dims, Math.min(dimsEnd, t.span.end)) : "",
        offers ? brackets(cx, "(", ")", offers, t.span.end) : "",
      ];
    }
  }
}

function parameter(cx: Context, p: Parameter): Doc {
  const its = p.type;
  const value = p.default;
  return [p.name.text, its ? [": ", type(cx, its)] : "", value ? [" = ", expression(cx, value)] : ""];
}

/** `(x: image[C, H, W], eps = 1e-5; gamma: vector[C])`, behind a name that ends at `start`. */
export function signature(
  cx: Context,
  parameters: readonly Parameter[],
  styles: readonly Parameter[],
  start: number,
): Doc {
  const all = [...parameters, ...styles];
  const [first] = all;
  if (!first) return "()";
  const end = cx.behind(")", all.at(-1)?.span.end ?? start);
  const starts = [cx.text.lastIndexOf("(", first.span.start), ...all.map((p) => p.span.end)];
  const apart = all.some((p, i) => cx.hasNewline(starts[i] ?? 0, p.span.start));
  const comment = cx.afterOpening(first.span.start);
  const inner = all.map((p, i): Doc => {
    const before: Doc = i === 0 ? "" : [i === parameters.length ? ";" : ",", line];
    return [before, cx.anchor(p.span, () => parameter(cx, p))];
  });
  const last = cx.before(end).map((each): Doc => [hardline, each.text]);
  const onlyStyles = parameters.length === 0 ? "; " : "";
  const doc: Doc = ["(", onlyStyles, comment, indent(softline, inner, ifBroken(","), last), softline, ")"];
  return apart ? brokenGroup(doc) : group(doc);
}
