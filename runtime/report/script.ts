// What the report does in a browser: draws its curves from the numbers within it. No library, no network, no storage but the
// reader's own choices. Plain JavaScript in a string: it is part of a document, not of this program.

export const SCRIPT = String.raw`
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const LEFT = 46, RIGHT = 8, TOP = 8, BOTTOM = 22;
const NS = "http://www.w3.org/2000/svg";

function make(name, attributes, text) {
  const node = document.createElementNS(NS, name);
  for (const key in attributes) node.setAttribute(key, attributes[key]);
  if (text !== undefined) node.textContent = text;
  return node;
}

function show(v) {
  if (v === 0) return "0";
  const size = Math.abs(v);
  return size < 0.001 || size >= 100000 ? v.toExponential(2).replace(/\.?0+e\+?/, "e").replace("e+", "e") : String(Number(v.toPrecision(3)));
}

/* Three to six round numbers that span low..high. */
function ticks(low, high) {
  const raw = (high - low) / 4, power = Math.pow(10, Math.floor(Math.log10(raw)));
  const step = [1, 2, 5, 10].map((k) => k * power).find((each) => each >= raw);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-9; at += step) found.push(Number(at.toPrecision(12)));
  return found;
}

function powers(low, high) {
  const found = [];
  for (let e = Math.ceil(low); e <= Math.floor(high); e++) found.push(e);
  const every = Math.ceil(found.length / 5) || 1;
  return found.length > 1 ? found.filter((_, i) => i % every === 0) : ticks(low, high);
}

/* Exponential mean, weighted by how many steps a point stands for, and corrected for its start. */
function smooth(points, amount) {
  if (amount === 0) return points.map((p) => p[1]);
  let sum = 0, weight = 0;
  return points.map((p) => {
    sum = amount * sum + (1 - amount) * p[1];
    weight = amount * weight + (1 - amount);
    return sum / weight;
  });
}

function draw(card, options) {
  const curve = data[card.dataset.group][card.dataset.name];
  const svg = card.querySelector("svg");
  const [W, H] = card.parentElement.classList.contains("small") ? [250, 130] : [360, 190];
  svg.replaceChildren();
  svg.setAttribute("viewBox", "0 0 " + W + " " + H);
  const log = options.log && curve.every((p) => p[2] > 0);
  const y = (v) => (log ? Math.log10(v) : v);
  const means = smooth(curve, options.smooth);
  let low = Infinity, high = -Infinity;
  for (const p of curve) { low = Math.min(low, y(p[2])); high = Math.max(high, y(p[3])); }
  if (options.unit) { low = Math.min(0, low); high = Math.max(1, high); }
  if (high - low < 1e-12) { const pad = Math.abs(high) * 0.1 || 1; low -= pad; high += pad; }
  const first = 1, last = Math.max(curve[curve.length - 1][0], 2);
  const px = (step) => LEFT + ((step - first) / (last - first)) * (W - LEFT - RIGHT);
  const py = (v) => TOP + (1 - (v - low) / (high - low)) * (H - TOP - BOTTOM);
  for (const tick of log ? powers(low, high) : ticks(low, high)) {
    svg.append(make("line", { class: "grid", x1: LEFT, x2: W - RIGHT, y1: py(tick), y2: py(tick) }));
    svg.append(make("text", { x: LEFT - 6, y: py(tick) + 4, "text-anchor": "end" }, show(log ? Math.pow(10, tick) : tick)));
  }
  for (const [step, anchor] of [[first, "start"], [last, "end"]])
    svg.append(make("text", { x: px(step), y: H - 6, "text-anchor": anchor }, step.toLocaleString("en")));
  svg.append(make("text", { x: (LEFT + W - RIGHT) / 2, y: H - 6, "text-anchor": "middle" }, "step"));
  const line = (values) => values.map((v, i) => (i ? "L" : "M") + px(curve[i][0]).toFixed(1) + " " + py(y(v)).toFixed(1)).join("");
  if (curve.some((p) => p[2] !== p[3])) {
    const upper = curve.map((p) => px(p[0]).toFixed(1) + " " + py(y(p[3])).toFixed(1));
    const lower = curve.map((p) => px(p[0]).toFixed(1) + " " + py(y(p[2])).toFixed(1)).reverse();
    svg.append(make("path", { class: "band", d: "M" + upper.concat(lower).join("L") + "Z" }));
  }
  if (options.smooth > 0) svg.append(make("path", { class: "raw", d: line(curve.map((p) => p[1])) }));
  svg.append(make("path", { class: "mean", d: line(means) }));
  if (curve.length === 1) svg.append(make("circle", { class: "dot", cx: px(first), cy: py(y(means[0])), r: 3 }));
  hover(card, svg, curve, means, px, (v) => py(y(v)), W, H);
}

function hover(card, svg, curve, means, px, py, W, H) {
  const output = card.querySelector("output");
  const latest = output.dataset.latest;
  const cross = make("g", { visibility: "hidden" });
  const rule = make("line", { class: "cross", y1: TOP, y2: H - BOTTOM }), dot = make("circle", { class: "dot", r: 3.5 });
  cross.append(rule, dot);
  svg.append(cross);
  svg.onpointermove = (event) => {
    const box = svg.getBoundingClientRect(), at = ((event.clientX - box.left) / box.width) * W;
    let best = 0;
    curve.forEach((p, i) => { if (Math.abs(px(p[0]) - at) < Math.abs(px(curve[best][0]) - at)) best = i; });
    const p = curve[best], x = px(p[0]);
    rule.setAttribute("x1", x); rule.setAttribute("x2", x);
    dot.setAttribute("cx", x); dot.setAttribute("cy", py(means[best]));
    cross.setAttribute("visibility", "visible");
    output.textContent = "step " + p[0].toLocaleString("en") + ": " + show(means[best]) + (p[2] === p[3] ? "" : " (" + show(p[2]) + " to " + show(p[3]) + ")");
  };
  svg.onpointerleave = () => { cross.setAttribute("visibility", "hidden"); output.textContent = latest; };
}

const log = document.getElementById("log"), amount = document.getElementById("smooth"), again = document.getElementById("again");
function remember() { try { localStorage.setItem("ganc-report", JSON.stringify([log ? log.checked : false, amount ? amount.value : 0.8, again ? again.checked : true])); } catch {} }
try {
  const kept = JSON.parse(localStorage.getItem("ganc-report"));
  if (kept && log) { log.checked = kept[0]; amount.value = kept[1]; }
  if (kept && again) again.checked = kept[2];
} catch {}

function drawAll() {
  if (!log) return; // not a step yet
  document.getElementById("smooth-value").textContent = Number(amount.value).toFixed(2);
  for (const card of document.querySelectorAll(".losses .card")) draw(card, { log: log.checked, smooth: Number(amount.value) });
  for (const card of document.querySelectorAll(".rho .card")) draw(card, { log: false, smooth: 0, unit: true });
  for (const card of document.querySelectorAll(".rates .card")) draw(card, { log: false, smooth: 0 });
}
for (const control of [log, amount].filter(Boolean)) control.addEventListener("input", () => { remember(); drawAll(); });
if (again) again.addEventListener("input", remember);
if (again) setInterval(() => { if (again.checked) location.reload(); }, 30000);
drawAll();
`;
