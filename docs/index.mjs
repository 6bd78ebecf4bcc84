// Writes docs/diagnostics/README.md from the pages beside it: `node docs/index.mjs`.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const FAMILIES = {
  1: "The form of a text", 2: "Names", 3: "Params and overrides", 4: "Values and calls",
  5: "Axes and sizes", 6: "Slots", 7: "Training and exports", 8: "What cannot be compiled",
};
const folder = new URL("diagnostics/", import.meta.url);
const pages = readdirSync(folder).filter((f) => /^G\d{4}-.*\.md$/.test(f)).sort();
const lines = [
  "# Diagnostics",
  "",
  "Every message of the compiler has a code that never changes its meaning, and a page. A message shows the place in the spec,",
  "where the values in it came from, and a hint that would fix it. `ganc check SPEC` gives all of them in one run; `--json` prints",
  "them for tools. Errors stop a compilation, warnings and notes do not.",
];
let family = "";
for (const page of pages) {
  if (page[2] !== family) {
    family = page[2];
    lines.push("", `## G0${family}xx: ${FAMILIES[family]}`, "", "| code | name | |", "|---|---|---|");
  }
  const text = readFileSync(new URL(page, folder), "utf8");
  const [first] = text.split("\n\n")[1].split(/(?<=\.)\s/);
  lines.push(`| [${page.slice(0, 5)}](${page}) | ${page.slice(6, -3)} | ${first.replaceAll("|", "\\|")} |`);
}
writeFileSync(new URL("README.md", folder), `${lines.join("\n")}\n`);
