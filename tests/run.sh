#!/usr/bin/env bash
# Runs the tests: installs what is missing, builds, and runs each runner to its end.
#   tests/run.sh [unit | testbed | quickstart | engines | sanitizers | all]...
#     unit        unit, golden, contract, C ABI, command, Python, fault and structure tests (the fast path)
#     testbed     the seven steps on two machines in containers; needs root
#     quickstart  examples/quickstart.sh from end to end; needs root
#     engines     launch through Open MPI 5, Hydra, Slurm, DeepSpeed and torchrun on two machines; needs root
#     sanitizers  unit, contract and C ABI tests and simulated machines under asan+ubsan, then tsan
#     all         unit, testbed, quickstart and, where the hour leaves room, engines; also without a word
# Prints the closing line of each runner and, last, their sum: N passed, N failed, N skipped.
set -euo pipefail
# Begun in the background, a script finds SIGINT ignored, and so would all it starts: the tests that
# interrupt a command need it back, and only exec can give it.
if [ -z "${DTENV_SIGNALS_RESET:-}" ]; then
  DTENV_SIGNALS_RESET=1 exec env --default-signal=INT,QUIT,HUP,TERM "$0" "$@"
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in common engine image machines mirror; do
  # shellcheck source=/dev/null
  . "$here/../examples/cluster/$part.sh"
done
# shellcheck source=/dev/null
. "$here/engines/install.sh"
cd "$REPOSITORY"

readonly lines=$REPOSITORY/build/test-lines
export NINJA_STATUS='[%f/%t, %es] ' PYTHONDONTWRITEBYTECODE=1
readonly engines_begin_by=$((43 * 60))  # seconds since the beginning
readonly compile_jobs=${DTENV_JOBS:-$(nproc)}

stage() { printf '\n== %s\n' "$*"; }

# closing LABEL FILE STATUS: a runner's line, kept for the sum.
closing() { python3 tests/summary.py output "$@" | tee -a "$lines"; }

# runner LABEL COMMAND…: its output as it comes; its line at the end.
runner() {
  local label=$1 output=build/test-output status=0
  shift
  "$@" 2>&1 | tee "$output" || status=${PIPESTATUS[0]}
  closing "$label" "$output" "$status"
}

# A build that breaks is a failure, and what could not be run because of it is named.
built() {
  local preset=$1 status=0
  shift
  stage "Building $preset"
  { cmake --preset "$preset" >build/configure.log 2>&1 || { cat build/configure.log; false; }; } &&
    cmake --build "build/$preset" -j "$compile_jobs" "$@" || status=$?
  ((status == 0)) && return
  : >build/test-output
  closing "build $preset" build/test-output "$status"
  return 1
}

# What CTest knows, each program's line taken from its log; NAMES is an expression, or empty.
ctest_of() {
  local preset=$1 names=$2 status=0
  stage "Tests of $preset"
  rm -f "build/$preset/Testing/Temporary/"LastTest.log*
  ctest --test-dir "build/$preset" --output-on-failure -j "$(nproc)" ${names:+-R "$names"} || status=$?
  python3 tests/summary.py ctest "build/$preset" | sed "s/^/$preset: /" | tee -a "$lines" || true
  return "$status"
}

# The tests talk to real sshds, which they start and stop themselves.
need_for_tests() { need_build_tools doctest-dev openssh-server; }

# The live tests talk to an engine, and skip themselves where none can be had.
try_engine() { [ "$(id -u)" != 0 ] || (engine_up) || say "no Docker engine here: the live tests are skipped"; }

run_unit() {
  stage "What is needed"
  need_for_tests
  need_engines
  try_engine
  if built dev; then
    ctest_of dev "" || true
    stage "The example environments"
    runner "environments" python3 tests/environments_test.py
  fi
  stage "Structure"
  runner "structure" python3 tests/structure_test.py --cache build/structure
}

run_sanitizers() {
  local preset
  stage "What is needed"
  need_for_tests
  for preset in asan tsan; do
    if built "$preset"; then ctest_of "$preset" '^(unit|golden|contract|capi)' || true; fi
    built "$preset" --target cluster_bench || continue
    stage "Simulated machines under $preset"
    runner "$preset: cluster" env DTENV_BENCH_PROGRAMS="build/$preset/tests/bench" python3 tests/bench/cluster.py 128
  done
}

# live LABEL TITLE PATTERN: test files that need the machines in containers.
live() {
  require_root "tests/run.sh $1"
  stage "What is needed"
  need_build_tools iproute2 util-linux gnupg python3-pip
  engine_up
  machine_image_up
  built dev --target dtenv_command || return 0
  stage "$2"
  runner "$1" python3 -u -m unittest discover -v -s tests/testbed -t tests/testbed -p "$3"
}

run_testbed() { live testbed "The testbed: the steps on two machines" 'test_*.py'; }

run_engines() { live engines "The launchers, live on two machines" engines_test.py; }

# Their image alone takes minutes to build, and all of this has to end within an hour.
run_engines_in_time() {
  if ((SECONDS < engines_begin_by)); then
    run_engines
  else
    stage "The launchers, live on two machines"
    echo "engines: 0 passed, 0 failed, 1 skipped" | tee -a "$lines"
    say "skipped: $((SECONDS / 60)) minutes are gone; tests/run.sh engines runs them by themselves"
  fi
}

run_quickstart() {
  stage "The quickstart"
  runner "quickstart" examples/quickstart.sh
}

leave() {
  local status=$?
  trap - EXIT
  [ -z "${LOGGED_PID:-}" ] || kill "$LOGGED_PID" 2>/dev/null || true
  machine_tree_down
  engine_down
  exit "$status"
}

trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
[ "$(id -u)" != 0 ] || export DEBIAN_FRONTEND=noninteractive
mkdir -p build
: >"$lines"
(($#)) || set -- all
for word in "$@"; do
  case $word in
    unit | testbed | quickstart | engines | sanitizers) "run_$word" ;;
    all) run_unit && run_testbed && run_quickstart && run_engines_in_time ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
done

stage "All runners"
cat "$lines"
python3 tests/summary.py total "$lines"
