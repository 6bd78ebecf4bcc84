// The demo's overrides as options, from the one place that has them.
import { readFileSync } from "node:fs";

const list = /DEMO_SET[^=]*= \[([^\]]*)\]/.exec(readFileSync(new URL("../cli/commands/demo.ts", import.meta.url), "utf8"))[1];
process.stdout.write(list.split(",").map((s) => s.trim().replaceAll('"', "")).filter(Boolean).map((s) => `--set ${s}`).join(" "));
