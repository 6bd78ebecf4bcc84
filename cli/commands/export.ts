import { dirname } from "node:path";
import { makeFolder } from "../../runtime/checkpoint/store";
import { pairsOf } from "../../runtime/import/naming";
import { publish } from "../../runtime/import/publish";
import { countOf } from "../../runtime/import/tensor";
import { loadLayout } from "../layouts";
import { UsageError } from "../options";
import { print, short } from "../table";
import { openRun } from "../weights";

export interface ExportFlags {
  readonly layout: string;
  readonly out: string;
  readonly json?: boolean;
}

export async function exportCommand(from: string, flags: ExportFlags): Promise<void> {
  if (!flags.out.endsWith(".safetensors")) throw new UsageError(`--out takes a file that ends in .safetensors, not ${flags.out}`);
  const layout = loadLayout(flags.layout);
  const run = openRun(from);
  try {
    const pairs = pairsOf(layout, run.program);
    const numbers = pairs.reduce((n, p) => n + countOf(p.shape), 0);
    makeFolder(dirname(flags.out));
    // "format": PyTorch's loaders look for it.
    await publish(flags.out, run.file.path, (name) => run.file.place(name), pairs, { format: "pt", made_by: "ganc export", spec: run.program.spec, step: String(run.step), layout: layout.path });
    const nets = new Set(pairs.map((p) => p.net));
    if (flags.json) return print(JSON.stringify({ file: flags.out, tensors: pairs.length, numbers, networks: [...nets], step: run.step }));
    print(`${flags.out}: ${pairs.length} tensors of ${nets.size} networks (${[...nets].join(", ")}), ${short(numbers)} numbers, step ${run.step}`);
    print("load it with safetensors.torch.load_file; docs/layouts.md shows how");
  } finally {
    run.close();
  }
}
