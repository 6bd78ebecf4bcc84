// Leaves out of the kit what a project does not use. A declaration begins in the first column with its keyword, or with the comment
// above it, and ends where the next one begins: the kit's files are written so.
import { kit } from "./kit";
import { type Imported, type Module, parseModule } from "./modules";

/** The kit's declarations that `wanted` names, with all that they use: text by file name (`layers.ts`), in alphabetical order. */
export function shake(wanted: ReadonlySet<string>): Map<string, string> {
  const needed = new Map<string, Set<string>>();
  const need = (module: string, name: string): void => {
    const names = needed.get(module) ?? new Set();
    if (names.has(name)) return;
    needed.set(module, names.add(name));
    for (const used of declarationOf(module, name).uses) follow(module, used);
    // What a file does when it is loaded is part of any use of it.
    if (names.size === 1) for (const d of moduleOf(module).declarations) if (!d.name) for (const used of d.uses) follow(module, used);
  };
  const follow = (module: string, name: string): void => {
    const { declarations, imports } = moduleOf(module);
    const imported = imports.find((i) => i.local === name);
    if (declarations.some((d) => d.name === name)) need(module, name);
    else if (imported?.from.startsWith("./")) need(imported.from.slice(2), imported.name);
  };
  for (const name of wanted) need(kitModuleOf(name), name);
  const files = [...needed].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(files.map(([module, names]) => [`${module}.ts`, write(moduleOf(module), names)]));
}

/** The module of the kit that exports this name. */
export function kitModuleOf(name: string): string {
  const found = Object.keys(kit).find((module) => moduleOf(module).declarations.some((d) => d.name === name && d.exported));
  if (found === undefined) throw new Error(`defect: the kit has no ${name}`);
  return found;
}

/** What an exported name of the kit stands for. */
export const kitKindOf = (name: string): "type" | "class" | "value" => declarationOf(kitModuleOf(name), name).kind;

/** Every name that the kit exports. */
export const kitNames = (): string[] => Object.keys(kit).flatMap((m) => moduleOf(m).declarations.flatMap((d) => (d.exported && d.name ? [d.name] : [])));

function moduleOf(name: string): Module {
  const text = kit[name];
  if (text === undefined) throw new Error(`defect: the kit has no module ${name}`);
  return parseModule(text);
}

function declarationOf(module: string, name: string): Module["declarations"][number] {
  const found = moduleOf(module).declarations.find((d) => d.name === name);
  if (!found) throw new Error(`defect: the kit's ${module} declares no ${name}`);
  return found;
}

function write(module: Module, names: ReadonlySet<string>): string {
  const kept = module.declarations.filter((d) => d.name === undefined || names.has(d.name));
  const used = new Set(kept.flatMap((d) => [...d.uses]));
  const lines = importLines(module.imports.filter((i) => used.has(i.local)));
  return [module.header, ...lines, ...(lines.length > 0 ? [""] : []), ...kept.map((d) => d.text)].join("\n").trimEnd() + "\n";
}

function importLines(imports: readonly Imported[]): string[] {
  const modules = [...new Set(imports.map((i) => i.from))];
  return modules.flatMap((from) => {
    const own = imports.filter((i) => i.from === from);
    const path = from.startsWith("./") ? `${from}.js` : from;
    const whole = own.filter((i) => i.form !== "named").map((i) => `import ${i.type ? "type " : ""}${i.form === "namespace" ? "* as " : ""}${i.local} from "${path}";`);
    const named = own.filter((i) => i.form === "named");
    const types = named.every((i) => i.type);
    const list = named.map((i) => `${i.type && !types ? "type " : ""}${i.name === i.local ? i.name : `${i.name} as ${i.local}`}`);
    return [...whole, ...(named.length > 0 ? [`import ${types ? "type " : ""}{ ${list.join(", ")} } from "${path}";`] : [])];
  });
}
