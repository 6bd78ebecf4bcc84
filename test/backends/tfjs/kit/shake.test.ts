// What the shaker gives compiles, holds nothing that is not used, and is the same each time. TypeScript itself is the witness.
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { kitModuleOf, kitNames, shake } from "../../../../backends/tfjs/shake";

const root = process.cwd();

/** Emitted files, by their paths below a folder, as one program of TypeScript: in memory, beside the real node_modules. */
function program(files: ReadonlyMap<string, string>): ts.Program {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, lib: ["lib.es2022.d.ts"], types: ["node"],
    strict: true, noUncheckedIndexedAccess: true, noUnusedLocals: true, noUnusedParameters: true, verbatimModuleSyntax: true, skipLibCheck: true, noEmit: true,
  };
  const host = ts.createCompilerHost(options);
  const own = new Map([...files].map(([name, text]) => [`${root}/emitted/${name}`, text]));
  own.set(`${root}/emitted/package.json`, '{ "type": "module" }');
  const { readFile, fileExists, directoryExists } = host;
  host.directoryExists = (path) => path.startsWith(`${root}/emitted`) || (directoryExists?.(path) ?? true);
  host.fileExists = (path) => own.has(path) || fileExists(path);
  host.readFile = (path) => own.get(path) ?? readFile(path);
  return ts.createProgram([...own.keys()].filter((path) => path.endsWith(".ts")), options, host);
}
const complaints = (made: ts.Program): string[] =>
  ts.getPreEmitDiagnostics(made).map((d) => `${d.file?.fileName.split("/emitted/").at(-1) ?? ""}: ${ts.flattenDiagnosticMessageText(d.messageText, " ")}`);

/** Exported declarations that nothing mentions but themselves, and that nobody asked for. */
function unused(made: ts.Program, folder: string, wanted: string): string[] {
  const checker = made.getTypeChecker();
  const sources = made.getSourceFiles().filter((f) => f.fileName.includes(`/emitted/${folder}/`));
  const declared = new Map<ts.Symbol, ts.Node>();
  for (const file of sources) for (const symbol of checker.getExportsOfModule(checker.getSymbolAtLocation(file)!)) declared.set(symbol, symbol.declarations![0]!);
  const used = new Set<ts.Symbol>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && !ts.isImportSpecifier(node.parent)) {
      let symbol = checker.getSymbolAtLocation(node);
      if (symbol && symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol);
      const own = symbol && declared.get(symbol);
      if (symbol && own && !within(node, own)) used.add(symbol);
    }
    ts.forEachChild(node, visit);
  };
  sources.forEach(visit);
  return [...declared.keys()].filter((symbol) => !used.has(symbol) && symbol.name !== wanted).map((symbol) => symbol.name);
}
const within = (node: ts.Node, outer: ts.Node): boolean => node === outer || (node.parent !== undefined && within(node.parent, outer));

describe("the shaker", () => {
  it("gives what a project uses, for each name that the kit exports", () => {
    const made = program(new Map(kitNames().flatMap((name, i) => [...shake(new Set([name]))].map(([file, text]) => [`${i}/${file}`, text] as const))));
    expect(complaints(made)).toEqual([]);
    // A package is loaded once: who asks for its name loads `tf`, too.
    for (const [i, name] of kitNames().entries()) expect(unused(made, String(i), name).filter((other) => name !== "packageName" || other !== "tf"), name).toEqual([]);
  });

  it("gives the whole kit, the same bytes each time, whatever the order of names", () => {
    const all = shake(new Set(kitNames()));
    expect(complaints(program(all))).toEqual([]);
    expect([...shake(new Set(kitNames().reverse()))]).toEqual([...all]);
  });

  it("says which module exports a name, and refuses one that none has", () => {
    expect(kitModuleOf("conv")).toBe("layers");
    expect(() => kitModuleOf("steps")).toThrow("defect: the kit has no steps");
    expect(() => shake(new Set(["nothing"]))).toThrow("defect");
  });

  it("leaves out what a name does not use", () => {
    const files = shake(new Set(["relu"]));
    expect([...files.keys()]).toEqual(["adjoint.ts", "math.ts", "mistake.ts", "native.ts", "tf.ts"]);
    expect(files.get("math.ts")).not.toMatch(/sigmoid|maximum|offTape/);
  });

  it("names no two exports alike", () => {
    expect(new Set(kitNames()).size).toBe(kitNames().length);
  });
});
