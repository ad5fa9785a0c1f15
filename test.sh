#!/usr/bin/env bash
# Every test, by one command: sudo ./test.sh            all stages, in order, with their times
#                             sudo ./test.sh STAGE...   only these
#                             sudo ./test.sh evidence [NAME...]   long measurements -> docs/measured/ (run by hand)
#                             ./test.sh --help
set -uo pipefail
cd "$(dirname "$0")" || exit 1
stages="packages build unit live vm-6.1 vm-6.12 smoke prometheus soak asan fuzz lint"
named="tsan report deploy containers containers-6.1 containers-6.12 image systemd cluster"   # by name only: the suite has its time, and a browser is 400 MB

say() { printf '%s\n' "$*"; }

evidence_names() {
  local f
  for f in tests/evidence/*.sh; do
    case $f in */lib.sh | */lab.sh | */simulated.sh) ;; *) f=${f##*/} && printf '%s ' "${f%.sh}" ;; esac
  done
}

if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
  sed -n '2,5s/^# \{0,1\}//p' "$0"
  say "stages: $stages; by name only: $named"
  say "evidence: $(evidence_names)"
  exit 0
fi

build_packages="g++ clang libclang-rt-14-dev clang-format cmake ninja-build ccache pkg-config libfmt-dev libexpected-dev libspdlog-dev
  nlohmann-json3-dev libyaml-cpp-dev libre2-dev prometheus-cpp-dev libcpp-httplib-dev libcurl4-openssl-dev libssl-dev
  zlib1g-dev libcgroup-dev libsystemd-dev libcli11-dev libgtest-dev libgmock-dev libbenchmark-dev librapidcheck-dev"
check_packages="groff-base busybox-static qemu-system-x86 cpio shellcheck binutils git python3 python3-yaml python3-jsonschema llvm runc openssl"

# shellcheck source=tests/install.sh
. tests/install.sh

stage_packages() {
  # shellcheck disable=SC2086
  install_missing $build_packages $check_packages
}

stage_build() { cmake --preset release >/dev/null && cmake --build --preset release; }

gtests() {  # gtests DIR BINARY...: every test, quietly; failures in full. As root none may be left out
  local dir=$1 name log rc=0
  shift
  log=$(mktemp)
  for name in "$@"; do
    [ -x "$dir/bin/$name" ] || { say "$name: not built"; rc=1; continue; }
    timeout -k 5 600 "$dir/bin/$name" --gtest_brief=1 | tee "$log"
    case ${PIPESTATUS[0]} in 0) ;; 124 | 137) say "FAILED: $dir/bin/$name, no end within 600 s"; rc=1 ;; *) say "FAILED: $dir/bin/$name"; rc=1 ;; esac
    if root && grep -q 'SKIPPED' "$log"; then say "LEFT OUT: a test of $dir/bin/$name"; rc=1; fi
  done
  rm -f "$log"
  return $rc
}

# As gtests, as many at once as there are CPUs; told in order.
gtests_abreast() {
  local dir=$1 logs rc=0
  shift
  logs=$(mktemp -d)
  export -f gtests say root
  printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} bash -c 'gtests "$1" "$2" >"$3/$2" 2>&1 || touch "$3/failed"' _ "$dir" {} "$logs"
  cat "$logs"/test_*
  [ ! -e "$logs/failed" ] || rc=1
  rm -rf "$logs"
  return $rc
}

unit_names() { (cd "$1/bin" && for f in test_*; do [ "$f" = test_live ] || printf '%s ' "$f"; done); }

# shellcheck disable=SC2046
stage_unit() { gtests build/release $(unit_names build/release); }

# Live tests meet a machine that is shared: what fails is run a second time, alone, and said so. A law that is broken
# fails twice.
twice() {  # twice COMMAND...: runs it with a gtest filter as its last word
  local log rc failed
  log=$(mktemp)
  "$@" --gtest_brief=1 2>&1 | tee "$log"
  rc=${PIPESTATUS[0]}
  if [ "$rc" != 0 ] && ! grep -q 'test suites\{0,1\} ran' "$log"; then
    say "it did not get to its end: what failed until then is not tried again"
    rm -f "$log"
    return "$rc"
  fi
  failed=$(sed 's/\x1b\[[0-9;]*m//g; s/\r//' "$log" | sed -n 's/^\[  FAILED  \] \([A-Za-z0-9_]*\.[A-Za-z0-9_]*\).*/\1/p' | sort -u | paste -sd:)
  rm -f "$log"
  [ "$rc" != 0 ] && [ -n "$failed" ] || return "$rc"
  say "SECOND TRY of $failed"
  "$@" --gtest_brief=1 "--gtest_filter=$failed"
}

stage_live() {
  root || { say "left out without root: live tests on this kernel's cgroups"; return 0; }
  twice build/release/bin/test_live
}

guest() {  # the same live contract suite on cgroup v2
  root || { say "left out without root: the guest's kernel package is unpacked by apt"; return 0; }
  local bin
  bin=$(mktemp -d)
  cp build/release/bin/{test_live,headroomd,headroomctl,headroom-guard,headroomd-hooked} "$bin"/ || return 1
  twice tests/vm/run.sh "$1" "$bin" ./test_live
  local rc=$?
  rm -rf "$bin"
  return $rc
}
stage_vm-6.1() { guest 6.1; }
stage_vm-6.12() { guest 6.12; }

stage_smoke() {
  root || { say "left out without root: the demonstration in short"; return 0; }
  ./quickstart.sh --no-build --seconds 3 && tests/evidence/writes.sh --smoke && build/release/bin/headroom-bench --smoke
}

stage_prometheus() {  # a real one scrapes the daemon
  root || { say "left out without root: Prometheus scrapes an enforcing daemon"; return 0; }
  tests/prometheus/run.sh build/release/bin
}

stage_soak() {  # 20 s of container starts; two hours are ./test.sh evidence soak
  root || { say "left out without root: container starts beside the daemon"; return 0; }
  local out rc
  out=$(mktemp)
  HEADROOM_SOAK_SECONDS=20 HEADROOM_SOAK_BASELINE=5 HEADROOM_SOAK_BAR=40 HEADROOM_OUT=$out bash tests/evidence/soak.sh >"$out.log" 2>&1
  rc=$?
  if [ $rc = 0 ]; then grep -E 'first half|starts,' "$out"; else cat "$out.log"; fi
  rm -f "$out" "$out.log"
  return $rc
}

stage_asan() {
  cmake --preset asan >/dev/null && cmake --build --preset asan --target unit_tests || return 1
  # shellcheck disable=SC2046
  gtests_abreast build/asan $(unit_names build/asan)
}

stage_tsan() {  # the daemon's threads: HTTP, control socket, board
  cmake --preset tsan >/dev/null && cmake --build --preset tsan --target test_agent && gtests build/tsan test_agent
}

stage_report() {  # the lab's page in a browser: pictures, labels, no error, no request
  install_missing chromium python3 && tests/report/run.sh build/release/bin
}

stage_deploy() {  # chart and plain manifests: lint, render, compare, check every key
  install_missing python3-venv && tests/deploy/run.sh
}

stage_containers() {  # containerd and runc: steps, and the daemon in its pod
  root || { say "left out without root: containers"; return 0; }
  tests/containers/run.sh build/release/bin
}

# The same on cgroup v2, in a guest.
stage_containers-6.1() { tests/containers/guest.sh 6.1 build/release/bin; }
stage_containers-6.12() { tests/containers/guest.sh 6.12 build/release/bin; }

stage_image() {  # built without Docker, weighed, and started by containerd
  root || { say "left out without root: the image"; return 0; }
  install_missing buildah debootstrap skopeo && tests/deploy/image.sh
}

stage_systemd() {  # the package in a guest with systemd: installed, lending, reloaded, killed, purged
  root || { say "left out without root: the guest with systemd"; return 0; }
  install_missing mmdebstrap qemu-system-x86 cpio man-db groff-base && tests/systemd/run.sh
}

stage_cluster() {  # a real one-node Kubernetes, the chart on it, Argo; with what it takes from a fresh clone
  root || { say "left out without root: the cluster"; return 0; }
  stage_packages && cmake --preset release >/dev/null &&
    cmake --build --preset release --target headroomd headroomctl headroom-guard headroom-lab && tests/cluster/run.sh
}

stage_fuzz() {  # every fuzzer in short; ten minutes each are ./test.sh evidence fuzz
  cmake --preset fuzz >/dev/null && cmake --build --preset fuzz --target fuzzers || return 1
  tests/fuzz/run.sh build/fuzz/bin "${HEADROOM_FUZZ_SECONDS:-12}"
}

stage_lint() {
  shellcheck -x -S warning -P SCRIPTDIR quickstart.sh test.sh tests/vm/run.sh tests/fuzz/run.sh .ci/run \
    tests/prometheus/run.sh tests/report/run.sh tests/deploy/*.sh tests/containers/*.sh tests/evidence/*.sh \
    tests/systemd/*.sh tests/cluster/*.sh tests/cluster/images/*.sh tests/cluster/demo tests/debian.sh tests/install.sh deploy/debian/p*
}

if [ "${1:-}" = evidence ]; then
  shift
  # shellcheck disable=SC2046
  [ -n "${1:-}" ] || set -- $(evidence_names)
  root || { say "evidence needs root: it makes cgroups and runs the daemon"; exit 1; }
  stage_packages && stage_build >/dev/null || exit 1
  rc=0
  for name in "$@"; do
    [ -f "tests/evidence/$name.sh" ] || { say "no evidence \"$name\"; ./test.sh --help lists them"; exit 2; }
    say "== evidence $name"
    bash "tests/evidence/$name.sh" || rc=1
  done
  exit $rc
fi

# No stage hangs the suite, and the suite ends before CI would end it: with a table that says where the time went.
limit_of() {  # limit_of STAGE: seconds
  case $1 in
    build | asan) say 2400 ;;
    cluster) say 2700 ;;
    fuzz | tsan | vm-* | containers-* | image) say 1500 ;;
    systemd) say 3000 ;;
    *) say 900 ;;
  esac
}
suite_seconds=${HEADROOM_SUITE_SECONDS:-5100}

within() {  # within SECONDS STAGE: in a process group of its own, which ends as a whole
  local rc
  timeout -k 20 "$1" bash test.sh --stage "$2" </dev/null &
  child=$!
  wait "$child"
  rc=$?
  [ $rc != 124 ] && [ $rc != 137 ] || say "it took more than $1 s"
  return $rc
}

if [ "${1:-}" = --stage ]; then
  "stage_$2"
  exit
fi

child=""
trap '[ -z "$child" ] || kill "$child" 2>/dev/null; exit 130' INT TERM
passed=0 failed=0 summary="" began=$(date +%s)
# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $stages
for stage in "$@"; do
  declare -F "stage_$stage" >/dev/null || { say "no stage \"$stage\"; one of: $stages $named"; exit 2; }
done
for stage in "$@"; do
  say "== $stage"
  start=$(date +%s)
  left=$((began + suite_seconds - start)) limit=$(limit_of "$stage")
  if within $((left < 1 ? 1 : left < limit ? left : limit)) "$stage"; then word=ok passed=$((passed + 1)); else word=FAILED failed=$((failed + 1)); fi
  summary="$summary$(printf '%-10s %-7s %5d s' "$stage" "$word" $(($(date +%s) - start)))
"
  case $stage in packages | build) [ $word = ok ] || break ;; esac
done
say ""
printf '%s' "$summary"
say "$passed passed, $failed failed"
[ "$failed" = 0 ]
