"""Runs the parts on the node. usage: check.py STATE [PART...]; see run.sh."""
import sys

import argo
import basic
import chart
import engines
import secrets_part
from checks import failures
from node import Node

PARTS = {"basic": basic.run, "chart": chart.run, "argo": argo.run, "engines": engines.run, "secrets": secrets_part.run}


def main():
    state, *parts = sys.argv[1:]
    for name in parts or PARTS:
        if name not in PARTS:
            print(f"no part \"{name}\"; one of: {' '.join(PARTS)}")
            return 2
        PARTS[name](Node(state))
    return 1 if failures else 0


sys.exit(main())
