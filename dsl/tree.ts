// The tree of a .gan file. Every node carries the span of the text it came from.
import type { Span } from "./source";

export interface Ident {
  readonly text: string;
  readonly span: Span;
}

interface At {
  readonly span: Span;
}

// ---------------------------------------------------------------- expressions

export interface Arg extends At {
  /** `over:` in `mean(x, over: c)`; absent for a positional argument. */
  readonly name?: Ident;
  readonly value: Expr;
}

/** `for a in xs, b in a.list` or `for (a, b) in zip(xs, ys)`: `names` has one entry, or the names of the pattern. */
export interface ForClause extends At {
  readonly names: readonly Ident[];
  readonly source: Expr;
}

export type BinaryOp = "or" | "and" | "==" | "!=" | "<" | "<=" | ">" | ">=" | ".." | "+" | "-" | "*" | "/" | "%" | "^";

export type Expr =
  | (At & { readonly kind: "number"; readonly value: number; readonly text: string })
  | (At & { readonly kind: "string"; readonly value: string })
  | (At & { readonly kind: "bool"; readonly value: boolean })
  | (At & { readonly kind: "none" })
  | (At & { readonly kind: "name"; readonly name: string })
  | (At & { readonly kind: "field"; readonly object: Expr; readonly field: Ident })
  | (At & { readonly kind: "call"; readonly callee: Expr; readonly args: readonly Arg[] })
  /** `code[block: i, half: 0]` picks along axes; `xs[0]` (no axis) picks from a list. */
  | (At & {
      readonly kind: "index";
      readonly object: Expr;
      readonly entries: readonly { readonly axis?: Ident; readonly index: Expr }[];
    })
  | (At & { readonly kind: "binary"; readonly op: BinaryOp; readonly left: Expr; readonly right: Expr })
  | (At & { readonly kind: "unary"; readonly op: "-" | "not"; readonly operand: Expr })
  | (At & { readonly kind: "pipe"; readonly left: Expr; readonly right: Expr })
  | (At & { readonly kind: "lambda"; readonly parameter: Ident; readonly body: Expr })
  | (At & { readonly kind: "if"; readonly condition: Expr; readonly then: Expr; readonly otherwise?: Expr })
  | (At & { readonly kind: "repeat"; readonly count: Expr; readonly index?: Ident; readonly body: Expr })
  | (At & { readonly kind: "record"; readonly fields: readonly { readonly name: Ident; readonly value?: Expr }[] })
  | (At & { readonly kind: "list"; readonly items: readonly Expr[] })
  /** `(h, w)`, `(0.5, 0.999)`: two or more items. A parenthesised single expression leaves no node. */
  | (At & { readonly kind: "tuple"; readonly items: readonly Expr[] })
  /** `[block: 4, half: 2]` as a value: named dims, as `unflatten(into:)` takes them. */
  | (At & { readonly kind: "axes"; readonly entries: readonly { readonly axis: Ident; readonly dim: Expr }[] })
  /** `[for s in 0..3: f(s)]` (form list) and `sum(for x in xs: g(x))` (form argument). */
  | (At & {
      readonly kind: "comprehension";
      readonly form: "list" | "argument";
      readonly clauses: readonly ForClause[];
      readonly body: Expr;
    })
  /** `sample normal like y while training`. */
  | (At & { readonly kind: "sample"; readonly distribution: Expr; readonly like?: Expr; readonly training: boolean });

// ---------------------------------------------------------------- types

export type TypeExpr =
  /** `int`, `image[C, H, W]` (dims), `Norm(gamma, beta)` (offers), `Generator`, `list`, `scalar`. */
  | (At & {
      readonly kind: "named";
      readonly name: Ident;
      readonly dims?: readonly Expr[];
      readonly offers?: readonly Ident[];
    })
  | (At & { readonly kind: "axes"; readonly entries: readonly { readonly axis: Ident; readonly dim: Expr }[] })
  | (At & { readonly kind: "record"; readonly fields: readonly { readonly name: Ident; readonly type: TypeExpr }[] });

export interface Parameter extends At {
  readonly name: Ident;
  readonly type?: TypeExpr;
  readonly default?: Expr;
}

// ---------------------------------------------------------------- statements

export type Statement =
  | (At & { readonly kind: "let"; readonly name: Ident; readonly value: Expr })
  | (At & { readonly kind: "return"; readonly value: Expr })
  | (At & {
      readonly kind: "learn";
      readonly name: Ident;
      readonly type: TypeExpr;
      readonly init?: Expr;
      readonly within?: readonly [Expr, Expr];
    })
  | (At & { readonly kind: "state"; readonly name: Ident; readonly type: TypeExpr; readonly init: Expr })
  /** `next u = e while training`: from here on `u` is `e`, and the state carries it to the next step. */
  | (At & { readonly kind: "next"; readonly name: Ident; readonly value: Expr; readonly training: boolean })
  | (At & { readonly kind: "for"; readonly clauses: readonly ForClause[]; readonly body: readonly Statement[] })
  | (At & {
      readonly kind: "sample";
      readonly names: readonly Ident[];
      readonly type: TypeExpr;
      readonly distribution: Expr;
    })
  /** `loss cycle += e`, inside a phase. */
  | (At & { readonly kind: "term"; readonly name: Ident; readonly value: Expr });

export interface Amount extends At {
  readonly value: Expr;
  readonly unit: "steps" | "epochs" | "percent";
}

export type SchedulePiece =
  | (At & { readonly kind: "constant"; readonly for?: Amount })
  | (At & { readonly kind: "linear"; readonly to: Expr; readonly over?: Amount })
  | (At & { readonly kind: "times"; readonly factor: Expr; readonly every: Amount });

export type TrainItem =
  | Extract<Statement, { kind: "let" | "sample" }>
  /** `data A, B: image[3, s, s] = pipeline`, or `data A2: A` (type is the named type `A`). */
  | (At & {
      readonly kind: "data";
      readonly names: readonly Ident[];
      readonly type: TypeExpr;
      readonly pipeline?: Expr;
    })
  | (At & { readonly kind: "net"; readonly names: readonly Ident[]; readonly value: Expr; readonly init?: Expr })
  | (At & {
      readonly kind: "phase";
      readonly name: Ident;
      readonly trains: readonly Expr[];
      readonly except: readonly Expr[];
      readonly when?: Expr;
      readonly body: readonly Statement[];
    })
  | (At & { readonly kind: "optimizer"; readonly targets: readonly Ident[]; readonly value: Expr })
  /** `schedule rate = constant for 50%, then linear to 0, held for 10_000 steps`. */
  | (At & {
      readonly kind: "schedule";
      readonly setting: Ident;
      readonly pieces: readonly SchedulePiece[];
      readonly held?: Amount;
    })
  | (At & { readonly kind: "batch"; readonly value: Expr })
  | (At & { readonly kind: "length"; readonly amount: Amount });

// ---------------------------------------------------------------- declarations

export type BodyKind = "block" | "network" | "norm" | "head" | "loss" | "reparam" | "init";

/** `block`, `network`, `norm`, `head`, `loss`, `reparam` and `init` declare a function of the language. */
export interface BodyDecl extends At {
  readonly kind: "body";
  readonly keyword: BodyKind;
  readonly name: Ident;
  readonly parameters: readonly Parameter[];
  /** Parameters after the `;`: style inputs that the slot offers. */
  readonly styles: readonly Parameter[];
  /** Statements of the braces, or, for `loss l1(a, b) = e`, one `return`. */
  readonly body: readonly Statement[];
  /** True for the `= expression` form, so that fmt prints it back. */
  readonly short: boolean;
  readonly doc?: string;
}

export type Decl =
  | (At & {
      readonly kind: "import";
      readonly names: readonly Ident[];
      readonly from: { readonly text: string; readonly span: Span };
    })
  | (At & {
      readonly kind: "param";
      readonly name: Ident;
      readonly type?: TypeExpr;
      readonly value: Expr;
      readonly where?: Expr;
      readonly doc?: string;
    })
  | BodyDecl
  | (At & { readonly kind: "train"; readonly items: readonly TrainItem[] })
  | (At & {
      readonly kind: "export";
      readonly name: Ident;
      readonly parameters: readonly Parameter[];
      readonly value: Expr;
    })
  | (At & {
      readonly kind: "variant";
      readonly name: Ident;
      readonly settings: readonly { readonly path: readonly Ident[]; readonly value: Expr }[];
    });

export interface File {
  readonly path: string;
  readonly text: string;
  readonly decls: readonly Decl[];
}
