// The report's looks: the system's own letters, one accent, light or dark as the reader's system is.

export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f7f7f8; --card: #ffffff; --ink: #1b1c20; --dim: #62656e; --line: #e3e4e8; --grid: #eceded;
  --accent: #3457d5; --second: #a1531a; --good: #1b7f4b;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131417; --card: #1c1d21; --ink: #e9eaee; --dim: #9a9da8; --line: #2d2f36; --grid: #27292f;
    --accent: #8fa5ff; --second: #f0a463; --good: #6fd3a0;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); }
main { max-width: 1240px; margin: 0 auto; padding: 28px 24px 64px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 17px; margin: 40px 0 12px; }
h3 { font-size: 13px; font-weight: 600; margin: 0; overflow-wrap: anywhere; }
p { margin: 4px 0; }
section > p { margin-bottom: 12px; }
.dim { color: var(--dim); }
.head { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: baseline; }
.state { font-size: 13px; font-weight: 600; padding: 1px 10px; border-radius: 99px; border: 1px solid currentColor; color: var(--accent); }
.state.over { color: var(--good); }
progress { display: block; width: 100%; height: 8px; margin: 14px 0 6px; accent-color: var(--accent); }
.controls { display: flex; flex-wrap: wrap; gap: 8px 24px; align-items: center; margin: 0 0 14px; font-size: 14px; }
.controls label { display: inline-flex; gap: 7px; align-items: center; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 350px), 1fr)); gap: 14px; }
.cards.small { grid-template-columns: repeat(auto-fill, minmax(min(100%, 235px), 1fr)); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 14px 8px; min-width: 0; }
.card header { display: flex; justify-content: space-between; gap: 10px; align-items: baseline; }
.card output { font-variant-numeric: tabular-nums; font-size: 13px; white-space: nowrap; }
.card .formula { font: 12px/1.4 ui-monospace, "SF Mono", Menlo, Consolas, monospace; color: var(--dim); margin: 2px 0 0; overflow-wrap: anywhere;
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; }
.card svg { display: block; width: 100%; height: auto; margin-top: 6px; touch-action: pan-y; }
svg text { font-size: 11px; fill: var(--dim); font-variant-numeric: tabular-nums; }
svg .grid { stroke: var(--grid); }
svg .raw { fill: none; stroke: var(--hue); stroke-width: 1; opacity: 0.28; }
svg .mean { fill: none; stroke: var(--hue); stroke-width: 1.8; stroke-linejoin: round; }
svg .band { fill: var(--hue); opacity: 0.16; }
svg .cross { stroke: var(--dim); stroke-dasharray: 2 3; }
svg .dot { fill: var(--hue); }
.losses { --hue: var(--accent); }
.rho, .rates { --hue: var(--second); }
figure { margin: 0 0 18px; }
figure img { display: block; width: 560px; max-width: 100%; height: auto; border-radius: 8px; border: 1px solid var(--line); background: #fff; }
figcaption { font-size: 13px; color: var(--dim); margin-top: 6px; }
.grids { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), max-content)); gap: 18px; }
.grids > figure { margin: 0; }
details { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 10px 14px; margin: 14px 0; }
summary { cursor: pointer; font-weight: 600; font-size: 14px; }
table { border-collapse: collapse; font-size: 13px; width: 100%; margin-top: 8px; }
th, td { text-align: left; vertical-align: top; padding: 4px 14px 4px 0; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
td.number { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; }
th { font-weight: 500; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
`;
