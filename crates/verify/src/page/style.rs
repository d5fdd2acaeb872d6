//! The look of the page.

pub(super) const CSS: &str = r"
:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--faint:#57606a;--line:#d0d7de;
--up:#2da44e;--degraded:#d4a72c;--down:#cf222e;--off:#afb8c1}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--faint:#9198a1;
--line:#30363d;--up:#3fb950;--degraded:#d29922;--down:#f85149;--off:#484f58}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:52rem;margin:0 auto;padding:2rem 1rem}
h1{margin:.2rem 0;font-size:1.8rem}
h2{margin:2.5rem 0 .5rem;padding-top:1rem;border-top:1px solid var(--line);font-size:1.3rem}
h3{margin:1.5rem 0 .3rem;font-size:1rem}
.kicker,.note,dt{color:var(--faint)}
.simulated{padding:.8rem 1rem;border:2px solid var(--degraded);font-weight:600}
.verdict{padding:.1rem .5rem;border:1px solid currentColor;border-radius:1rem;font-size:.9rem}
.verdict.met{color:var(--up)}.verdict.breached{color:var(--down)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:0}
dd{margin:0}
.timeline{display:block;width:100%;height:1.5rem;margin:1rem 0}
.timeline .up{fill:var(--up)}.timeline .degraded{fill:var(--degraded)}
.timeline .down{fill:var(--down)}
.timeline .empty,.timeline .excluded,.timeline .unmeasured,.timeline .future{fill:var(--off)}
table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .5rem;border-bottom:1px solid var(--line);text-align:left}
code{font-family:ui-monospace,monospace;font-size:.9em}
@media print{:root{color-scheme:light;--ink:#000;--paper:#fff;--faint:#444;--line:#bbb}body{font-size:11pt}main{max-width:none;padding:0}
h2,h3{break-after:avoid}tr,.timeline{break-inside:avoid}
.timeline rect{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
";
