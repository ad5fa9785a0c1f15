#!/usr/bin/env python3
"""What each mechanism of the policy earns: it is left out, and things get worse. usage: mechanisms.py DIR, of SCENARIO.json. Prints
Markdown."""
import sys

from figures import p95, records, steps

WITHOUT = {
    "start lease": "headroom@start=0s",
    "hold over gaps": "headroom@hold=0",
    "forecast": "headroom@earlyPercent=100",
    "kernel burst": "headroom@burstPercent=0",
    "lowered weight": "headroom@weightEighths=8",
    "backing off": "headroom@harmBackoff=0;harmWindow=1000",
    "hidden start": "headroom-file",
    "raised limit": "headroom-hidden",
}
EARNS = 1.03   # a seed more or less is worth 2 %


def ratios(record, arm):
    """Steps, Burstable p95, Guaranteed p95 of the arm over those of headroom as it is; None: there is no such figure."""
    def over(of):
        left, right = of(arm), of("headroom")
        return left / right if left and right else None
    return [over(lambda a: (steps(record, a) or (0, None))[1]), over(lambda a: p95(record, a, "burstable")),
            over(lambda a: p95(record, a, "guaranteed"))]


def cell(values):
    return " / ".join("-" if v is None else f"**{v:.2f}**" if v >= EARNS else f"{v:.2f}" for v in values)


def main():
    all_records = records(sys.argv[1])
    earned = {name: [] for name in WITHOUT}
    print("""# What each mechanism earns

`./test.sh evidence mechanisms`: simulated, 2 CPUs, every scenario at its full size under the policy `headroom` as it is and with one
mechanism left out. In each cell what gets worse without it: steps (makespan, mean start or mean burst) / p95 of Burstable / of
Guaranteed neighbours, over what they are with it. Bold: by 3 % or more.

| scenario | """ + " | ".join(f"without {name}" for name in WITHOUT) + " |\n|---|" + "---|" * len(WITHOUT))
    for scenario, record in all_records.items():
        cells = []
        for name, arm in WITHOUT.items():
            values = ratios(record, arm)
            if any(v is not None and v >= EARNS for v in values):
                earned[name].append(scenario)
            cells.append(cell(values))
        print(f"| {scenario} | " + " | ".join(cells) + " |")
    print("\n| mechanism | left out by | earns something in |\n|---|---|---|")
    for name, where in earned.items():
        print(f"| {name} | `{WITHOUT[name]}` | {', '.join(where) or '**nothing here**'} |")
    return 0 if all_records else 1


if __name__ == "__main__":
    sys.exit(main())
