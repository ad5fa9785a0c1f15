// Kept apart from the page's words: a style sheet and a script, as they are sent.
#include "lab/page.hpp"

namespace headroom::lab {

// Colours of arms after Okabe and Ito, darkened to 3:1 on white and lightened on black; dashes and markers tell them
// apart in print. Order: plot_common.cpp.
const char* page_style() {
  return R"css(
:root{--bg:#fff;--fg:#1b1f24;--soft:#57606a;--rule:#d4d9df;--grid:#e6e9ed;--panel:#f6f8fa;--good:#e3f3ea;--harm:#fbe9e1;--yes:#11663a;--no:#b3261e;--unsure:#7a5200;
--warn:#fff4d6;--usage:#7fa6cc;--quota:#8a3b00;--lease:#b4dfc6;--stood:#c0262d;--base:#57606a;
--arm0:#555b61;--arm1:#858c94;--arm2:#c94f00;--arm3:#9c6a00;--arm4:#0067a8;--arm5:#007a5a;--arm6:#a8437f;--arm7:#3d86b8;--arm8:#6a4fc4;--arm9:#8a3b3b;--arm10:#4d6b00;--arm11:#006a75}
@media (prefers-color-scheme:dark){:root{--bg:#14171b;--fg:#e8eaed;--soft:#a5adb6;--rule:#3a4149;--grid:#2a3037;--panel:#1c2126;--good:#17301f;--harm:#3a2119;--yes:#63d297;--no:#ff8a80;--unsure:#e6b94a;
--warn:#3a3010;--usage:#46698c;--quota:#ffb366;--lease:#27603f;--stood:#ff6b6b;--base:#a5adb6;
--arm0:#d0d5da;--arm1:#969ea7;--arm2:#ff8a4c;--arm3:#e6b94a;--arm4:#5bb4f0;--arm5:#3fd0a5;--arm6:#ee9fca;--arm7:#9ad0f5;--arm8:#b9a5ff;--arm9:#f0a0a0;--arm10:#b5d45a;--arm11:#5fd6e0}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1720px;padding:1rem clamp(.75rem,2.5vw,2.5rem) 3rem;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
h1{font-size:1.5rem;margin:.4rem 0 .8rem}h2{font-size:1.3rem;margin:2.4rem 0 .5rem;padding-top:.8rem;border-top:2px solid var(--rule)}h3{font-size:1.05rem;margin:1.6rem 0 .3rem}h4{font-size:.92rem;margin:.8rem 0 .2rem}figure h4{margin-top:0}
p{margin:.3rem 0 .7rem;max-width:80ch}a{color:var(--arm4)}
.machine,.note,figcaption{color:var(--soft);font-size:.86rem}.verdict{font-weight:600}
.warning{background:var(--warn);border-left:4px solid var(--unsure);padding:.4rem .7rem}
.skip{position:absolute;left:-999px}.skip:focus{left:1rem;top:.5rem;background:var(--bg);padding:.3rem .6rem;z-index:2}
:focus-visible{outline:2px solid var(--arm4);outline-offset:2px}
.scroll{overflow-x:auto;margin:.2rem 0 1.2rem}
table{border-collapse:collapse;font-size:.86rem;font-variant-numeric:tabular-nums}
th,td{padding:.22rem .6rem;border-bottom:1px solid var(--rule);text-align:right;white-space:nowrap}
thead th{vertical-align:bottom;color:var(--soft);font-weight:600;white-space:normal;min-width:3.6rem}
th:first-child{text-align:left;position:sticky;left:0;background:var(--bg)}tbody th{font-weight:500}
th.words,td.words{text-align:left}
.yes{color:var(--yes);font-weight:600}.no{color:var(--no);font-weight:700}.unsure{color:var(--unsure);font-weight:600}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,410px),1fr));gap:1rem 1.4rem;margin:.8rem 0 1.4rem}
figure{margin:0;padding:.6rem .6rem .5rem;border:1px solid var(--rule);border-radius:6px;min-width:0;max-width:640px}
.mains{grid-template-columns:repeat(auto-fill,minmax(min(100%,480px),600px))}figure.main h3{margin:0 0 .2rem}
figure svg{display:block;width:100%;height:auto}figcaption{margin-top:.3rem}
pre{background:var(--panel);border:1px solid var(--rule);border-radius:4px;padding:.5rem .7rem;overflow-x:auto;font-size:.86rem}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;padding:0;margin:.3rem 0;font-size:.86rem}.legend svg{width:22px;height:12px;vertical-align:-1px}
svg text{font:10.5px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:var(--fg);font-variant-numeric:tabular-nums}
svg text.tick{font-size:10px;fill:var(--soft)}svg text.axis-title{font-size:10.5px;fill:var(--soft)}svg text.quarter{fill:var(--soft);font-style:italic}
svg text.direct{font-weight:500;paint-order:stroke;stroke:var(--bg);stroke-width:2.4px;stroke-opacity:.7}svg text.doubt{font-size:10px;font-weight:600;fill:var(--unsure)}svg text.simulated{font-size:10px;font-weight:700;fill:var(--no)}
.grid{stroke:var(--grid);stroke-width:1}.axis{stroke:var(--soft);stroke-width:1}
.one{stroke:var(--soft);stroke-width:1.2}.bar-line{stroke:var(--no);stroke-width:1;stroke-dasharray:4 3}
.good{fill:var(--good)}.harm{fill:var(--harm)}.legend-box{fill:var(--bg);fill-opacity:.88;stroke:var(--grid)}
.arm0{--c:var(--arm0)}.arm1{--c:var(--arm1)}.arm2{--c:var(--arm2)}.arm3{--c:var(--arm3)}.arm4{--c:var(--arm4)}.arm5{--c:var(--arm5)}.arm6{--c:var(--arm6)}.arm7{--c:var(--arm7)}.arm8{--c:var(--arm8)}.arm9{--c:var(--arm9)}.arm10{--c:var(--arm10)}.arm11{--c:var(--arm11)}
.curve{fill:none;stroke:var(--c);stroke-width:1.8;stroke-linejoin:round}
.arm1.curve{stroke-dasharray:2 2}.arm2.curve{stroke-dasharray:7 3}.arm3.curve{stroke-dasharray:7 3 2 3}.arm6.curve{stroke-dasharray:4 2}.arm7.curve{stroke-dasharray:1.5 3}.arm9.curve{stroke-dasharray:9 2 2 2}.arm10.curve{stroke-dasharray:5 5}.curve.second{stroke-dasharray:5 3}.again.curve{stroke-dasharray:1 3}
.curve.unsure{stroke-opacity:.55}
.dot{fill:var(--c);stroke:var(--bg);stroke-width:1}.dot.hollow{fill:var(--bg);stroke:var(--c);stroke-width:1.6}
.pair{stroke:var(--c);stroke-width:1.4;stroke-opacity:.6}.leader{stroke:var(--c);stroke-width:.8;stroke-opacity:.7}
.full{fill:var(--c)}.pale{fill:var(--c);fill-opacity:.45}
.usage{fill:var(--usage)}.quota{fill:none;stroke:var(--quota);stroke-width:1.4}.base{stroke:var(--base);stroke-width:1.2;stroke-dasharray:4 3}.lease{fill:var(--lease)}.stood{fill:var(--stood)}
.reading-line{stroke:var(--fg);stroke-width:.8;stroke-dasharray:2 2}
.reading{font-size:.82rem;min-height:1.3em;margin:.2rem 0 0;font-variant-numeric:tabular-nums;color:var(--fg)}
@media (max-width:600px){figure{padding:.4rem .3rem}figure h3,figure h4,figcaption,.reading{padding:0 .2rem}th,td{padding:.22rem .4rem}tbody th,td.words{white-space:normal;min-width:5.5rem}}
@page{size:A4 landscape;margin:12mm}
@media print{:root{color-scheme:light}body{max-width:none;font-size:10.5pt;padding:0}.plots,.mains{grid-template-columns:1fr 1fr}figure,tr,pre{break-inside:avoid}h2,h3,h4{break-after:avoid}.scroll{overflow:visible}table{font-size:7.5pt}th,td{padding:1pt 3pt}thead th{min-width:0}.skip,.reading{display:none}}
)css";
}

// Pointing at a latency picture, or the arrow keys in it, reads every curve there. No character that XML would take.
const char* page_script() {
  return R"js(
document.querySelectorAll("svg[data-read]").forEach(function (svg) {
  var scale = function (text) { return text.split(" ").map(function (part, i) { return i ? Number(part) : part; }); };
  var x = scale(svg.dataset.x), y = scale(svg.dataset.y), unit = svg.dataset.unit;
  var odds = function (p) { return Math.log(p / (1 - p)); };
  var shareAt = function (py) {
    var v = odds(y[1]) + (py - y[3]) / (y[4] - y[3]) * (odds(y[2]) - odds(y[1]));
    return 1 / (1 + Math.exp(-v));
  };
  var timeAt = function (px) { return x[1] * Math.pow(x[2] / x[1], (px - x[3]) / (x[4] - x[3])); };
  var lines = Array.from(svg.querySelectorAll("polyline[data-name]")).map(function (line) {
    return { name: line.dataset.name, points: Array.from(line.points).map(function (p) { return [p.x, p.y]; }) };
  });
  var mark = document.createElementNS("http://www.w3.org/2000/svg", "line");
  mark.setAttribute("class", "reading-line");
  mark.setAttribute("visibility", "hidden");
  svg.appendChild(mark);
  var told = document.createElement("p");
  told.className = "reading";
  told.setAttribute("aria-live", "polite");
  svg.insertAdjacentElement("afterend", told);
  var at = y[3] + (y[4] - y[3]) * 0.8;
  var read = function () {
    var parts = lines.map(function (line) {
      var best = line.points[0];
      line.points.forEach(function (p) { best = Math.abs(p[1] - at) - Math.abs(best[1] - at) >= 0 ? best : p; });
      var v = timeAt(best[0]);
      return line.name + " " + (v >= 100 ? v.toFixed(0) : v >= 10 ? v.toFixed(1) : v.toFixed(2));
    });
    told.textContent = (shareAt(at) * 100).toFixed(1) + " % within, " + unit + ": " + parts.join(", ");
    [["x1", x[3]], ["x2", x[4]], ["y1", at], ["y2", at], ["visibility", "visible"]].forEach(function (a) { mark.setAttribute(a[0], a[1]); });
  };
  var move = function (to) { at = Math.min(y[3], Math.max(y[4], to)); read(); };
  svg.addEventListener("pointermove", function (e) {
    var box = svg.getBoundingClientRect();
    move((e.clientY - box.top) / box.height * svg.viewBox.baseVal.height);
  });
  svg.addEventListener("pointerleave", function () { mark.setAttribute("visibility", "hidden"); told.textContent = ""; });
  svg.addEventListener("keydown", function (e) {
    var by = e.key === "ArrowUp" ? -4 : e.key === "ArrowDown" ? 4 : 0;
    if (by) { e.preventDefault(); move(at + by); }
  });
});
)js";
}

}  // namespace headroom::lab
