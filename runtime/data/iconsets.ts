import { readFile, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { UserError } from "../files/errors";
import { byCodeUnit } from "./folder";

/** One drawing: what stands inside <svg>, and the box it is drawn in (the set's own where the icon names none). */
export interface Icon {
  readonly body: string;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** An npm package @iconify-json/<name>, read. */
export interface IconSet {
  readonly name: string;
  readonly title: string;
  readonly version: string;
  readonly author: string;
  readonly authorUrl: string;
  readonly license: string;
  readonly spdx: string;
  readonly licenseUrl: string;
  readonly icons: ReadonlyMap<string, Icon>;
  /** Names of its category of flags. */
  readonly flags: ReadonlySet<string>;
  /** Names of its category of bare skin tones. */
  readonly modifiers: ReadonlySet<string>;
}

type Box = Partial<Record<"left" | "top" | "width" | "height", number>>;
interface IconsFile extends Box {
  readonly icons: Record<string, Box & { body: string; hidden?: boolean }>;
}
interface InfoFile {
  readonly name?: string;
  readonly version?: string;
  readonly author?: { name?: string; url?: string };
  readonly license?: { title?: string; spdx?: string; url?: string };
}
interface MetadataFile {
  readonly categories?: Record<string, string[]>;
}

/** Looked for beside ganc first, then where the user stands. */
function requires(): NodeJS.Require[] {
  return [createRequire(import.meta.url), createRequire(join(process.cwd(), "package.json"))];
}

/**
 * Reads an icon set. Throws a UserError for a name that is no set's, for a set that is not installed (it says how to install it and
 * which ones are), and for a damaged one.
 */
export async function readIconSet(name: string): Promise<IconSet> {
  const folder = await find(name);
  const read = async (file: string): Promise<unknown> => {
    try {
      return JSON.parse(await readFile(join(folder, file), "utf8"));
    } catch (e) {
      throw new UserError(
        `${join(folder, file)}: cannot be read`,
        `install it again: npm install @iconify-json/${name}`,
        { cause: e },
      );
    }
  };
  // The three files follow the published types of @iconify/types.
  const set = (await read("icons.json")) as IconsFile;
  const info = (await read("info.json")) as InfoFile;
  const categories = ((await read("metadata.json").catch(() => ({}))) as MetadataFile).categories ?? {};
  const icons = new Map<string, Icon>();
  for (const [icon, own] of Object.entries(set.icons)) {
    if (own.hidden) continue; // withdrawn by the set
    const { body, left = set.left ?? 0, top = set.top ?? 0, width = set.width ?? 16, height = set.height ?? 16 } = own;
    icons.set(icon, { body, left, top, width, height });
  }
  return {
    name,
    title: info.name ?? name,
    version: info.version ?? "",
    author: info.author?.name ?? "unknown",
    authorUrl: info.author?.url ?? "",
    license: info.license?.title ?? "unknown",
    spdx: info.license?.spdx ?? "",
    licenseUrl: info.license?.url ?? "",
    icons,
    flags: new Set(categories["Flags"]),
    modifiers: new Set(categories["Modifiers"]),
  };
}

async function find(name: string): Promise<string> {
  // The name becomes part of a path: nothing but a set's name may pass.
  if (/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) {
    for (const from of requires()) {
      try {
        return dirname(from.resolve(`@iconify-json/${name}/icons.json`));
      } catch {
        // not there: the next place
      }
    }
  }
  const installed = await installedSets();
  throw new UserError(
    `the icon set ${name} is not installed`,
    `npm install @iconify-json/${name}; installed: ${installed.length > 0 ? installed.join(", ") : "none"}`,
  );
}

/** The names of the icon sets that `readIconSet` would find. */
export async function installedSets(): Promise<string[]> {
  const places = requires().flatMap((from) => from.resolve.paths("@iconify-json/x") ?? []);
  const found = new Set<string>();
  for (const place of places)
    for (const set of await readdir(join(place, "@iconify-json")).catch(() => [])) found.add(set);
  return [...found].sort(byCodeUnit);
}

/**
 * The names both sets draw, sorted, without flags (262 near-equal rectangles) and skin tones (five times the same drawing, and the
 * training side would know the held-out ones).
 */
export function commonNames(from: IconSet, to: IconSet): string[] {
  const excluded = (name: string): boolean =>
    [from, to].some((set) => set.flags.has(name) || set.modifiers.has(name)) ||
    name.startsWith("flag-for-") ||
    hasTone(name, from, to);
  return [...from.icons.keys()].filter((name) => to.icons.has(name) && !excluded(name)).sort(byCodeUnit);
}

/** "woman-dancing-medium-dark" is a tone of "woman-dancing"; "police-car-light" is none of "police-car", which has no dark one. */
function hasTone(name: string, ...sets: readonly IconSet[]): boolean {
  const match = /^(.+?)-(?:medium-light|medium-dark|light|medium|dark)(-skin-tone)?$/.exec(name);
  if (!match) return false;
  const [, base, suffix] = match;
  return (
    suffix !== undefined ||
    sets.some((set) => set.icons.has(base!) && set.icons.has(`${base}-medium`) && set.icons.has(`${base}-dark`))
  );
}
