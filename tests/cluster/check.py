"""Runs the parts on the node. usage: check.py STATE [PART...]; see run.sh."""
import sys

from checks import failures
from node import Node
from parts import argo, basic, chart, demo, engines, faults, scheduler, secrets

PARTS = {"basic": basic.run, "chart": chart.run, "argo": argo.run, "engines": engines.run, "secrets": secrets.run}
LONG = {"scheduler": scheduler.run, "faults": faults.run, "demo": demo.run}   # by name only


def main():
    state, *parts = sys.argv[1:]
    for name in parts or PARTS:
        if name not in PARTS | LONG:
            print(f"no part \"{name}\"; one of: {' '.join(PARTS | LONG)}")
            return 2
        (PARTS | LONG)[name](Node(state))
    return 1 if failures else 0


sys.exit(main())
