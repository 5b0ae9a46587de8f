import { themeSheet } from './theme.js';

/** The page's only style sheet. System fonts, so that nothing is loaded. */
export function styleSheet(): string {
  return `${themeSheet()}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:3.5rem}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;overflow-wrap:break-word}
main,.bar>div,footer{max-width:1240px;margin:0 auto;padding:0 1.25rem}
a{color:var(--accent);text-underline-offset:.15em}
a:focus-visible,button:focus-visible,summary:focus-visible,.table-scroll:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
h1{font-size:1.75rem;line-height:1.2;margin:1.75rem 0 .25rem;letter-spacing:-.01em}
h2{font-size:1.3rem;line-height:1.3;margin:0 0 .35rem;letter-spacing:-.005em}
h3{font-size:1rem;margin:1.75rem 0 .5rem}
p{margin:.35rem 0}
small{display:block;font-size:.8em;font-weight:400;color:var(--muted)}
code{font:.9em ui-monospace,SFMono-Regular,Menlo,"Liberation Mono",monospace;overflow-wrap:anywhere}
.muted,.note,.absent{color:var(--muted)}
.note{font-size:.85rem;max-width:95ch}
.absent{font-size:.85em}
.lead{max-width:78ch}
.hidden,.skip:not(:focus){position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip:focus{position:absolute;z-index:3;left:1rem;top:.5rem;padding:.5rem 1rem;background:var(--surface)}
.bar{position:sticky;top:0;z-index:2;background:var(--surface);border-bottom:1px solid var(--line)}
.bar>div{display:flex;align-items:center;gap:1rem;min-height:2.9rem}
.bar nav{display:flex;gap:1.1rem;overflow-x:auto;flex:1;white-space:nowrap;font-size:.9rem;scrollbar-width:none}
.bar nav a{color:var(--text);text-decoration:none;padding:.6rem 0}
.bar nav a:hover{color:var(--accent)}
button{font:inherit;color:inherit;cursor:pointer}
.theme{font-size:.85rem;background:none;border:1px solid var(--line);border-radius:999px;padding:.2rem .8rem;white-space:nowrap}
section{background:var(--surface);border:1px solid var(--line);border-radius:12px;padding:1.4rem 1.5rem 1.5rem;margin:1.25rem 0}
.provenance{display:flex;flex-wrap:wrap;gap:.75rem 2.5rem;margin:1rem 0 .75rem}
.provenance div:nth-child(n+4){flex:1 1 17rem}
dt{font-size:.78rem;color:var(--muted)}
dd{margin:0}
.numbers{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,15rem),1fr));gap:.1rem 1.75rem;margin:.5rem 0;font-size:.85rem}
.numbers div{display:flex;justify-content:space-between;gap:1rem;border-bottom:1px solid var(--line);padding:.2rem 0;min-width:0}
.numbers dt{font-size:inherit;overflow-wrap:anywhere}
.numbers dd{font-variant-numeric:tabular-nums;white-space:nowrap}
.facts{display:flex;flex-wrap:wrap;gap:.15rem 0;list-style:none;margin:.4rem 0 0;padding:0;font-size:.85rem;color:var(--muted)}
.facts li:not(:last-child)::after{content:"·";margin:0 .5rem}
.banner{padding:.6rem .9rem;border-radius:8px;margin:.6rem 0}
.banner a{color:inherit}
.empty{color:var(--muted);padding:.8rem 1rem;border:1px dashed var(--line);border-radius:8px}
.good{color:var(--good-text);background:var(--good-surface)}
.warn{color:var(--warn-text);background:var(--warn-surface)}
.bad{color:var(--bad-text);background:var(--bad-surface)}
.plain{color:var(--plain-text);background:var(--plain-surface)}
.badge{display:inline-block;padding:.08rem .6rem;border-radius:999px;font-size:.8rem;font-weight:600;white-space:nowrap}
.badge.large{font-size:.9rem;padding:.18rem .75rem}
.badges{display:flex;flex-wrap:wrap;gap:.4rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:.6rem;list-style:none;margin:.5rem 0 1rem;padding:0;max-width:46rem}
.tile{border-radius:10px;padding:.55rem .9rem .6rem}
.tile b{display:block;font-size:1.5rem;line-height:1.25;font-variant-numeric:tabular-nums}
.tile span{font-size:.9rem;font-weight:600}
.tile.none{color:var(--muted);box-shadow:inset 0 0 0 1px var(--line)}
.tile.none *{font-weight:400}
.table-scroll{overflow-x:auto;margin:.5rem 0;border:1px solid var(--line);border-radius:8px}
table{border-collapse:collapse;width:100%;font-size:.9rem}
caption{text-align:left;padding:.5rem .75rem;font-size:.8rem;color:var(--muted)}
.table-scroll caption span{display:inline-block;position:sticky;left:.75rem;max-width:min(100%,calc(100vw - 5rem))}
th,td{text-align:left;vertical-align:top;padding:.5rem .75rem;border-top:1px solid var(--line)}
thead th{font-size:.8rem;font-weight:600;vertical-align:bottom;background:var(--raised)}
tbody th{font-weight:500}
.numeric{text-align:right;font-variant-numeric:tabular-nums}
.matrix td,.matrix tbody th,.dense td.numeric,.dense tbody th,.name{white-space:nowrap}
.dense thead th.numeric{min-width:6rem}
.dense thead th:has(.series){min-width:12.5rem}
.matrix thead th+th{min-width:10.75rem}
.matrix tbody th,.dense tbody th{background:var(--surface)}
.matrix th:first-child,.dense th:first-child{position:sticky;left:0;z-index:1;box-shadow:1px 0 var(--line)}
.matrix .score{font-weight:600}
.matrix .time{color:var(--muted);font-size:.85em;margin-top:.15rem}
.matrix .badge{margin-top:.25rem}
.best{background:var(--best-surface)}
.star{color:var(--good-text)}
.reason{min-width:16rem;max-width:44rem}
.series{display:inline-flex;align-items:center;gap:.5rem}
.series svg,.legend svg{flex:none;width:34px;height:12px}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.25rem;list-style:none;padding:0;margin:.5rem 0 .75rem;font-size:.88rem}
.legend li{display:flex;align-items:center;gap:.5rem}
thead .series{justify-content:flex-end}
.sort{all:unset;cursor:pointer;display:inline-flex;gap:.3rem;align-items:flex-end}
.sort:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.sort::after{content:"↕";color:var(--muted);opacity:.6;font-weight:400}
[aria-sort=ascending] .sort::after{content:"↑";opacity:1}
[aria-sort=descending] .sort::after{content:"↓";opacity:1}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,21rem),1fr));gap:1rem 1.5rem}
.figure{margin:0;min-width:0;max-width:30rem}
figcaption{font-size:.88rem;font-weight:600;margin-bottom:.15rem}
.figure .note{font-size:.78rem;margin:0}
.plot{display:block;max-width:100%;height:auto;--plot-background:var(--surface);overflow:visible}
.figure .plot{width:100%;font-size:11.5px}
.plot text{white-space:pre}
.plot [aria-label$="label"]{fill:var(--muted)}
.plot [aria-label$="tick"]{stroke:var(--line)}
.plot [aria-label$="grid"]{stroke:var(--line);stroke-opacity:1}
details{margin:.6rem 0}
summary{cursor:pointer;padding:.25rem 0;color:var(--accent);font-size:.92rem}
.algorithm{border-top:1px solid var(--line);margin:0;padding:.35rem 0}
.algorithm summary{color:var(--text)}
.algorithm summary .muted{font-size:.85rem}
.paper{font-size:.9rem}
.claims{margin-top:.5rem;table-layout:fixed}
.claims th:nth-child(1){width:11rem}
.claims th:nth-child(3){width:27%}
.claims th:nth-child(4){width:33%}
.claims tbody tr:last-child td{border-bottom:1px solid var(--line)}
.claims p{margin:.2rem 0}
.claims details{margin:.2rem 0 0}
.claims summary{font-size:.85rem}
.claims .numbers{grid-template-columns:1fr}
footer{padding-top:.5rem;padding-bottom:2.5rem;color:var(--muted);font-size:.85rem}
@media (max-width:760px){
main,.bar>div,footer{padding-left:.75rem;padding-right:.75rem}
section{padding:1.1rem .9rem;border-radius:10px}
h1{font-size:1.45rem;margin-top:1.25rem}
.provenance{gap:.6rem 1.75rem}
th,td{padding:.45rem .6rem}
.matrix th:first-child,.dense th:first-child{min-width:7.5rem;max-width:9.5rem;white-space:normal}
table .series svg{display:none}
.matrix thead th+th{min-width:8.5rem}
.claims,.claims tbody,.claims tr,.claims td{display:block}
.claims thead{display:none}
.claims tr{border:1px solid var(--line);border-radius:10px;padding:.7rem .8rem;margin:.7rem 0}
.claims td,.claims tbody tr:last-child td{border:0;padding:.3rem 0}
.claims td[data-label]::before{content:attr(data-label);display:block;font-size:.75rem;color:var(--muted)}
.claims td[data-label=statement]::before{content:none}
}
@media print{.bar,.theme{display:none}section{break-inside:auto;border:0;padding:0}.figure,tr{break-inside:avoid}.table-scroll{overflow:visible}body{background:none}}`;
}
