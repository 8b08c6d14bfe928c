#pragma once

#include <string_view>

namespace dtenv {

// The constant programs a launch runs in the containers (POSIX sh, GNU coreutils and findutils).
// Data comes as arguments and environment; none of them is ever put together from strings.

/// Where a run keeps its state in the head's container, one folder each:
/// RUN.ATTEMPT/{pid,out,err,exit}.
constexpr std::string_view launch_folder = "/run/dtenv/launch";

/// args: FOLDER WORKDIR ARGV… . Begins the run in a session of its own, so that it outlives us, and
/// exits at once: 0 begun, 75 somebody began it already.
constexpr std::string_view start_program = R"sh(
folder=$1; work=$2; shift 2
umask 077
mkdir -p -- "${folder%/*}" || exit 74
mkdir -- "$folder" 2>/dev/null || exit 75
: >"$folder/out"; : >"$folder/err"
setsid sh -c '
  folder=$1; work=$2; shift 2
  echo $$ >"$folder/pid.new" && mv -f "$folder/pid.new" "$folder/pid"
  if cd -- "$work"; then "$@" >>"$folder/out" 2>>"$folder/err" </dev/null; code=$?
  else echo "$work: cannot be entered" >>"$folder/err"; code=126; fi
  echo "$code" >"$folder/exit.new" && sync "$folder/exit.new" && mv -f "$folder/exit.new" "$folder/exit"
' dtenv-launch "$folder" "$work" "$@" </dev/null >/dev/null 2>&1 &
tries=0
while [ ! -s "$folder/pid" ]; do
  tries=$((tries + 1)); [ "$tries" -gt 100 ] && exit 74
  sleep 0.05
done
exit 0
)sh";

/// args: FOLDER OUT_OFFSET ERR_OFFSET (from 1). Prints both streams as they grow until the run
/// ends.
constexpr std::string_view follow_program = R"sh(
folder=$1
pid=$(cat "$folder/pid") || exit 74
tail -c "+$3" -s 0.1 -f --pid="$pid" "$folder/err" >&2 &
tail -c "+$2" -s 0.1 -f --pid="$pid" "$folder/out"
wait
)sh";

/// Lists every run: "NAME STATE CODE" with STATE exited, running or lost. After a restart of the
/// container the number in `pid` may be another process: its environment tells.
constexpr std::string_view list_program = R"sh(
cd -- "$1" 2>/dev/null || exit 0
for run in *; do
  [ -d "$run" ] || continue
  if [ -s "$run/exit" ]; then echo "$run exited $(cat "$run/exit")"
  elif [ -s "$run/pid" ] && tr '\0' '\n' 2>/dev/null <"/proc/$(cat "$run/pid")/environ" |
       grep -qx "DTENV_JOB=${run%.*}"; then echo "$run running 0"
  else echo "$run lost 0"; fi
done
)sh";

/// args: JOB GRACE_SECONDS. Ends every process whose environment carries DTENV_JOB=JOB: TERM, then
/// KILL. Prints how many were still there at the end.
constexpr std::string_view stop_program = R"sh(
job=$1; grace=$2
ours() {
  for entry in /proc/[0-9]*; do
    pid=${entry#/proc/}
    [ "$pid" = $$ ] && continue
    tr '\0' '\n' <"$entry/environ" 2>/dev/null | grep -qx "DTENV_JOB=$job" && echo "$pid"
  done
}
pids=$(ours)
[ -n "$pids" ] && kill -TERM $pids 2>/dev/null
waited=0
while [ -n "$pids" ] && [ "$waited" -lt $((grace * 10)) ]; do
  sleep 0.1; waited=$((waited + 1)); pids=$(ours)
done
[ -n "$pids" ] && kill -KILL $pids 2>/dev/null && sleep 0.1
ours | wc -l
)sh";

/// args: PATH. One line a file, sorted: what has to be equal on every node. Small files by content,
/// large ones (32 MiB and more) by size, first and last MiB; compiled Python left out.
constexpr std::string_view manifest_program = R"sh(
export LC_ALL=C
[ -e "$1" ] || exit 66
cd -- "$1" 2>/dev/null || { sha256sum -- "$1"; exit; }
find . -type d -name __pycache__ -prune -o -type f -size -65536 -print0 | sort -z | xargs -0 -r sha256sum --
find . -type f ! -size -65536 -print0 | sort -z | xargs -0 -r -n 1 sh -c '
  printf "%s %s  %s\n" "$({ head -c 1048576 -- "$1"; tail -c 1048576 -- "$1"; } | sha256sum | cut -c1-64)" \
    "$(stat -c %s -- "$1")" "$1"' dtenv
find . -type l -printf 'link %p -> %l\n' | sort
)sh";

}  // namespace dtenv
