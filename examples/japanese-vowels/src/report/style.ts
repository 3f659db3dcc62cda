// The report's style sheet, light and dark, inlined into the page.

export const style = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#ffffff, #15181d);
  --panel: light-dark(#f5f6f8, #1d2128);
  --line: light-dark(#dde1e7, #333943);
  --ink: light-dark(#1a1f28, #e6e9ee);
  --quiet: light-dark(#5a6473, #9aa4b2);
  --dark-ink: #10131a;
  --on-colour: light-dark(#ffffff, #10131a);
  --right: light-dark(#1d6fa5, #6db6e8);
  --wrong: light-dark(#b4351f, #ff8a70);
  --positive: light-dark(#b5490c, #ff9f5a);
  --negative: light-dark(#1f5fb8, #6ea8ff);
  --first: light-dark(#0b7a6b, #3fd0bb);
  --second: light-dark(#8a2fb8, #d08cf5);
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2.5rem 1.5rem 3rem; max-width: 1240px;
  background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "DejaVu Sans", sans-serif;
}
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.2rem; margin: 2.8rem 0 .3rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .2rem; }
p { margin: 0 0 .8rem; max-width: 46rem; }
.quiet, footer { color: var(--quiet); }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: .875rem; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: .75rem; margin: 1.4rem 0 0; }
dl > div { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: .7rem .9rem; }
dt { color: var(--quiet); font-size: .8125rem; }
dd { margin: 0; font-size: 1.3rem; font-weight: 600; font-variant-numeric: tabular-nums; }
dd small { display: block; font-size: .8125rem; font-weight: 400; color: var(--quiet); }
svg { display: block; max-width: none; overflow: visible; }
.scroll { overflow-x: auto; padding-bottom: .5rem; }
.pair { display: flex; flex-wrap: wrap; gap: 0 1.5rem; }
.pair > div { max-width: 100%; }
.key { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; margin: .3rem 0 .6rem; font-size: .875rem; }
.key span { display: inline-flex; align-items: center; gap: .5rem; }
.key i { width: 2rem; border-top: 2.5px solid; }
.key .first { border-color: var(--first); }
.key .second { border-color: var(--second); border-top-style: dashed; }
.key .ramp {
  border: 1px solid var(--line); width: 12rem; height: .8rem; border-radius: 3px;
  background: linear-gradient(to right, var(--negative), var(--ground), var(--positive));
}
@media print {
  body { max-width: none; padding: 0; }
  h2 { break-after: avoid; }
  svg { break-inside: avoid; max-width: 100%; height: auto; }
}
`;
