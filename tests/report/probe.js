// Runs in a copy of the page, before anything else of it: notes errors, and once it is laid out measures every picture.
var probed = { errors: [] };
addEventListener("error", function (e) { probed.errors.push(String(e.message)); });
addEventListener("unhandledrejection", function (e) { probed.errors.push(String(e.reason)); });

function apart(a, b) { return Math.min(a.right, b.right) - Math.max(a.left, b.left) < 1.5 || Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) < 2.5; }

function measure(svg) {
  var frame = svg.getBoundingClientRect(), out = { label: svg.getAttribute("aria-label") || "", width: frame.width, height: frame.height, clipped: [], overlaps: [], smallest: 99 };
  var texts = Array.from(svg.querySelectorAll("text")).filter(function (t) { return t.textContent; });
  var boxes = texts.map(function (t) { return t.getBoundingClientRect(); });
  var scale = frame.width / svg.viewBox.baseVal.width;
  texts.forEach(function (t, i) {
    out.smallest = Math.min(out.smallest, parseFloat(getComputedStyle(t).fontSize) * scale);
    var b = boxes[i];
    if (b.left < frame.left - 1 || b.right > frame.right + 1 || b.top < frame.top - 1 || b.bottom > frame.bottom + 1) out.clipped.push(t.textContent);
    for (var j = i + 1; j < texts.length; ++j) if (!apart(b, boxes[j])) out.overlaps.push(t.textContent + " | " + texts[j].textContent);
  });
  return out;
}

/// The arrow keys and the pointer have to read the curves, or the script is dead.
function readings() {
  return Array.from(document.querySelectorAll("svg[data-read]")).map(function (svg) {
    svg.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp" }));
    var told = svg.nextElementSibling.textContent;
    svg.dispatchEvent(new PointerEvent("pointerleave"));
    return told;
  });
}

addEventListener("load", function () {
  var root = document.documentElement;
  probed.readings = readings();
  probed.width = innerWidth;
  probed.wide = root.scrollWidth;
  probed.height = root.scrollHeight;
  probed.dark = matchMedia("(prefers-color-scheme: dark)").matches;
  probed.background = getComputedStyle(document.body).backgroundColor;
  probed.plots = Array.from(document.querySelectorAll("svg[role=img]")).map(measure);
  probed.fetched = performance.getEntriesByType("resource").map(function (e) { return e.name; });
  parent.postMessage(JSON.stringify(probed), "*");
});
