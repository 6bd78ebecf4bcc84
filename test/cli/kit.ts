import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import sharp from "sharp";

export interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** The built command, as a person runs it. `npm test` builds it first. */
export const ganc = (...args: string[]): Ran => gancWith({}, ...args);

export const gancWith = (env: NodeJS.ProcessEnv, ...args: string[]): Ran => gancIn(".", env, ...args);

/** In a folder: paths are taken from there. */
export function gancIn(cwd: string, env: NodeJS.ProcessEnv, ...args: string[]): Ran {
  const made = spawnSync(process.execPath, [resolve("dist/cli.js"), ...args], { cwd, encoding: "utf8", env: { ...process.env, NO_COLOR: "1", GANC_CACHE: "off", ...env }, maxBuffer: 1 << 26 });
  return { status: made.status, out: made.stdout, err: made.stderr };
}

export const folder = (): string => mkdtempSync(join(tmpdir(), "ganc-cli-"));

/** Small pictures of plain colours and stripes, so that two runs can learn something without a download. */
export async function pictures(dir: string, split: string, count: number, size: number, ending = "png"): Promise<void> {
  mkdirSync(join(dir, split), { recursive: true });
  for (let i = 0; i < count; i++) {
    const data = Buffer.alloc(size * size * 3);
    for (let p = 0; p < size * size; p++) {
      data[p * 3] = (i * 40 + p) % 256;
      data[p * 3 + 1] = split.endsWith("A") ? 200 : 30;
      data[p * 3 + 2] = Math.floor(p / size) % 2 === 0 ? 255 : 0;
    }
    const picture = sharp(data, { raw: { width: size, height: size, channels: 3 } });
    await (ending === "png" ? picture.png() : picture.jpeg()).toFile(join(dir, split, `p${i}.${ending}`));
  }
}

export async function dataFolder(): Promise<string> {
  const dir = folder();
  for (const split of ["trainA", "trainB"]) await pictures(dir, split, 5, 40);
  for (const split of ["testA", "testB"]) await pictures(dir, split, 2, 40);
  return dir;
}

/** U-GAT-IT as small as it gets: fractions of a second a step. */
export const TINY: readonly string[] = ["size=32", "load_size=36", "ch=4", "blocks=1", "global_depth=5", "local_depth=4"].flatMap((s) => ["--set", s]);
export const SPEC = "specs/ugatit.gan";
