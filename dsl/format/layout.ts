// Doc → lines.
import { type Doc, isList, type Line } from "./doc";

interface Task {
  readonly indent: number;
  readonly flat: boolean;
  readonly doc: Doc;
}

const STEP = 2;

export function layout(doc: Doc, width: number): Line[] {
  return new Layout(width).run(doc);
}

class Layout {
  private readonly lines: Line[] = [{ indent: 0, cells: [{ text: "" }] }];
  private suffixes: string[] = [];
  private column = 0;

  constructor(private readonly width: number) {}

  run(doc: Doc): Line[] {
    const tasks: Task[] = [{ indent: 0, flat: false, doc }];
    for (let task = tasks.pop(); task; task = tasks.pop()) this.step(task, tasks);
    this.flush();
    return this.lines;
  }

  private step({ indent, flat, doc }: Task, rest: Task[]): void {
    if (typeof doc === "string") return this.write(doc);
    if (isList(doc)) {
      for (let i = doc.length - 1; i >= 0; i--) rest.push({ indent, flat, doc: doc[i] ?? "" });
      return;
    }
    switch (doc.kind) {
      case "group": {
        const whole = { indent, flat: true, doc: doc.doc };
        const fits = !doc.broken && (flat || this.fits(whole, rest));
        rest.push({ indent, flat: fits, doc: doc.doc });
        return;
      }
      case "indent":
        rest.push({ indent: indent + STEP, flat, doc: doc.doc });
        return;
      case "ifBroken":
        if (!flat) this.write(doc.text);
        return;
      case "suffix":
        this.suffixes.push(doc.text);
        return;
      case "cell":
        this.lines.at(-1)?.cells.push({ name: doc.name, text: "" });
        return;
      case "blank":
        this.newLine(0);
        return;
      case "line":
        if (flat && !doc.hard) this.write(doc.flat);
        else this.newLine(indent);
    }
  }

  private write(text: string): void {
    const last = this.lines.at(-1)?.cells.at(-1);
    if (last) last.text += text;
    this.column += text.length;
  }

  private newLine(indent: number): void {
    this.flush();
    this.lines.push({ indent, cells: [{ text: "" }] });
    this.column = indent;
  }

  private flush(): void {
    if (this.suffixes.length === 0) return;
    this.lines.at(-1)?.cells.push({ name: "comment", text: this.suffixes.join(" ") });
    this.suffixes = [];
  }

  /** Whether `first`, and what must stand behind it on its line, fits into the width. */
  private fits(first: Task, rest: readonly Task[]): boolean {
    let left = this.width - this.column;
    let next = rest.length;
    const tasks: Task[] = [first];
    while (left >= 0) {
      const task = tasks.pop() ?? rest[--next];
      if (!task) return true;
      const { indent, flat, doc } = task;
      if (typeof doc === "string") left -= doc.length;
      else if (isList(doc)) for (let i = doc.length - 1; i >= 0; i--) tasks.push({ indent, flat, doc: doc[i] ?? "" });
      else if (doc.kind === "group") tasks.push({ indent, flat: flat && !doc.broken, doc: doc.doc });
      else if (doc.kind === "indent") tasks.push({ indent, flat, doc: doc.doc });
      else if (doc.kind === "ifBroken") left -= flat ? 0 : doc.text.length;
      else if (doc.kind === "cell") left -= 1;
      else if (doc.kind === "blank") return true;
      else if (doc.kind === "line") {
        if (doc.hard || !flat) return true;
        left -= doc.flat.length;
      }
    }
    return false;
  }
}
