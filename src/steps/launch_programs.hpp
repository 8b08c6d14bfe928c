#pragma once

#include <string_view>

namespace dtenv {

// The constant programs a launch runs in the containers (POSIX sh, GNU coreutils, sed, findutils
// and grep). Data comes as arguments and environment; none of them is ever put together from
// strings.

/// Where a run keeps its state in each container it runs in, one folder each:
/// RUN.ATTEMPT/{pid,out,err,exit,failed,ranks/N}.
constexpr std::string_view launch_folder = "/run/dtenv/launch";

/// args: JOB GRACE_SECONDS. Ends every process whose environment carries DTENV_JOB=JOB, but for the
/// run's own keeper, which ends by itself: TERM, then KILL. Slurm would keep what a killed srun had
/// allocated: it is given back. Prints how many processes are there at the end.
constexpr std::string_view stop_program = R"sh(
job=$1; grace=$2
[ ! -e "/run/dtenv/launch/.$job/slurm" ] || timeout 10 scancel --quiet --name "dtenv-$job" >/dev/null 2>&1 &
keepers=" $(cat "/run/dtenv/launch/$job".*/pid 2>/dev/null | tr '\n' ' ') "
ours() {
  for entry in $(grep -lzxF -e "DTENV_JOB=$job" /proc/[0-9]*/environ 2>/dev/null); do
    pid=${entry#/proc/}; pid=${pid%/environ}
    case $keepers in *" $pid "*) ;; *) printf '%s ' "$pid" ;; esac
  done
}
pids=$(ours)
[ -n "$pids" ] && kill -TERM $pids 2>/dev/null
waited=0
while [ -n "$pids" ] && [ "$waited" -lt $((grace * 10)) ]; do
  sleep 0.1; waited=$((waited + 1)); pids=$(ours)
done
tries=0
while [ -n "$pids" ] && [ "$tries" -lt 10 ]; do
  kill -KILL $pids 2>/dev/null; sleep 0.05; tries=$((tries + 1)); pids=$(ours)
done
wait
set -- $pids
echo $#
)sh";

/// args: FOLDER JOB WORKDIR STOP_PROGRAM UNATTENDED PEERS ARGV… . Begins the run in a session of
/// its own, so that it outlives us, and exits at once: 0 begun, 75 somebody began it already. Its
/// keeper ends all that is left of the run here when a rank or the command has failed, kill -9
/// included, and on PEERS (names for ssh) too: no follower is needed for that. A rank of another
/// node says so with a line of its own through its launcher. Unless UNATTENDED is empty, a run that
/// nobody has begun to follow after that many seconds and 30 more is ended. The mark DTENV_JOB is
/// the keeper's and the command's alone: what ends the run, and what writes its end down, must not
/// be ended with it. A child has its parent's mark until it becomes its program, so that may take a
/// second try.
constexpr std::string_view start_program = R"sh(
folder=$1
umask 077
mkdir -p -- "${folder%/*}" || exit 74
mkdir -- "$folder" 2>/dev/null || exit 75
mkdir -- "$folder/ranks" || exit 74
: >"$folder/out"; : >"$folder/err"
DTENV_JOB=$2 setsid sh -c '
  unset DTENV_JOB
  folder=$1; job=$2; work=$3; stop=$4; unattended=$5; peers=$6; shift 6
  echo $$ >"$folder/pid.new" && mv -f "$folder/pid.new" "$folder/pid"
  sh -c "
    tail -c +1 -s 0.1 -f --pid=\"\$4\" \"\$1/out\" | grep -aqm 1 \"^\[1,[0-9]*]<failed>:\" && : >\"\$1/failed\" &
    until [ -e \"\$1/failed\" ]; do
      z=Z; [ ! -r \"/proc/\$4/stat\" ] || read -r x x z x <\"/proc/\$4/stat\"
      [ \"\$z\" != Z ] || break
      sleep 0.2
    done
    sleep 0.5
    exec sh -c \"\$3\" dtenv-stop \"\$2\" 1" dtenv-watch "$folder" "$job" "$stop" $$ >/dev/null 2>&1 &
  watch=$!
  [ -z "$unattended" ] || sh -c "
    sleep \$((\$4 + 30)); [ -e \"\$1/follower\" ] || [ -e \"\$1/exit\" ] ||
      exec sh -c \"\$3\" dtenv-stop \"\$2\" 1" dtenv-lonely "$folder" "$job" "$stop" "$unattended" >/dev/null 2>&1 &
  if cd -- "$work"; then DTENV_JOB=$job "$@" >>"$folder/out" 2>>"$folder/err" </dev/null; code=$?
  else echo "$work: cannot be entered" >>"$folder/err"; code=126; fi
  kill "$watch" 2>/dev/null
  [ "$code" = 0 ] || sh -c "$stop" dtenv-stop "$job" 1 >/dev/null 2>&1
  tries=0
  until [ -s "$folder/exit" ] || [ "$tries" -gt 20 ]; do
    echo "$code" >"$folder/exit.new" && sync "$folder/exit.new" && mv -f "$folder/exit.new" "$folder/exit"
    tries=$((tries + 1))
  done
  [ "$code" = 0 ] || [ -z "$peers" ] || for peer in $peers; do
    printf "%s" "$stop" | setsid ssh -o BatchMode=yes -o ConnectTimeout=5 -- "$peer" \
      sh -s -- "$job" 1 >/dev/null 2>&1 &
  done
' dtenv-launch "$@" </dev/null >/dev/null 2>&1 &
tries=0
while [ ! -s "$folder/pid" ]; do
  tries=$((tries + 1)); [ "$tries" -gt 1000 ] && exit 74
  sleep 0.02
done
exit 0
)sh";

/// A keeper that has ended may stay a zombie where a container's first process reaps nobody: its
/// exit file and its state tell, not its number.
/// args: FOLDER JOB STOP_PROGRAM UNATTENDED LOGS RANK… . Prints both streams as they grow until the
/// run ends; those of the ranks come from their files in LOGS, tagged as mpirun tags. The standard
/// input is the lifeline: UNATTENDED seconds (empty: for ever) after its end the run is ended,
/// unless somebody else follows it by then.
constexpr std::string_view follow_program = R"sh(
folder=$1; job=$2; stop=$3; unattended=$4; logs=$5; shift 5
pid=$(cat "$folder/pid") || exit 74
exec 3<&0
echo $$ >"$folder/follower"
[ -z "$unattended" ] || setsid sh -c '
  cat >/dev/null
  [ -e "$1/exit" ] && exit
  sleep "$4"
  [ "$(cat "$1/follower")" = "$5" ] || exit
  exec sh -c "$3" dtenv-stop "$2" 1
' dtenv-lifeline "$folder" "$job" "$stop" "$unattended" $$ <&3 >/dev/null 2>&1 &
exec 3<&-
over() {
  [ -s "$folder/exit" ] && return 0
  { read -r stat <"/proc/$pid/stat"; } 2>/dev/null || return 0
  case $stat in *") Z "* | *") X "*) return 0 ;; esac
  return 1
}
( until over; do sleep 0.1; done ) &
watch=$!
[ -z "$logs" ] || mkdir -p -- "$logs"  # the ranks may come late
show() {
  : >>"$1" && tail -c +1 -s 0.1 -f --pid="$watch" "$1" | stdbuf -oL fold -b -w 65536 |
    stdbuf -oL sed "s/^/[1,$2]<$3>:/"
}
tails=
for rank in "$@"; do
  show "$logs/rank.$rank.out" "$rank" stdout &
  tails="$tails $!"
  show "$logs/rank.$rank.err" "$rank" stderr &
  tails="$tails $!"
done
tail -c +1 -s 0.1 -f --pid="$watch" "$folder/err" >&2 &
tails="$tails $!"
tail -c +1 -s 0.1 -f --pid="$watch" "$folder/out" &
tails="$tails $!"
wait "$watch"
wait $tails
exit 0
)sh";

/// args: MODE LOGS ARGV… . Stands between a launcher and one rank: gives it RANK and the like
/// under any launcher, hands signals on, and writes down how it ended. MODE file: its output is
/// kept in LOGS alone. MODE tag: it goes to the launcher, each line whole and with its rank, for
/// launchers mix the parts of lines; and to LOGS too, unless that is empty. One without an end is
/// cut, for sed would hold all of it. After its end the rest of its output gets the time it needs,
/// unless what the rank left behind holds its pipes (the programs here have theirs as input).
constexpr std::string_view keep_rank_program = R"sh(
mode=$1; logs=$2; shift 2
rank=${OMPI_COMM_WORLD_RANK:-${PMI_RANK:-${RANK:-${SLURM_PROCID:-0}}}}
: "${RANK:=$rank}" "${WORLD_SIZE:=${PMI_SIZE:-${SLURM_NTASKS:-1}}}"
: "${LOCAL_RANK:=${MPI_LOCALRANKID:-${SLURM_LOCALID:-0}}}"
export RANK WORLD_SIZE LOCAL_RANK
interface=$(cat /run/dtenv/launch/.interface 2>/dev/null)
if [ -n "$interface" ]; then
  : "${NCCL_SOCKET_IFNAME:=$interface}" "${GLOO_SOCKET_IFNAME:=$interface}"
  export NCCL_SOCKET_IFNAME GLOO_SOCKET_IFNAME
fi
kills() { cat /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control 2>/dev/null |
  sed -n 's/^oom_kill //p'; }
before=$(kills)
exec 5<&0
[ -z "$logs" ] || mkdir -p -- "$logs"
show() {
  trap '' TERM INT HUP
  export LC_ALL=C
  tee -a -- ${logs:+"$logs/rank.$rank.$1"} <"$pipes/$1" | stdbuf -oL fold -b -w 65536 |
    stdbuf -oL sed "s/^/[1,$rank]<$2>:/"
}
showing() {
  for show in $shows; do ! kill -0 "$show" 2>/dev/null || return 0; done
  return 1
}
held() { [ -n "$(find /proc/[0-9]*/fd ! -name 0 -lname "$pipes/*" -print -quit 2>/dev/null)" ]; }
if [ "$mode" = file ]; then
  "$@" <&5 5<&- >>"$logs/rank.$rank.out" 2>>"$logs/rank.$rank.err" &
else
  pipes=$(mktemp -d) && mkfifo "$pipes/out" "$pipes/err" || exit 74
  show out stdout &
  shows=$!
  show err stderr >&2 &
  shows="$shows $!"
  "$@" <&5 5<&- >"$pipes/out" 2>"$pipes/err" &
fi
pid=$!
for name in TERM INT HUP USR1 USR2; do trap "kill -$name $pid 2>/dev/null" "$name"; done
while :; do
  wait "$pid"; code=$?
  kill -0 "$pid" 2>/dev/null || break
done
if [ "$mode" = tag ]; then
  tries=0
  while showing && [ "$tries" -lt 20 ]; do tries=$((tries + 1)); sleep 0.05; done
  while showing && [ "$tries" -lt 80 ] && ! held; do tries=$((tries + 1)); sleep 0.5; done
  rm -rf -- "$pipes"
  [ "$code" = 0 ] || echo "[1,$rank]<failed>:$code"
fi
oom=-
[ "$code" = 137 ] && [ "$(kills)" != "$before" ] && oom=oom
if mkdir -p -- "$DTENV_RUN/ranks" 2>/dev/null; then
  echo "$code $(date +%s.%N) $oom" >"$DTENV_RUN/ranks/$rank"
  [ "$code" = 0 ] || : >"$DTENV_RUN/failed"
fi
# Hydra lets the others run on after an exit that is not 0, but not after a signal.
[ "$code" = 0 ] || [ -z "${MPI_LOCALRANKID-}" ] || { trap - TERM; kill -TERM $$; }
exit "$code"
)sh";

/// args: FOLDER. How the ranks here ended: "RANK CODE EPOCH OOM" each.
constexpr std::string_view collect_program = R"sh(
cd -- "$1/ranks" 2>/dev/null || exit 0
for rank in [0-9]*; do [ -s "$rank" ] && echo "$rank $(cat "$rank")"; done
exit 0
)sh";

/// Lists every run: "NAME STATE CODE" with STATE exited, running or lost. After a restart of the
/// container the number in `pid` may be another process: its environment tells.
constexpr std::string_view list_program = R"sh(
cd -- "$1" 2>/dev/null || exit 0
for run in *; do
  [ -e "$run/out" ] || continue
  if [ -s "$run/exit" ]; then echo "$run exited $(cat "$run/exit")"
  elif [ -s "$run/pid" ] &&
       grep -qzxF -e "DTENV_JOB=${run%.*}" "/proc/$(cat "$run/pid")/environ" 2>/dev/null; then
    echo "$run running 0"
  else echo "$run lost 0"; fi
done
)sh";

}  // namespace dtenv
