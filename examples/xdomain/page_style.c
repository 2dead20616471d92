/* How a page looks: on paper, on phones, and on screens that are light or dark. It uses the reader's own fonts and asks
 * for nothing. */
#include "page.h"

const char *const page_style[] = {
    ":root{color-scheme:light dark;--paper:#fcfbf8;--card:#fff;--ink:#1d1c1a;--soft:#625e56;--line:#e2ded5;"
    "--l0:#0a6c74;--l1:#b8500b;--heat:10,108,116;--miss:184,62,11;--halo:#fcfbf8}",
    "@media (prefers-color-scheme:dark){:root{--paper:#151514;--card:#1d1c1b;--ink:#eae7df;--soft:#a6a096;"
    "--line:#35332f;--l0:#5cc4cb;--l1:#f0985a;--heat:70,176,184;--miss:240,128,80;--halo:#151514}}",
    "*{box-sizing:border-box}",
    "html{-webkit-text-size-adjust:100%;text-size-adjust:100%}",
    "body{margin:0 auto;max-width:52rem;padding:2.5rem 1.5rem 4rem;background:var(--paper);color:var(--ink);"
    "font:1rem/1.6 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Helvetica Neue\",Arial,sans-serif}",
    "h1,h2,h3{line-height:1.2;text-wrap:balance}",
    "h1{font-size:2.4rem;letter-spacing:-.02em;margin:0 0 .6rem;overflow-wrap:anywhere}",
    "h2{font-size:1.45rem;letter-spacing:-.01em;margin:0 0 .6rem}",
    "h3{font-size:1rem;margin:1.6rem 0 .6rem}",
    "p{margin:0 0 .8rem;max-width:40rem}",
    "section{border-top:1px solid var(--line);margin-top:2.6rem;padding-top:2rem}",
    ".kicker{color:var(--l0);font-size:.8rem;font-weight:600;letter-spacing:.08em;margin:0 0 .4rem;"
    "text-transform:uppercase}",
    ".lead{font-size:1.2rem;line-height:1.5;overflow-wrap:anywhere;text-wrap:pretty}",
    ".note,.facts,.beside{color:var(--soft);font-size:.875rem}",
    ".facts{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;list-style:none;margin:0 0 1.4rem;padding:0}",
    "nav{margin:1.6rem 0 0}",
    "nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;list-style:none;margin:0;padding:0}",
    "a{color:var(--l0);text-underline-offset:.2em;text-decoration-thickness:1px}",
    ".cards{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(20rem,100%),1fr))}",
    ".card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1.1rem 1.2rem .4rem}",
    ".card h2{font-size:1rem;letter-spacing:0;margin:0 0 .5rem}",
    ".card dl{display:grid;gap:.8rem;grid-template-columns:1fr 1fr;margin:0 0 .8rem}",
    ".card dt{color:var(--soft);font-size:.875rem}",
    ".card dd{font-size:1.6rem;font-variant-numeric:tabular-nums;letter-spacing:-.01em;line-height:1.25;margin:0}",
    ".card dd.beside{font-size:.8rem;letter-spacing:0}",
    "figure{margin:0}",
    ".row{align-items:center;display:grid;gap:.2rem 1rem;grid-template-columns:6.5rem minmax(0,1fr);margin:0 0 .7rem}",
    ".row figcaption{font-weight:600;overflow-wrap:anywhere}",
    ".row figcaption:empty{display:none}",
    ".row figcaption:empty+img{grid-column:1/-1}",
    ".row figcaption span{color:var(--soft);font-weight:400}",
    ".row img{display:block;height:auto;max-width:100%}",
    ".charts{display:grid;gap:1.6rem 2rem;grid-template-columns:repeat(auto-fit,minmax(min(20rem,100%),1fr));"
    "margin:0 0 1rem}",
    ".chart figcaption{color:var(--soft);font-size:.875rem;margin:0 0 .4rem}",
    ".chart b{color:var(--ink)}",
    ".key{margin-right:1rem}",
    ".key::before{border-top:.2rem solid;content:\"\";display:inline-block;margin-right:.4rem;vertical-align:.22em;"
    "width:1.4rem}",
    ".key.l1::before{border-top-style:dotted}",
    ".l0{--c:var(--l0)}.l1{--c:var(--l1)}",
    ".key::before{border-color:var(--c)}",
    "svg{display:block;height:auto;width:100%}",
    "svg text{fill:var(--soft);font-size:11px;font-variant-numeric:tabular-nums}",
    ".rule{stroke:var(--line)}.frame{fill:none;stroke:var(--line)}",
    ".line{fill:none;stroke:var(--c);stroke-linejoin:round;stroke-width:2}",
    ".line.l1{stroke-dasharray:5 3}",
    "circle{fill:var(--c)}.mark{stroke:var(--c);stroke-dasharray:1 3;stroke-width:1.5}",
    ".dots{fill:none;stroke:var(--c);stroke-linecap:round;stroke-opacity:.75;stroke-width:4.5}",
    "svg .middle{fill:var(--ink);font-size:14px;font-weight:700;paint-order:stroke;stroke:var(--halo);"
    "stroke-linejoin:round;stroke-width:4px}",
    ".c0{--c:#3b7dd8}.c1{--c:#e07a2c}.c2{--c:#2f9e62}.c3{--c:#d24a5c}.c4{--c:#8a65c9}"
    ".c5{--c:#9c6d4e}.c6{--c:#d56bb0}.c7{--c:#86923a}.c8{--c:#1ba2b0}.c9{--c:#8c8c8c}",
    ".scroll{margin:0 0 1.4rem;overflow-x:auto}",
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}",
    "caption{color:var(--soft);font-size:.875rem;padding:0 0 .5rem;text-align:left}",
    "th,td{border-bottom:1px solid var(--line);padding:.35rem .7rem;text-align:right;vertical-align:baseline}",
    "thead th{color:var(--soft);font-size:.875rem;font-weight:600}",
    "th:first-child,.text{text-align:left}",
    "th:first-child,td:first-child{padding-left:0}",
    "td.text{color:var(--soft)}",
    "td,.networks th,.classes th{white-space:nowrap}",
    ".confusion th:not(:first-child){text-align:center}",
    ".confusion td{background:rgba(var(--miss),var(--a));min-width:3.2rem;text-align:center}",
    ".confusion td.right{background:rgba(var(--heat),calc(var(--a)*.5))}",
    ".none{color:var(--soft)}",
    "th small{color:var(--soft);display:block;font-weight:400}",
    "code,pre,.properties{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;"
    "font-size:.8rem}",
    "pre{background:var(--card);border:1px solid var(--line);border-radius:.4rem;line-height:1.5;margin:0 0 1rem;"
    "overflow-wrap:anywhere;padding:.8rem 1rem;white-space:pre-wrap}",
    ".properties{display:grid;gap:.35rem 1.2rem;grid-template-columns:max-content minmax(0,1fr);margin:0}",
    ".properties dt{color:var(--soft)}.properties dd{margin:0;overflow-wrap:anywhere}",
    ":focus-visible{outline:2px solid var(--l0);outline-offset:3px}",
    "@media (min-width:48rem){.row img{image-rendering:pixelated}}",
    "@media (max-width:40rem){body{padding:1.5rem 1rem 3rem}h1{font-size:1.9rem}.lead{font-size:1.1rem}table{font-size:.9rem}th,td{padding:.3rem .4rem}.confusion td{min-width:2.4rem}"
    ".row{grid-template-columns:minmax(0,1fr)}"
    ".properties{grid-template-columns:minmax(0,1fr);gap:0}.properties dd{margin-bottom:.6rem}}",
    "@media print{:root{--paper:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;--l0:#0a6c74;--l1:#b8500b;"
    "--heat:10,108,116;--miss:184,62,11;--halo:#fff}body{font-size:10pt;max-width:none;padding:0}nav{display:none}"
    "figure,.card,table,pre{break-inside:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible}"
    ".confusion td,.row img{print-color-adjust:exact;-webkit-print-color-adjust:exact}}",
    NULL};
