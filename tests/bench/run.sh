#!/usr/bin/env bash
# Runs the benchmarks (all of tests/bench/*.py, or those named) and prints one table:
#   bench NAME ratio R bound B pass|FAIL
# The exit status is 1 if one misses its bound. Builds what they need with the preset `bench`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
export PYTHONDONTWRITEBYTECODE=1
mkdir -p build
cmake --preset bench >build/bench-configure.log 2>&1 || { cat build/bench-configure.log; exit 1; }
cmake --build build/bench -j "${DTENV_JOBS:-$(nproc)}" --target bench_programs >build/bench-build.log 2>&1 ||
  { tail -40 build/bench-build.log; exit 1; }
(($#)) || set -- $(cd "$here" && ls -- *.py | sed 's/\.py$//' | grep -v '^bench$')
status=0
: >build/bench.txt
for name in "$@"; do
  python3 "$here/$name.py" | tee -a build/bench.txt || status=1
done
printf '\n'
grep '^bench ' build/bench.txt
exit "$status"
