"""Runs the parts on the node. usage: check.py STATE [PART...]; see run.sh. Whether there is such a part is asked before a node is started."""
import sys

from checks import failures
from node import Node
from parts import argo, basic, chart, demo, engines, faults, scheduler, secrets

PARTS = {"basic": basic.run, "chart": chart.run, "argo": argo.run, "engines": engines.run, "secrets": secrets.run}
LONG = {"scheduler": scheduler.run, "faults": faults.run, "demo": demo.run}   # by name only


def unknown(parts):
    """@return what to say of the first that there is not; "": there are all"""
    return next((f"no part \"{name}\"; one of: {' '.join(PARTS | LONG)}" for name in parts if name not in PARTS | LONG), "")


def main():
    state, *parts = sys.argv[1:]
    for name in parts or PARTS:
        (PARTS | LONG)[name](Node(state))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
