import { linkPackages } from "../../runtime/tfjs/link/link";
import { fullName } from "../../runtime/tfjs/packages";
import { print } from "../table";

export interface LinkFlags {
  readonly tensorflow?: string;
  readonly package?: string;
  readonly json?: boolean;
}

export async function linkCommand(options: LinkFlags): Promise<void> {
  const { json = false, ...rest } = options;
  const { tensorflow, compiler, packages } = await linkPackages({ ...rest, onProgress: (line) => process.stderr.write(`${line}\n`) });
  if (json) return print(JSON.stringify({ tensorflow, compiler, packages }));
  for (const { name, version, tensorflow: linked, gpu, folder } of packages) {
    print(`${fullName(name)} ${version} now runs on TensorFlow ${linked}, on the ${gpu ? "GPU" : "processor"}: ${folder}`);
  }
  print("A convolution and its gradient came out as by hand. Link again if TensorFlow's folder moves or the package is installed anew.");
}
