// report.html: one file with everything in it, that opens without a network and says how a training goes.
import type { Program } from "../../compiler/program.ts";
import type { Curve, History } from "./history.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";

export interface ReportRun {
  readonly program: Program;
  readonly step: number;
  readonly total: number;
  readonly secondsLeft: number;
  readonly running: boolean;
  /** Shown as they are: data folder, seed, parameters. */
  readonly facts: Readonly<Record<string, string>>;
}

export interface ReportGrid {
  readonly name: string;
  readonly png: Uint8Array;
  readonly step: number;
}

export function renderReport(run: ReportRun, history: History, grids: readonly ReportGrid[], now = new Date()): string {
  const { program, step, total } = run;
  const title = `${program.spec}: step ${step.toLocaleString("en")} of ${total.toLocaleString("en")}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${heading(run, now)}
${gridSection(grids)}
${lossSection(program, history)}
${rhoSection(program, history)}
${rateSection(history)}
${settingsSection(run)}
${latestSection(history)}
</main>
<script type="application/json" id="data">${jsonFor(history)}</script>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function heading({ program, step, total, secondsLeft, running }: ReportRun, now: Date): string {
  const left = running && Number.isFinite(secondsLeft) ? `, about ${minutes(secondsLeft)} left` : "";
  const state = running ? "training" : step < total ? "stopped" : "finished";
  const refresh = running ? `<label><input type="checkbox" id="again" checked> read this file again every 30 s</label>` : "";
  return `<div class="head"><h1>${escape(program.spec)}</h1><span class="state${running ? "" : " over"}">${state}</span></div>
<progress max="${total}" value="${step}" aria-label="steps done"></progress>
<p class="dim">Step ${step.toLocaleString("en")} of ${total.toLocaleString("en")}${left}. Written ${now.toISOString().slice(0, 16).replace("T", " ")} UTC.</p>
<div class="controls">${refresh}</div>
<noscript><p>The curves need JavaScript; the table at the end does not.</p></noscript>`;
}

function minutes(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function gridSection(grids: readonly ReportGrid[]): string {
  if (grids.length === 0) return "";
  const figures = grids.map(({ name, png, step }) => {
    const source = `data:image/png;base64,${Buffer.from(png.buffer, png.byteOffset, png.byteLength).toString("base64")}`;
    const alt = `${name}: rows of held-out pictures with their translations and heat maps after step ${step}`;
    return `<figure><img src="${source}" alt="${escape(alt)}"><figcaption>${escape(name)}, step ${step.toLocaleString("en")}</figcaption></figure>`;
  });
  return `<section><h2>Pictures</h2><div class="grids">${figures.join("")}</div></section>`;
}

function lossSection(program: Program, { losses }: History): string {
  if (losses.size === 0) return `<section><h2>Losses</h2><p class="dim">The first step is not finished yet.</p></section>`;
  const formulas = new Map(program.losses.map(({ name, formula }) => [name, formula]));
  const cards = [...losses].map(([name, curve]) => card("losses", name, curve, formulas.get(name)));
  return `<section class="losses"><h2>Losses</h2>
<div class="controls">
<label><input type="checkbox" id="log"> logarithmic</label>
<label>smoothing <input type="range" id="smooth" min="0" max="0.98" step="0.02" value="0.8"> <output id="smooth-value" for="smooth"></output></label>
</div>
<div class="cards">${cards.join("")}</div></section>`;
}

function rhoSection(program: Program, { rho }: History): string {
  if (rho.size === 0) return "";
  const makers = new Map(program.params.map(({ name, madeBy }) => [name, madeBy]));
  const cards = [...rho].map(([name, curve]) => card("rho", name, curve, makers.get(name)));
  return `<section class="rho"><h2>rho of each mixing norm</h2>
<p class="dim">1: instance statistics alone; 0: layer statistics alone. The line is the mean over the channels, the band reaches from the least to the largest.</p>
<div class="cards small">${cards.join("")}</div></section>`;
}

function rateSection({ rate }: History): string {
  if (rate.size === 0) return "";
  const cards = [...rate].map(([name, curve]) => card("rate", name, curve));
  return `<section class="rates"><h2>Rates</h2><div class="cards small">${cards.join("")}</div></section>`;
}

function card(group: string, name: string, curve: Curve, note?: string): string {
  const latest = brief(curve.points().at(-1)?.mean ?? NaN);
  const formula = note ? `<p class="formula" title="${escape(note)}">${escape(note)}</p>` : "";
  return `<article class="card" data-group="${group}" data-name="${escape(name)}">
<header><h3>${escape(name)}</h3><output data-latest="${latest}">${latest}</output></header>${formula}
<svg role="img" aria-label="${escape(`${name} over the steps; now ${latest}`)}"></svg></article>`;
}

function settingsSection({ program, facts }: ReportRun): string {
  const rows = (record: Readonly<Record<string, string>>) =>
    Object.entries(record).map(([key, value]) => `<tr><th scope="row">${escape(key)}</th><td>${escape(value)}</td></tr>`).join("");
  return `<section><h2>Run</h2>
<details open><summary>This run</summary><table>${rows(facts)}</table></details>
<details><summary>Settings of the spec</summary><table>${rows(program.settings)}</table></details></section>`;
}

function latestSection({ latest }: History): string {
  if (!latest) return "";
  const row = (name: string, value: number) => `<tr><th scope="row">${escape(name)}</th><td class="number">${brief(value)}</td></tr>`;
  const losses = Object.entries(latest.losses).map(([name, value]) => row(name, value));
  return `<details><summary>Losses of step ${latest.step.toLocaleString("en")} as a table</summary><table>${losses.join("")}</table></details>`;
}

function brief(value: number): string {
  const size = Math.abs(value);
  if (value === 0 || !Number.isFinite(value)) return String(value);
  return size < 0.001 || size >= 100000 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

/** Curves as [step, mean, least, largest]. A `<` could end the script element. */
function jsonFor({ losses, rho, rate }: History): string {
  const curves = (from: ReadonlyMap<string, Curve>) =>
    Object.fromEntries([...from].map(([name, curve]) => [name, curve.points().map((p) => [p.step, p.mean, p.least, p.largest].map(rounded))]));
  return JSON.stringify({ losses: curves(losses), rho: curves(rho), rate: curves(rate) }).replaceAll("<", "\\u003c");
}

function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(6));
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
