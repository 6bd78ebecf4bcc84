// Graphs of earlier trainings. The same spec with the same settings, compiled by the same ganc, gives the same bytes; so a training that begins
// again (other data, another seed, --resume) need not wait for the compiler. Nothing depends on what lies here: a file that is missing,
// damaged or of other sources is passed over, and one that cannot be written is not missed.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import type { Source } from "../compiler/compile";
import type { Lowerings } from "../compiler/lowering";
import type { Program } from "../compiler/program";
import type { Diagnostic } from "../dsl/diagnostic";
import { temporarySuffix, writeAtomic } from "../runtime/files/atomic";
import type { ModelFile } from "../runtime/train/start";

/** All that decides what a spec becomes, but for what it imports. */
export interface Wanted {
  readonly source: Source;
  readonly set: readonly string[];
  readonly variants: readonly string[];
  readonly memory?: number;
  readonly lowerings?: Lowerings;
}

/** What a training needs of a compiled spec, as plain data. */
export interface Prepared {
  readonly program: Program;
  readonly source: Source;
  /** Texts of the spec's own imports, by path. */
  readonly imports: Readonly<Record<string, string>>;
  readonly firstExport: string;
  /** Warnings and notes: they are told each time. */
  readonly diagnostics: readonly Diagnostic[];
  /** Texts of the files that they speak of. */
  readonly texts: Readonly<Record<string, string>>;
}

export interface Kept {
  readonly prepared: Prepared;
  readonly models: readonly ModelFile[];
}

const MAGIC = "gancgrf2";
const ENDING = ".graphs";
const DIGEST = 32;
/** Some megabytes each. */
const MOST = 24;
/** Milliseconds after which a half-written file is nobody's. */
const STALE = 3_600_000;

const digest = (...parts: readonly (string | Uint8Array)[]): Buffer => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

export class GraphCache {
  readonly #folder: string;
  readonly #ganc: string;

  /** @param ganc what distinguishes this compiler from any other: its own bytes */
  constructor(folder: string, ganc: Uint8Array) {
    this.#folder = folder;
    this.#ganc = digest(ganc).toString("hex");
  }

  /**
   * That of this user: `GANC_CACHE`, a folder, or `off`; else below `XDG_CACHE_HOME`, or `.cache` at home. Undefined where there is none, or where the
   * compiler is not the bundle whose bytes say what it does.
   */
  static ofUser(bundle: URL, env: NodeJS.ProcessEnv = process.env): GraphCache | undefined {
    const said = env["GANC_CACHE"];
    if (said === "off") return undefined;
    try {
      return new GraphCache(said || join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "ganc"), readFileSync(bundle));
    } catch {
      return undefined;
    }
  }

  #fileOf(wanted: Wanted): string {
    // Another version of V8 may round a constant's logarithm in another way.
    return join(this.#folder, digest(JSON.stringify([this.#ganc, process.versions.v8, wanted])).toString("hex").slice(0, 40) + ENDING);
  }

  /** @param read the files that a spec imports, as they are now */
  find(wanted: Wanted, read: (path: string) => string | undefined): Kept | undefined {
    const file = this.#fileOf(wanted);
    try {
      const bytes = readFileSync(file);
      const body = bytes.subarray(0, -DIGEST);
      if (!digest(body).equals(bytes.subarray(-DIGEST)) || body.toString("latin1", 0, MAGIC.length) !== MAGIC) return undefined;
      const start = MAGIC.length + 4 + body.readUInt32LE(MAGIC.length);
      const { prepared, sizes } = deserialize(body.subarray(MAGIC.length + 4, start)) as { prepared: Prepared; sizes: readonly (readonly [string, number])[] };
      if (prepared.source.text !== wanted.source.text || Object.entries(prepared.imports).some(([path, text]) => read(path) !== text)) return undefined;
      let at = start;
      const models = sizes.map(([name, size]) => [name, new Uint8Array(body.subarray(at, (at += size)))] as const);
      const now = new Date();
      utimesSync(file, now, now); // the last used are kept
      return { prepared, models };
    } catch {
      return undefined;
    }
  }

  /** Never rejects: who trains does not need it. */
  async keep(wanted: Wanted, { prepared, models }: Kept): Promise<void> {
    const header = serialize({ prepared, sizes: models.map(([name, { length }]) => [name, length]) }); // JSON has no −0
    const length = Buffer.alloc(4);
    length.writeUInt32LE(header.length);
    const parts = [Buffer.from(MAGIC, "latin1"), length, header, ...models.map(([, bytes]) => bytes)];
    try {
      mkdirSync(this.#folder, { recursive: true });
      await writeAtomic(this.#fileOf(wanted), [...parts, digest(...parts)]);
      this.#clear();
    } catch {
      // A full disk, a folder that is not ours: the next training compiles again.
    }
  }

  #clear(): void {
    const ours = readdirSync(this.#folder).filter((name) => name.includes(ENDING));
    const ending = (end: string): { path: string; used: number }[] =>
      ours.filter((name) => name.endsWith(end)).map((name) => join(this.#folder, name)).map((path) => ({ path, used: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }));
    const kept = ending(ENDING).sort((x, y) => y.used - x.used);
    const left = ending(temporarySuffix).filter(({ used }) => Date.now() - used > STALE);
    for (const { path } of [...kept.slice(MOST), ...left]) rmSync(path, { force: true });
  }
}
