// GET /: a page to try the service. Draw or paste a path; it is sent as JSON, and the coefficients
// are shown as bars.

import { limits } from "./limits.ts";

const style = `
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1f; }
  .row { display: flex; flex-wrap: wrap; gap: 1.5rem; }
  .row > * { flex: 1 1 20rem; }
  svg { width: 100%; background: #f6f6f9; border-radius: 6px; touch-action: none; }
  #drawing { height: 18rem; cursor: crosshair; }
  textarea { width: 100%; height: 7rem; font: 13px ui-monospace, monospace; }
  label { margin-right: 1rem; }
  output { display: block; min-height: 1.5rem; color: #a3211b; }
  .bar { fill: #4a63c8; } .bar.negative { fill: #d2703a; }
  text { font: 10px ui-monospace, monospace; fill: #55555f; }
`;

const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Path signatures</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="data:text/css,${encodeURIComponent(style)}">
<script type="module" src="/page.js"></script>
<h1>Path signatures</h1>
<p>Draw a path, or paste points; below are the coefficients of its signature, level by level. The service takes
JSON, CSV and Arrow: <a href="/openapi.json">openapi.json</a>.</p>
<form id="form">
  <div class="row">
    <svg id="drawing" viewBox="0 0 300 200" preserveAspectRatio="none" role="img" aria-label="The path"></svg>
    <div>
      <label>Depth <input name="depth" type="number" min="1" max="${limits.depth}" value="3"></label>
      <label><input name="basepoint" type="checkbox"> basepoint</label>
      <label><input name="inverse" type="checkbox"> inverse</label>
      <textarea name="path" aria-label="Points as JSON"
        spellcheck="false">[[0, 0], [1, 0.2], [0.6, 1], [0.1, 0.4]]</textarea>
      <button>Compute</button>
      <output id="problem"></output>
    </div>
  </div>
  <svg id="plot" viewBox="0 0 900 220" role="img" aria-label="Coefficients"></svg>
</form>
`;

const script = `
const form = document.getElementById("form");
const drawing = document.getElementById("drawing");
const plot = document.getElementById("plot");
const problem = document.getElementById("problem");
const element = (name, attributes, text = "") => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
};

/** Words in the order of the coefficients; letters are channels, from 0, as in the library. */
function words(channels, depth) {
  const levels = [[[]]];
  for (let k = 1; k <= depth; k++)
    levels.push(levels[k - 1].flatMap((word) => Array.from({ length: channels }, (_, i) => [...word, i])));
  const separator = channels > 10 ? "," : "";
  return levels.slice(1).flat().map((word) => word.join(separator));
}

function drawPath(points) {
  const range = (c) => { const xs = points.map((p) => p[c] ?? 0); return [Math.min(...xs), Math.max(...xs)]; };
  const scale = (x, [low, high], size) => 10 + ((x - low) / (high - low || 1)) * (size - 20);
  const [xs, ys] = [range(0), range(1)];
  const line = points.map((p) => scale(p[0], xs, 300) + "," + (200 - scale(p[1] ?? 0, ys, 200))).join(" ");
  drawing.replaceChildren(element("polyline", { points: line, fill: "none", stroke: "#4a63c8", "stroke-width": 2 }));
}

function drawBars({ data, channels, depth }) {
  const labels = words(channels, depth);
  // Levels shrink like 1 / k!; the square root keeps small ones visible.
  const heights = data.map((x) => Math.sign(x) * Math.sqrt(Math.abs(x)));
  const most = Math.max(...heights.map(Math.abs)) || 1;
  const width = 900 / data.length;
  plot.replaceChildren(...heights.flatMap((height, i) => {
    const size = Math.abs(height) / most * 90;
    const bar = element("rect", { class: height < 0 ? "bar negative" : "bar", x: i * width + width * 0.1,
      y: height < 0 ? 100 : 100 - size, width: width * 0.8, height: size });
    bar.append(element("title", {}, labels[i] + ": " + data[i]));
    if (width < 14) return [bar];
    return [bar, element("text", { x: (i + 0.5) * width, y: 210, "text-anchor": "middle" }, labels[i])];
  }));
}

async function compute() {
  const query = new URLSearchParams({ depth: form.depth.value });
  for (const name of ["basepoint", "inverse"]) if (form[name].checked) query.set(name, "true");
  const headers = { "content-type": "application/json" };
  const response = await fetch("/signature?" + query, { method: "POST", headers, body: form.path.value });
  const answer = await response.json();
  problem.textContent = response.ok ? "" : (answer.argument ? answer.argument + ": " : "") + answer.detail;
  if (!response.ok) return;
  drawPath(JSON.parse(form.path.value));
  if (answer.data.length <= 2000) drawBars(answer);
}

let drawn;
const at = ({ clientX, clientY }) => {
  const box = drawing.getBoundingClientRect();
  const point = [(clientX - box.left) / box.width, (box.bottom - clientY) / box.height];
  return point.map((x) => Math.round(x * 1000) / 1000);
};
drawing.addEventListener("pointerdown", (event) => {
  drawn = [at(event)];
  drawing.setPointerCapture(event.pointerId);
});
drawing.addEventListener("pointermove", (event) => {
  if (!drawn) return;
  drawn.push(at(event));
  drawPath(drawn);
});
drawing.addEventListener("pointerup", () => {
  if (drawn?.length > 1) { form.path.value = JSON.stringify(drawn); compute(); }
  drawn = undefined;
});
form.addEventListener("submit", (event) => { event.preventDefault(); compute(); });
form.addEventListener("change", compute);
compute();
`;

/** Scripts and requests of this origin only; the one style sheet is inline. */
const policy =
  "default-src 'none'; script-src 'self'; connect-src 'self'; style-src data:; img-src data:; base-uri 'none'";

export const page = (): Response =>
  new Response(html, { headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": policy } });

export const pageScript = (): Response =>
  new Response(script, { headers: { "content-type": "text/javascript; charset=utf-8" } });
