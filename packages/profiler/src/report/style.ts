// The page's style sheet and script. Nothing is loaded from anywhere.

export const STYLE = `
:root { color-scheme: light dark; --page: #fff; --card: #f6f7f9; --text: #1b1f24; --muted: #5a6472; --line: #d5dae1; --accent: #1f6feb; --warn: #9a6700; --bad: #c62828; --good: #1a7f37; --wait: #e3e6eb; --recover: #7a8699; --validate: #8250df; }
@media (prefers-color-scheme: dark) { :root { --page: #0f1318; --card: #171c23; --text: #e6eaf0; --muted: #9aa5b4; --line: #323a45; --accent: #6aa6ff; --warn: #e3b341; --bad: #ff7b72; --good: #56d364; --wait: #232a33; --recover: #67738a; --validate: #bc8cff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 1120px; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: .5rem 0; } h2 { font-size: 1.25rem; margin: 2rem 0 .5rem; border-top: 2px solid var(--line); padding-top: 1rem; } h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; }
p { margin: .4rem 0; max-width: 75ch; } .muted, .legend { color: var(--muted); }
a { color: var(--accent); } :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -999px; } .skip:focus { left: 1rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem .9rem; padding: 0; list-style: none; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: .6rem; margin: .8rem 0; } dl div { background: var(--card); padding: .5rem .7rem; border-radius: 6px; } dt { color: var(--muted); font-size: .85rem; } dd { margin: 0; font-size: 1.15rem; font-variant-numeric: tabular-nums; }
.findings { background: var(--card); border-left: 4px solid var(--accent); padding: .5rem .9rem .5rem 2rem; border-radius: 0 6px 6px 0; overflow-wrap: anywhere; }
.chart { margin: .5rem 0; } .chart svg { width: 100%; height: auto; display: block; } .narrow { display: none; }
.timeline text { font-size: 10px; fill: var(--muted); } .timeline a:hover rect { stroke: var(--text); }
.key { width: 12px !important; height: 12px !important; display: inline-block !important; vertical-align: -1px; margin-right: 4px; } .legend span { margin-right: .8rem; white-space: nowrap; font-size: .85rem; }
.t-execute { fill: var(--accent); } .t-vain { fill: var(--bad); } .t-suspended { fill: var(--warn); } .t-validate { fill: var(--validate); } .t-wait { fill: var(--wait); } .t-recover { fill: var(--recover); } .t-commit { fill: var(--good); } .t-commits { stroke: var(--good); fill: none; }
.table { margin: .6rem 0; } .scroll { overflow-x: auto; max-height: 34rem; overflow-y: auto; border: 1px solid var(--line); border-radius: 6px; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; } caption { text-align: left; color: var(--muted); padding: .35rem .6rem; }
th { position: sticky; top: 0; background: var(--card); text-align: left; } th button { font: inherit; font-weight: 600; color: inherit; background: none; border: 0; padding: .35rem .6rem; width: 100%; text-align: inherit; cursor: pointer; white-space: nowrap; } th[aria-sort=ascending] button::after { content: " \\2191"; } th[aria-sort=descending] button::after { content: " \\2193"; }
td { padding: .25rem .6rem; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; } td a { white-space: nowrap; } .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.hex { font-family: ui-monospace, monospace; font-size: .95em; } tr:target td { background: color-mix(in srgb, var(--accent) 18%, transparent); }
.filter { display: inline-block; margin: .2rem 0; } .filter input { font: inherit; padding: .2rem .4rem; border: 1px solid var(--line); border-radius: 4px; background: var(--page); color: var(--text); }
details { margin: .6rem 0; } summary { cursor: pointer; font-weight: 600; }
footer { margin-top: 3rem; color: var(--muted); border-top: 1px solid var(--line); }
@media (max-width: 760px) {
  .wide { display: none; } .narrow { display: block; } body { padding: .7rem; }
  .scroll { overflow-x: visible; } thead { position: absolute; left: -9999px; } table, tbody, tr, td, caption { display: block; } tr { border-top: 1px solid var(--line); padding: .35rem 0; } td { border: 0; padding: .1rem .6rem; display: flex; gap: .8rem; justify-content: space-between; } td::before { content: attr(data-label); color: var(--muted); flex: none; max-width: 45%; } .number { white-space: normal; } td:has(div:empty) { display: none; } td:not(.number) > div { text-align: right; min-width: 0; }
}
@media print { .scroll { max-height: none; } }
`;

export const SCRIPT = `
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  table.querySelectorAll("th").forEach((head, column) => head.firstElementChild.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") !== "descending";
    for (const other of table.querySelectorAll("th")) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const valueOf = (row) => { const { dataset, textContent } = row.cells[column]; return dataset.sort === undefined ? textContent.trim() : Number(dataset.sort); };
    const rows = [...body.rows].sort((a, b) => { const [x, y] = [valueOf(a), valueOf(b)]; return (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y))) * (down ? -1 : 1); });
    body.append(...rows);
  }));
  const input = table.closest(".table").querySelector("input");
  input?.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\\s+/);
    for (const row of body.rows) {
      const text = (row.textContent + " " + [...row.querySelectorAll("[title]")].map((one) => one.title).join(" ")).toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
  });
}
// A link to a transaction opens what it lies in, and shows it although it was filtered out.
function show() {
  const row = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
  if (row === null) return;
  row.hidden = false;
  for (let at = row; at !== null; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  row.scrollIntoView({ block: "center" });
  if (row.tagName === "TR") row.focus({ preventScroll: true });
}
addEventListener("hashchange", show);
show();
`;
