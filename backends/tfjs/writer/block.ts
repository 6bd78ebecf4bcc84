// Statements of a body as they grow, with names that are not taken yet.

/** A line that may be filled in later, or stay out. `declares` names what it brings into being. */
export interface Line {
  text: string;
  declares?: string;
  /** Keeps it although nobody reads what it declares: it advances a state, or returns. */
  needed?: boolean;
}
/** Or an `if`. */
export interface Loop {
  readonly head: string;
  readonly body: Block;
  readonly otherwise?: Block;
}

/** What stands between its braces. */
export const inside = ({ body, otherwise }: Loop): string => body.print() + (otherwise?.print() ?? "");

const RESERVED = ["arguments", "await", "break", "case", "catch", "class", "const", "continue", "debugger", "default", "delete", "do", "else", "enum", "eval", "export", "extends", "false", "finally", "for", "function", "if", "implements", "import", "in", "instanceof", "interface", "let", "new", "null", "package", "private", "protected", "public", "return", "static", "super", "switch", "this", "throw", "true", "try", "typeof", "undefined", "var", "void", "while", "with", "yield", "tf", "w"];

/** Names of one function: none twice, none that TypeScript keeps for itself. */
export class Taken {
  constructor(private readonly names = new Set<string>(RESERVED)) {}
  fresh(hint: string): string {
    let name = hint;
    for (let n = 2; this.names.has(name); n++) name = `${hint}${n}`;
    this.names.add(name);
    return name;
  }
  copy(): Taken {
    return new Taken(new Set(this.names));
  }
}

export class Block {
  readonly items: (Line | Loop)[] = [];

  add(text: string, more: Omit<Line, "text"> = {}): Line {
    const line: Line = { text, ...more };
    this.items.push(line);
    return line;
  }

  loop(head: string, body: Block): void {
    this.items.push({ head, body });
  }

  either(condition: string, body: Block, otherwise: Block): void {
    this.items.push({ head: `if (${condition})`, body, otherwise });
  }

  print(): string {
    return this.items.map((i) => ("head" in i ? `${i.head} {\n${i.body.print()}}${i.otherwise ? ` else {\n${i.otherwise.print()}}` : ""}\n` : i.text === "" ? "" : `${i.text}\n`)).join("");
  }

  /**
   * Leaves out what is declared and never read, from the last line up.
   * @param after text that follows in the same scope
   * @param outside text that sees what the block changes, but not what it declares: after a loop's body, the body again
   */
  prune(after = "", outside = ""): void {
    let later = after;
    for (let k = this.items.length - 1; k >= 0; k--) {
      const item = this.items[k]!;
      if ("head" in item) {
        // What a loop changes and nobody reads afterwards goes with the loop.
        const changed = [...inside(item).matchAll(/^(\w+)(?: = |\.push\()/gm)].map((m) => m[1]!);
        // Another block may have a name of its own that is spelled alike.
        const own = new Set([item.body, item.otherwise].flatMap((block) => block?.items.flatMap((i) => ("head" in i ? [] : (i.declares ?? []))) ?? []));
        const seen = `${later}\n${outside}`;
        const kept = /losses\.|\.next\(/.test(inside(item)) || changed.some((name) => !own.has(name) && reads(seen, name)) || changed.length === 0;
        if (!kept) {
          this.items.splice(k, 1);
          continue;
        }
        for (const block of [item.body, item.otherwise]) block?.prune("", `${inside(item)}\n${seen}`);
      } else {
        const target = item.declares ?? /^(\w+) = /.exec(item.text)?.[1];
        const scope = item.declares === undefined ? `${later}\n${outside}` : later;
        if (target !== undefined && !item.needed && !reads(scope, target)) {
          this.items.splice(k, 1);
          continue;
        }
      }
      later = `${"head" in item ? `${item.head} ${inside(item)}` : item.text}\n${later}`;
    }
  }
}

export const reads = (text: string, name: string): boolean => new RegExp(`(?<![\\w.$])${name}(?![\\w$])`).test(text) || new RegExp(`\\.\\.\\.${name}\\b`).test(text);
