// The train block: data, nets, phases, optimizers and schedules.
import * as T from "../tokens";
import type { Amount, Expr, Ident, SchedulePiece, Statement, TrainItem, TypeExpr } from "../tree";
import type { Rule } from "./base";
import { StatementParser } from "./statements";

const { W } = T;
type Of<K extends TrainItem["kind"]> = Extract<TrainItem, { kind: K }>;
type Piece<K extends SchedulePiece["kind"]> = Extract<SchedulePiece, { kind: K }>;

export abstract class TrainParser extends StatementParser {
  readonly trainItems: Rule<TrainItem[]> = this.RULE(
    "trainItems",
    (): TrainItem[] => {
      const items: TrainItem[] = [];
      this.CONSUME(T.LCurly);
      this.MANY({
        GATE: () => this.patient,
        DEF: () => {
          const item = this.SUBRULE(this.trainItem);
          if (item) items.push(item);
        },
      });
      this.CONSUME(T.RCurly);
      return items;
    },
    { recoveryValueFunc: () => [] },
  );

  readonly trainItem: Rule<TrainItem | undefined> = this.RULE("trainItem", (): TrainItem | undefined =>
    this.OR<TrainItem>([
      { ALT: () => this.SUBRULE(this.letStatement) },
      { ALT: () => this.SUBRULE(this.sampleStatement) },
      { ALT: () => this.SUBRULE(this.dataItem) },
      { ALT: () => this.SUBRULE(this.netItem) },
      { ALT: () => this.SUBRULE(this.phaseItem) },
      { ALT: () => this.SUBRULE(this.optimizerItem) },
      { ALT: () => this.SUBRULE(this.scheduleItem) },
      { ALT: () => this.SUBRULE(this.batchItem) },
      { ALT: () => this.SUBRULE(this.lengthItem) },
    ]),
  );

  readonly dataItem: Rule<Of<"data">> = this.RULE(
    "dataItem",
    (): Of<"data"> => {
      const first = this.CONSUME(W("data"));
      const names = this.SUBRULE(this.names);
      this.CONSUME(T.Colon);
      const type: TypeExpr = this.SUBRULE(this.type);
      let pipeline: Expr | undefined;
      this.OPTION(() => {
        this.CONSUME(T.Equal);
        pipeline = this.SUBRULE(this.expression);
      });
      return { kind: "data", names, type, ...(pipeline && { pipeline }), span: this.spanFrom(first) };
    },
    { resyncEnabled: false },
  );

  readonly netItem: Rule<Of<"net">> = this.RULE(
    "netItem",
    (): Of<"net"> => {
      const first = this.CONSUME(W("net"));
      const names = this.SUBRULE(this.names);
      this.CONSUME(T.Colon);
      const value = this.SUBRULE1(this.expression);
      let init: Expr | undefined;
      this.OPTION(() => {
        this.CONSUME(W("init"));
        init = this.SUBRULE2(this.expression);
      });
      return { kind: "net", names, value, ...(init && { init }), span: this.spanFrom(first) };
    },
    { resyncEnabled: false },
  );

  readonly phaseItem: Rule<Of<"phase">> = this.RULE(
    "phaseItem",
    (): Of<"phase"> => {
      const first = this.CONSUME(W("phase"));
      const name = this.ident(this.CONSUME(T.Name));
      this.CONSUME(W("trains"));
      const trains = this.SUBRULE1(this.expressions);
      let except: Expr[] = [];
      let when: Expr | undefined;
      this.OPTION1(() => {
        this.CONSUME(W("except"));
        except = this.SUBRULE2(this.expressions);
      });
      this.OPTION2(() => {
        this.CONSUME(W("when"));
        when = this.SUBRULE3(this.expression);
      });
      const body: Statement[] = this.SUBRULE(this.block);
      return { kind: "phase", name, trains, except, ...(when && { when }), body, span: this.spanFrom(first) };
    },
    { resyncEnabled: false },
  );

  readonly expressions: Rule<Expr[]> = this.RULE(
    "expressions",
    (): Expr[] => {
      const items: Expr[] = [];
      this.list(() => items.push(this.SUBRULE(this.expression)), true);
      return items;
    },
    { recoveryValueFunc: () => [] },
  );

  readonly optimizerItem: Rule<Of<"optimizer">> = this.RULE(
    "optimizerItem",
    (): Of<"optimizer"> => {
      const first = this.CONSUME(W("optimizer"));
      const targets: Ident[] = this.SUBRULE(this.names);
      this.CONSUME(T.Equal);
      const value = this.SUBRULE(this.expression);
      return { kind: "optimizer", targets, value, span: this.spanFrom(first) };
    },
    { resyncEnabled: false },
  );

  readonly batchItem: Rule<Of<"batch">> = this.RULE(
    "batchItem",
    (): Of<"batch"> => {
      const first = this.CONSUME(W("batch"));
      const value = this.SUBRULE(this.expression);
      return { kind: "batch", value, span: this.spanFrom(first) };
    },
    { resyncEnabled: false },
  );

  readonly lengthItem: Rule<Of<"length">> = this.RULE(
    "lengthItem",
    (): Of<"length"> => {
      const first = this.CONSUME(W("length"));
      const amount = this.SUBRULE(this.amount);
      return { kind: "length", amount, span: this.spanFrom(first) };
    },
    { resyncEnabled: false },
  );

  readonly scheduleItem: Rule<Of<"schedule">> = this.RULE(
    "scheduleItem",
    (): Of<"schedule"> => {
      const first = this.CONSUME(W("schedule"));
      const setting = this.ident(this.CONSUME(T.Name));
      this.CONSUME(T.Equal);
      const pieces: SchedulePiece[] = [this.SUBRULE1(this.piece)];
      const isHeld = (): boolean => this.LA(2).tokenType === W("held");
      this.MANY({
        GATE: () => !isHeld(),
        DEF: () => {
          this.CONSUME(T.Comma);
          this.CONSUME(W("then"));
          pieces.push(this.SUBRULE2(this.piece));
        },
      });
      let held: Amount | undefined;
      this.OPTION({
        GATE: isHeld,
        DEF: () => {
          this.CONSUME2(T.Comma);
          this.CONSUME(W("held"));
          this.CONSUME(W("for"));
          held = this.SUBRULE(this.amount);
        },
      });
      return { kind: "schedule", setting, pieces, ...(held && { held }), span: this.spanFrom(first) };
    },
    { resyncEnabled: false },
  );

  readonly piece: Rule<SchedulePiece> = this.RULE(
    "piece",
    (): SchedulePiece =>
      this.OR<SchedulePiece>([
        { ALT: () => this.SUBRULE(this.constantPiece) },
        { ALT: () => this.SUBRULE(this.linearPiece) },
        { ALT: () => this.SUBRULE(this.timesPiece) },
      ]),
    { resyncEnabled: false },
  );

  readonly constantPiece: Rule<Piece<"constant">> = this.RULE(
    "constantPiece",
    (): Piece<"constant"> => {
      const first = this.CONSUME(W("constant"));
      let amount: Amount | undefined;
      this.OPTION(() => {
        this.CONSUME(W("for"));
        amount = this.SUBRULE(this.amount);
      });
      return { kind: "constant", ...(amount && { for: amount }), span: this.spanFrom(first) };
    },
    { resyncEnabled: false },
  );

  readonly linearPiece: Rule<Piece<"linear">> = this.RULE(
    "linearPiece",
    (): Piece<"linear"> => {
      const first = this.CONSUME(W("linear"));
      this.CONSUME(W("to"));
      const to = this.SUBRULE(this.expression);
      let over: Amount | undefined;
      this.OPTION(() => {
        this.CONSUME(W("over"));
        over = this.SUBRULE(this.amount);
      });
      return { kind: "linear", to, ...(over && { over }), span: this.spanFrom(first) };
    },
    { resyncEnabled: false },
  );

  readonly timesPiece: Rule<Piece<"times">> = this.RULE(
    "timesPiece",
    (): Piece<"times"> => {
      const first = this.CONSUME(W("times"));
      const factor = this.SUBRULE(this.expression);
      this.CONSUME(W("every"));
      const every = this.SUBRULE(this.amount);
      return { kind: "times", factor, every, span: this.spanFrom(first) };
    },
    { resyncEnabled: false },
  );

  /** `50%`, `200 epochs`, `2 * n steps`. */
  readonly amount: Rule<Amount> = this.RULE(
    "amount",
    (): Amount => this.OR<Amount>([{ ALT: () => this.percent() }, { ALT: () => this.SUBRULE(this.count) }]),
    { resyncEnabled: false },
  );

  readonly count: Rule<Amount> = this.RULE(
    "count",
    (): Amount => {
      const first = this.LA(1);
      const value = this.SUBRULE(this.expression);
      const unit = this.OR<Amount["unit"]>([
        { ALT: () => (this.CONSUME(W("steps")), "steps") },
        { ALT: () => (this.CONSUME(W("epochs")), "epochs") },
      ]);
      return { value, unit, span: this.spanFrom(first) };
    },
    { resyncEnabled: false },
  );

  private percent(): Amount {
    const token = this.CONSUME(T.Percent);
    const text = token.image.slice(0, -1);
    const span = this.spanOf(token);
    const value: Expr = {
      kind: "number",
      value: Number(text.replaceAll("_", "")),
      text,
      span: { ...span, end: Math.max(span.start, span.end - 1) },
    };
    return { value, unit: "percent", span };
  }
}
