import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { afterAll, describe, expect, it } from "vitest";
import { Curve, History } from "../../../runtime/report/history.ts";
import { LogFile, readLog, trimLog, type LogLine } from "../../../runtime/report/log.ts";
import { renderReport } from "../../../runtime/report/report.ts";
import { SCRIPT } from "../../../runtime/report/script.ts";
import { tinyProgram } from "../train/tiny.ts";

const folder = mkdtempSync(join(tmpdir(), "ganc-report-"));
afterAll(() => rmSync(folder, { recursive: true }));
const line = (step: number): LogLine => ({ step, losses: { "fit.mse": Math.fround(1 / step) }, rate: { main: 1e-4 }, seconds: 0.25 });

describe("log.jsonl", () => {
  it("keeps float32 numbers exactly, and reads back", () => {
    const path = join(folder, "a.jsonl");
    const log = new LogFile(path);
    const lines = Array.from({ length: 3000 }, (_, i) => line(i + 1));
    for (const each of lines) log.append(each);
    log.flush();
    log.close();
    const found: LogLine[] = [];
    expect(readLog(path, Infinity, (each) => found.push(each))).toBe(readFileSync(path).length);
    expect(found.map(({ losses }) => Math.fround(losses["fit.mse"]!))).toEqual(lines.map(({ losses }) => losses["fit.mse"]));
    expect(readFileSync(path, "utf8").split("\n")[2]).toBe('{"step":3,"losses":{"fit.mse":0.333333343},"rate":{"main":0.0001},"seconds":0.25}');
  });

  it("is cut back to a step, a torn last line too", () => {
    const path = join(folder, "b.jsonl");
    const log = new LogFile(path);
    for (let step = 1; step <= 50; step++) log.append(line(step));
    log.close();
    appendFileSync(path, '{"step":51,"losses":{"fit');
    const seen: number[] = [];
    trimLog(path, 20, ({ step }) => seen.push(step));
    expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(readFileSync(path, "utf8").trim().split("\n")).toHaveLength(20);
    appendFileSync(path, '{"step":21,"lo');
    trimLog(path, 100, () => undefined);
    expect(readFileSync(path, "utf8").endsWith('"seconds":0.25}\n')).toBe(true);
    trimLog(path, 0, () => undefined);
    expect(readFileSync(path, "utf8")).toBe("");
    trimLog(join(folder, "none.jsonl"), 5, () => expect.unreachable());
  });
});

describe("curves", () => {
  it("of any length have at most 1,000 points that hold every value's share", () => {
    const curve = new Curve();
    const count = 123_457;
    for (let step = 1; step <= count; step++) curve.add(step, step % 1000);
    const points = curve.points();
    expect(points.length).toBeLessThanOrEqual(1000);
    expect(points.length).toBeGreaterThan(400);
    expect(points.reduce((sum, point) => sum + point.count, 0)).toBe(count);
    const mean = points.reduce((sum, point) => sum + point.mean * point.count, 0) / count;
    let exact = 0;
    for (let step = 1; step <= count; step++) exact += step % 1000;
    expect(mean).toBeCloseTo(exact / count, 6);
    expect(Math.max(...points.map(({ largest }) => largest))).toBe(999);
    expect(points.at(-1)?.step).toBe(count);
  });
});

describe("report.html", () => {
  const history = new History();
  for (let step = 1; step <= 30; step++) history.add({ ...line(step), rho: { "AB.res.0.rho": [0.9 - step / 100, 0.5, 1] } });
  const program = tinyProgram(1, { spec: "<script>alert(1)</script>", settings: { norm: "</script><b>" } });
  const run = { program, step: 30, total: 60, secondsLeft: 90, running: true, facts: { data: "a & b" } };
  const png = Uint8Array.from([137, 80, 78, 71]);
  const html = renderReport(run, history, [{ name: "A2B", png, step: 30 }], new Date("2026-01-02T03:04:05Z"));

  it("needs no network, and takes no text for markup", () => {
    expect(html).not.toMatch(/\b(src|href)\s*=(?!\s*["']?data:)/);
    expect(html).not.toMatch(/@import|url\(|fetch\(|XMLHttp|import\(/);
    expect(html.match(/https?:\/\/\S+/g)).toEqual(['http://www.w3.org/2000/svg";']); // a name, not an address
    expect(html).not.toContain("<script>alert");
    expect(html).not.toContain("</script><b>");
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html).toContain("a &#38; b");
  });

  it("shows losses and rho by name, the pictures, the state", () => {
    expect(html).toContain('data-group="losses" data-name="fit.mse"');
    expect(html).toContain("mse(A w + b, y)");
    expect(html).toContain('data-group="rho" data-name="AB.res.0.rho"');
    expect(html).toContain("data:image/png;base64,iVBORw==");
    expect(html).toContain('<progress max="60" value="30"');
    expect(html).toContain("Written 2026-01-02 03:04 UTC");
    expect(renderReport({ ...run, running: false }, history, [])).toContain(">stopped<");
    expect(renderReport({ ...run, step: 60, running: false }, history, [])).toContain(">finished<");
    expect(renderReport(run, new History(), [])).toContain("The first step is not finished yet.");
  });

  it("carries its numbers as JSON, and a script that parses", () => {
    const json = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)![1]!;
    const data = JSON.parse(json) as Record<string, Record<string, number[][]>>;
    expect(data["losses"]!["fit.mse"]).toHaveLength(30);
    expect(data["rho"]!["AB.res.0.rho"]![0]).toEqual([1, 0.89, 0.5, 1]);
    expect(() => runInNewContext(`() => {${SCRIPT}}`)).not.toThrow();
  });
});
