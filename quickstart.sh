#!/usr/bin/env bash
# Builds headroom and shows what it does on this machine, on cgroups of its own; puts everything back.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=${HEADROOM_BIN_DIR:-$here/build/release/bin}
build=yes
what=demo
seconds=''
child=''
started=$SECONDS

usage() {
  cat <<'TEXT'
usage: sudo ./quickstart.sh [--no-build] [--daemon] [--seconds N]

  (nothing)     install what is missing, build, run the demonstration (under 3 minutes), print before and after
  --no-build    use the programs in build/release/bin (or $HEADROOM_BIN_DIR)
  --daemon      run headroomd in observe on what this node has, and say what it would have done; nothing is written
  --seconds N   measured seconds per arm and rotation (default 20), or of --daemon (default 30)
TEXT
}

say() { printf '[%3d s] %s\n' "$((SECONDS - started))" "$*"; }

while (($#)); do
  case $1 in
    --no-build) build=no ;;
    --daemon) what=daemon ;;
    --seconds)
      seconds=${2:?--seconds wants a number}
      shift
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      echo "there is no option '$1'" >&2
      usage >&2
      exit 2
      ;;
  esac
  shift
done
if [[ $seconds && ! $seconds =~ ^[1-9][0-9]*$ ]]; then
  echo "--seconds wants a whole number, got '$seconds'" >&2
  exit 2
fi
if ((EUID != 0)); then
  echo 'quickstart.sh makes cgroups, which needs root: sudo ./quickstart.sh' >&2
  exit 1
fi

# Compilers and libraries only: none of these packages has a service that could be started.
packages=(g++ cmake ninja-build pkg-config libfmt-dev libexpected-dev libspdlog-dev nlohmann-json3-dev
  libyaml-cpp-dev libre2-dev prometheus-cpp-dev libcpp-httplib-dev libssl-dev zlib1g-dev libcgroup-dev
  libcurl4-openssl-dev libsystemd-dev libcli11-dev)

missing_packages() {
  local name
  for name in "${packages[@]}"; do
    dpkg-query -W -f='${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || echo "$name"
  done
}

install_missing() {
  local -a missing
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]})) || return 0
  if ! command -v apt-get >/dev/null; then
    echo "please install what corresponds to: ${missing[*]}" >&2
    exit 1
  fi
  say "installing ${#missing[@]} packages: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Runs a program in the background and waits, so that a signal reaches the trap at once.
run() {
  local status=0
  "$@" &
  child=$!
  wait "$child" || status=$?
  child=''
  return "$status"
}

build_all() {
  install_missing
  say 'building headroomd, headroomctl, headroom-guard and headroom-lab (release, no tests)'
  cd "$here"
  run cmake --preset release -DHEADROOM_TESTS=OFF --log-level=WARNING
  run cmake --build --preset release --target headroomd headroomctl headroom-guard headroom-lab
}

put_back() {
  trap '' INT TERM HUP
  echo >&2
  say 'interrupted: putting everything back' >&2
  if [[ $child ]]; then
    kill -TERM "$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
  fi
  [[ ! $scratch ]] || rm -rf "$scratch"
  if [[ -x $bin/headroom-lab ]]; then
    "$bin/headroom-lab" clean
  else
    echo 'every cgroup file has its original value (nothing had been written yet)'
  fi
  exit 130
}

demo() {
  say 'the demonstration: workflow steps that burst, services beside them, a batch job that wants every CPU'
  run "$bin/headroom-lab" run demo --policies nolimit,headroom --for-newcomers \
    --scenario-dir "$here/lab/scenarios" --daemon "$bin/headroomd" --daemon-config "$here/examples/demo.yaml" \
    ${seconds:+--seconds "$seconds"}
  say 'done'
}

observe() {
  local length=${seconds:-30} i
  scratch=$(mktemp -d)
  say "headroomd in observe on this node for $length s: it reads, and writes nothing"
  "$bin/headroomd" --mode observe --state-dir "$scratch" >"$scratch/log" 2>&1 &
  child=$!
  for ((i = 1; i <= length; i++)); do
    kill -0 "$child" 2>/dev/null || break
    ((i % 10)) || say "$i of $length s"
    sleep 1 &
    wait $! || true
  done
  if ! kill -0 "$child" 2>/dev/null; then
    cat "$scratch/log" >&2
    exit 1
  fi
  echo
  "$bin/headroomctl" --socket "$scratch/control.sock" status
  echo
  echo 'What it would have lent, to whom, and who is throttled:'
  "$bin/headroomctl" --socket "$scratch/control.sock" top --times 1
  kill -TERM "$child"
  wait "$child" || true
  child=''
  rm -rf "$scratch"
  scratch=''
  say 'done; nothing was written'
}

scratch=''
trap put_back INT TERM HUP
[[ $build = no ]] || build_all
for program in headroomd headroomctl headroom-guard headroom-lab; do
  if [[ ! -x $bin/$program ]]; then
    echo "no $bin/$program: run without --no-build" >&2
    exit 1
  fi
done
if [[ $what = daemon ]]; then observe; else demo; fi
