#!/usr/bin/env python3
"""Opens a report in a real browser: well-formed, laid out, alone, without errors.

usage: check.py CHROMIUM PAGE.html PLOTS OUT_DIR    PLOTS: how many pictures there have to be
"""
import html
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

HERE = pathlib.Path(__file__).resolve().parent
WIDTHS = (390, 1600)
SMALLEST_TEXT = 8.5   # px
TALLEST = 16000       # px, of a screenshot
DARK = "--blink-settings=preferredColorScheme=0"

# The page is looked at in a frame: a headless window cannot be as narrow as a telephone.
FRAME = """<!DOCTYPE html><html><head><style>body{{margin:0;background:#777}}iframe{{border:0;display:block}}</style></head><body>
<iframe src="{page}" width="{width}" height="{height}"></iframe><pre id="probed"></pre>
<script>addEventListener("message", function (e) {{ document.getElementById("probed").textContent = e.data; }});</script>
</body></html>"""


def chromium(program, home, url, *options):
    command = [program, "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
               "--disable-background-networking", "--disable-component-update", "--disable-sync", "--enable-logging=stderr", "--v=0",
               f"--user-data-dir={home}/profile", "--virtual-time-budget=5000", *options, url]
    if os.geteuid() == 0:
        command.insert(1, "--no-sandbox")
    return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=240, check=False)


def frame(home, name, width, height):
    path = home / f"frame-{name}-{width}.html"
    path.write_text(FRAME.format(page=f"{name}.html", width=width, height=height))
    return path.as_uri()


def console(ran):
    return [line for line in ran.stderr.splitlines() if "CONSOLE" in line]


def probe(program, home, width, *options):
    ran = chromium(program, home, frame(home, "probed", width, 900), f"--window-size={max(width, 600)},900", "--dump-dom", *options)
    found = re.search(r'<pre id="probed">(.*?)</pre>', ran.stdout, re.S)
    if not found or not found.group(1):
        raise SystemExit(f"the page did not answer at {width} px; the browser said:\n{ran.stderr[-2000:]}")
    return json.loads(html.unescape(found.group(1))), console(ran)


def shoot(program, home, out, width, height, *options):
    picture = out / f"report-{width}{'-dark' if options else ''}.png"
    ran = chromium(program, home, frame(home, "page", width, height), f"--window-size={max(width, 600)},{height}",
                   f"--screenshot={picture}", *options)
    if not picture.is_file() or picture.stat().st_size < 20_000:
        return [f"no screenshot at {width} px: {ran.stderr[-500:]}"]
    return console(ran)


def faults_of(seen, plots, width):
    out = [f"error in the page: {e}" for e in seen["errors"]]
    if seen["width"] != width:
        out.append(f"laid out at {seen['width']} px, not {width}")
    if seen["wide"] > width:
        out.append(f"the page is {seen['wide']} px wide at {width} px")
    if len(seen["plots"]) != plots:
        out.append(f"{len(seen['plots'])} pictures, not {plots}")
    out += [f"fetched {url}" for url in seen["fetched"]]
    if not all(" % within, ms: " in told for told in seen["readings"]):
        out.append(f"the arrow keys read {seen['readings']}")
    for plot in seen["plots"]:
        name = plot["label"][:70]
        if plot["width"] < 200 or plot["height"] < 60:
            out.append(f"{name}: {plot['width']} x {plot['height']} px")
        if not plot["label"]:
            out.append("a picture without a label")
        if plot["smallest"] < SMALLEST_TEXT:
            out.append(f"{name}: text of {plot['smallest']:.1f} px")
        out += [f"{name}: clipped: {text}" for text in plot["clipped"]] + [f"{name}: overlap: {text}" for text in plot["overlaps"]]
    return [f"{width} px: {fault}" for fault in out]


def well_formed(text):
    """An XML parser takes it; ids are there once."""
    try:
        tree = ElementTree.fromstring(text.replace("<!DOCTYPE html>", "", 1))
    except ElementTree.ParseError as error:
        return [f"not well-formed: {error}"]
    ids = [e.get("id") for e in tree.iter() if e.get("id")]
    return [f"id twice: {i}" for i in set(ids) if ids.count(i) > 1]


def main():
    program, page, plots, out = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]), pathlib.Path(sys.argv[4])
    out.mkdir(parents=True, exist_ok=True)
    text = page.read_text(encoding="utf-8")
    faults = well_formed(text)
    with tempfile.TemporaryDirectory() as scratch:
        home = pathlib.Path(scratch)
        (home / "page.html").write_text(text, encoding="utf-8")
        script = "<script>" + (HERE / "probe.js").read_text() + "</script>"
        (home / "probed.html").write_text(text.replace("<head>", "<head>" + script, 1), encoding="utf-8")
        for width in WIDTHS:
            seen, said = probe(program, home, width)
            faults += faults_of(seen, plots, width) + said
            faults += shoot(program, home, out, width, min(seen["height"], TALLEST))
            print(f"{width} px: {len(seen['plots'])} pictures, {seen['height']} px tall, background {seen['background']}, "
                  f"smallest text {min(p['smallest'] for p in seen['plots']):.1f} px")
        light = seen["background"]
        seen, said = probe(program, home, WIDTHS[-1], DARK)
        if not seen["dark"] or seen["background"] == light:
            faults.append(f"in the dark the background is {seen['background']}, as in the light")
        faults += said + shoot(program, home, out, WIDTHS[-1], min(seen["height"], TALLEST), DARK)
    for fault in faults:
        print(f"FAULT {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
