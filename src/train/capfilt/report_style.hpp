// How report.html looks.
#pragma once

#include <string_view>

namespace blip::train {

// Colours told apart by people with any colour vision (after Okabe and Ito); light or dark as the
// reader's system is.
inline constexpr std::string_view kReportStyle = R"css(
:root { color-scheme: light dark; --page: #f5f5f3; --sheet: #fff; --ink: #1d1d1f; --pale: #6b6b70;
  --line: #e2e2de; --web: #0072b2; --synthetic: #c65102; --human: #00805c; --dropped: #b9b9b4;
  --faint: #f0f0ed; }
@media (prefers-color-scheme: dark) { :root { --page: #17181a; --sheet: #212327; --ink: #ececec;
  --pale: #a0a0a6; --line: #35373c; --web: #4fb0e5; --synthetic: #f2883c; --human: #38c79a;
  --dropped: #55575d; --faint: #2a2c31; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 1160px; margin: 0 auto; padding: 36px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.01em; }
h2 { font-size: 19px; margin: 44px 0 2px; }
.lead { color: var(--pale); margin: 0 0 4px; overflow-wrap: anywhere; }
.sheet { background: var(--sheet); border: 1px solid var(--line); border-radius: 10px; }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 14px;
  margin: 26px 0 14px; }
.numbers > div { padding: 14px 18px; }
.numbers b { display: block; font-size: 27px; line-height: 1.25; font-weight: 650; }
.numbers span { color: var(--pale); font-size: 13.5px; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 9px 18px; border-top: 1px solid var(--line); }
tr:first-child th { border-top: 0; }
th { font-weight: 500; color: var(--pale); font-size: 13px; }
th:first-child, td:first-child { text-align: left; }
td.share { width: 36%; }
.bar { display: block; height: 10px; border-radius: 5px; background: var(--dropped);
  overflow: hidden; }
.bar i { display: block; height: 100%; background: var(--c); }
.web { --c: var(--web); } .synthetic { --c: var(--synthetic); } .human { --c: var(--human); }
.badge { font-size: 11.5px; font-weight: 600; color: var(--c); text-transform: uppercase;
  letter-spacing: 0.05em; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 14px;
  margin-top: 14px; }
.charts > div { padding: 14px 18px 8px; }
svg { display: block; width: 100%; height: auto; }
svg text { font-size: 11px; fill: var(--pale); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(255px, 1fr)); gap: 14px;
  margin-top: 14px; }
.card { overflow: hidden; }
.card > img, .card > .blank { display: block; width: 100%; height: 172px; object-fit: cover;
  background: var(--faint); }
.card > .blank { line-height: 172px; text-align: center; color: var(--pale); }
.card ul { list-style: none; margin: 0; padding: 2px 14px 4px; }
.card li { padding: 9px 0 10px; border-top: 1px solid var(--line); }
.card li:first-child { border-top: 0; }
.card p { margin: 1px 0 6px; line-height: 1.35; overflow-wrap: anywhere; }
.dropped p { color: var(--pale); }
.head { display: flex; justify-content: space-between; font-size: 12.5px; color: var(--pale); }
.kept .verdict { color: var(--ink); font-weight: 600; }
.scale { position: relative; height: 6px; border-radius: 3px; background: var(--faint); }
.scale i { position: absolute; inset: 0 auto 0 0; border-radius: 3px; background: var(--c); }
.dropped .scale i { opacity: 0.45; }
.scale u { position: absolute; top: -3px; bottom: -3px; width: 2px; background: var(--ink); }
.key { padding: 0 14px 10px; font-size: 12px; color: var(--pale); overflow-wrap: anywhere; }
)css";

}  // namespace blip::train
