#!/usr/bin/env python3
"""Speed, cores and memory of simulated nodes. usage: fleet.py BIN. Prints Markdown; exit 1 if a bar is not met."""
import json
import os
import platform
import subprocess
import sys

SPEED_BAR, CORES_BAR, MEMORY_BAR = 50, 0.8, 1.1


def speed(binary):
    """Simulated seconds per second of the benchmark's node (16 CPUs, 60 containers, policy headroom), on one core."""
    text = subprocess.run([f"{binary}/headroom-bench", "--benchmark_filter=simulate", "--benchmark_format=json"],
                          capture_output=True, text=True, check=True).stdout
    return [(b["name"], b["times_real"]) for b in json.loads(text)["benchmarks"] if "times_real" in b]


def fleet(binary, nodes):
    """Wall seconds, CPU seconds and peak MiB of a fleet, in a process of its own so that each has its own peak."""
    code = ("import resource,subprocess,sys,time; t=time.monotonic();"
            f"r=subprocess.run([{binary!r}+'/headroom-lab','run','fanout','--simulate','--nodes','{nodes}','--policies','headroom,nolimit'],capture_output=True,text=True);"
            "u=resource.getrusage(resource.RUSAGE_CHILDREN); lines=[l for l in r.stderr.replace('\\r','\\n').split('\\n') if 'nodes' in l];"
            "print(r.returncode,time.monotonic()-t,u.ru_utime+u.ru_stime,u.ru_maxrss/1024,len(lines))")
    got = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    return int(got[0]), float(got[1]), float(got[2]), float(got[3]), int(got[4])


def main():
    binary, cpus = sys.argv[1], os.cpu_count()
    verdicts = []

    def verdict(good):
        verdicts.append(good)
        return "met" if good else "**NOT MET**"

    print(f"""# Simulated nodes

`./test.sh evidence fleet`: how fast a node of 16 CPUs and 60 containers under `headroom` is simulated on one core, and what
`headroom-lab run fanout --simulate --nodes N --policies headroom,nolimit` takes.

Linux {platform.release().split('-')[0]}, {cpus} CPUs.

| benchmark | simulated time over real time | bar | |
|---|---:|---:|---|""")
    for name, times in speed(binary):
        print(f"| {name} | {times:.0f}x | {SPEED_BAR}x | {verdict(times >= SPEED_BAR)} |")
    print("\n| nodes | wall, s | cores in use | peak memory, MiB | lines of progress |\n|---:|---:|---:|---:|---:|")
    peaks = []
    for nodes in (20, 200, 600):
        code, wall, cpu, peak, lines = fleet(binary, nodes)
        peaks.append(peak)
        print(f"| {nodes} | {wall:.1f} | {cpu / wall:.2f} | {peak:.1f} | {lines} |")
        last = code == 0 and cpu / wall >= CORES_BAR * cpus
    flat = peaks[-1] / peaks[0]
    print(f"\nAll cores in use (bar {CORES_BAR * cpus:.1f} of {cpus}): {verdict(last)}. Memory of 600 nodes over that of 20: {flat:.3f} (bar {MEMORY_BAR}): {verdict(flat <= MEMORY_BAR)}.")
    return 0 if all(verdicts) and verdicts else 1


if __name__ == "__main__":
    sys.exit(main())
