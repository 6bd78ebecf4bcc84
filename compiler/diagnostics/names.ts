import { rule } from "../../dsl/diagnostic";

/** "did you mean" as a hint, or what there is to choose from when nothing is near. */
export interface Near {
  readonly near?: string | undefined;
  readonly known?: readonly string[];
}
const suggest = (v: Near): string | undefined =>
  v.near ? `did you mean \`${v.near}\`?` : v.known && v.known.length > 0 ? `there is: ${v.known.join(", ")}` : undefined;

export const names = {
  unknownName: rule<{ name: string; what?: string } & Near>(
    "G0201", "unknown-name", "error",
    (v) => `${v.what ?? "nothing"} is called \`${v.name}\` here`, suggest),
  unknownArgument: rule<{ name: string; callee: string } & Near>(
    "G0202", "unknown-argument", "error", (v) => `${v.callee} has no parameter \`${v.name}\``, suggest),
  unknownField: rule<{ name: string; of: string } & Near>(
    "G0203", "unknown-field", "error", (v) => `${v.of} has no field \`${v.name}\``, suggest),
  unknownModule: rule<{ path: string } & Near>(
    "G0204", "unknown-module", "error", (v) => `there is no module "${v.path}"`,
    (v) => suggest(v) ?? "the standard library's modules begin with std/, your own files with ./ and end in .gan"),
  notExported: rule<{ name: string; path: string } & Near>(
    "G0205", "not-in-module", "error", (v) => `"${v.path}" declares no \`${v.name}\``, suggest),
  duplicateName: rule<{ name: string; what: string }>(
    "G0206", "duplicate-name", "error", (v) => `${v.what} \`${v.name}\` is declared twice`,
    () => "rename one of them, or drop it"),
  recursion: rule<{ chain: string }>(
    "G0207", "recursion", "error", (v) => `a declaration may not use itself: ${v.chain}`,
    () => "write the depth as a param and use repeat(n) { ... }"),
  unknownOverride: rule<{ path: string; from: string } & Near>(
    "G0208", "unknown-override", "error", (v) => `${v.from} sets \`${v.path}\`, but the spec has no such param`, suggest),
  unknownVariant: rule<{ name: string } & Near>(
    "G0209", "unknown-variant", "error", (v) => `the spec has no variant \`${v.name}\``, suggest),
  importCycle: rule<{ chain: string }>(
    "G0210", "import-cycle", "error", (v) => `files import each other in a circle: ${v.chain}`,
    () => "move what both need into a third file"),
  unknownExport: rule<{ name: string } & Near>(
    "G0211", "unknown-export", "error", (v) => `the spec has no export \`${v.name}\``, suggest),
} as const;
