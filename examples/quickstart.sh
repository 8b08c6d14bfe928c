#!/usr/bin/env bash
# From a bare machine to distributed training, in one command:
#   examples/quickstart.sh [--keep]
# As root on Debian 12 or 13 or Ubuntu 24.04. Installs what is missing, builds dtenv, brings up two
# machines in containers (own systemd and sshd, no Docker), and takes them through the whole manual
# with the command alone: environments/quickstart.json. Leaves build/quickstart/report.json and
# build/quickstart/train.log. --keep leaves the cluster up; the next run then finds it as it is.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in common engine image machines mirror; do
  # shellcheck source=/dev/null
  . "$here/cluster/$part.sh"
done

readonly cluster=quickstart
readonly results=$REPOSITORY/build/quickstart
environment=examples/environments/quickstart.json
keep=false

for word in "$@"; do
  case $word in
    --keep) keep=true ;;
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) die "quickstart.sh: no option $word (--keep, --help)" ;;
  esac
done

stage() { printf '\n== %s\n' "$*"; }

# On every way out, a Ctrl-C among them: nothing of ours stays, unless it was asked for.
leave() {
  local status=$?
  trap '' INT TERM
  trap - EXIT
  [ -z "${LOGGED_PID:-}" ] || kill "$LOGGED_PID" 2>/dev/null || true
  machine_tree_down
  if $keep; then
    say "the cluster stays up: ssh -i build/cluster/$cluster/id_ed25519 root@$prefix.11"
    say "take it down with examples/cluster/cluster.sh down $cluster"
  else
    if [ -n "$(docker network ls -q --filter "name=dtenv-$cluster" 2>/dev/null)" ]; then
      stage "Taking the cluster down"
      mirror_down "$cluster"
      cluster_down "$cluster"
    fi
    engine_down
  fi
  ((status == 0)) || printf '\nquickstart: not finished (exit %s). What was reached: build/quickstart\n' "$status" >&2
  exit "$status"
}

build() {
  if [ -n "${DTENV_COMMAND:-}" ]; then
    dtenv=$DTENV_COMMAND
    say "not building: DTENV_COMMAND names $dtenv"
    return
  fi
  # A build for the tests is good enough, and saves another one.
  preset=release
  [ ! -f build/dev/CMakeCache.txt ] || preset=dev
  logged configure cmake --preset "$preset" -DDTENV_WERROR=OFF || die "cmake --preset $preset: see above"
  NINJA_STATUS='[%f/%t, %es] ' cmake --build "build/$preset" --target dtenv_command ||
    die "the build of dtenv"
  dtenv=build/$preset/examples/dtenv
}

# The document as it stands, unless its network is taken here or the packages are another suite's.
choose_environment() {
  local suite own
  prefix=$(free_prefix "$cluster" 10.213.77 10.214.78 172.29.77 192.168.213)
  suite=$(distribution_suite)
  [ "$prefix $suite" != "10.213.77 bookworm" ] || return 0
  own=build/quickstart/environment.json
  sed "s/10\.213\.77\./$prefix./g; s/\"bookworm\"/\"$suite\"/" "$environment" >"$own"
  environment=$own
  say "with network $prefix.0/24 and suite $suite: $environment"
}

# The manual's part four, b: code and data on every node, under the same path.
place_training_code() {
  local number container
  for number in 1 2; do
    container=$(machine_name "$cluster" "$number")
    docker exec "$container" mkdir -p /data1/docker/containers/training
    tar -C "$here/training" --owner=0 --group=0 -c . |
      docker exec -i "$container" tar -C /data1/docker/containers/training -x ||
      die "node$number: the training code could not be placed"
  done
}

# run_dtenv WHAT ARGUMENT…: the command itself says which step on which machine and why.
run_dtenv() {
  local what=$1 status=0
  shift
  "$dtenv" "$@" || status=$?
  ((status == 0)) || die "$what ended with exit $status: the report above says which step on which machine and why"
}

number_in() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$1" "$2"; }

check_training() {
  local first last node
  [ -s "$results/train.log" ] || die "build/quickstart/train.log: empty"
  for node in node1 node2; do
    grep -qE "rank [0-9]+ of 2 on host .*$node" "$results/train.log" || die "train.log: no rank on $node"
  done
  read -r first last < <(sed -n 's/.*step [0-9]* loss \([0-9.]*\).*/\1/p' "$results/train.log" |
    sed -n '1p;$p' | paste -sd' ')
  awk -v first="$first" -v last="$last" 'BEGIN { exit !(last + 0 < first / 2) }' ||
    die "the loss does not fall: from $first to $last"
  say "training: loss from $first to $last, one rank on each machine"
}

require_root quickstart.sh
cd "$REPOSITORY"
mkdir -p "$results"
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

stage "1. What is needed on this machine"
need_build_tools iproute2 util-linux
engine_up

stage "2. Building dtenv"
build

stage "3. Two bare machines"
cluster_is_up "$cluster" 2 || rm -f "$results"/*
machine_image_up
choose_environment
cluster_up "$cluster" "$prefix" 2
mirror_up "$cluster" "$prefix.1" 5000
place_training_code

stage "4. The plan"
run_dtenv "plan" plan "$environment"

stage "5. Apply"
run_dtenv "apply" apply "$environment" --yes --report "$results/report.json" --log "$results/log"
# A cluster that was kept has trained already: its launch is not run a second time.
[ ! -s "$results/log" ] || mv "$results/log" "$results/train.log"
check_training

stage "6. A second apply changes nothing"
run_dtenv "the second apply" apply "$environment" --yes --report "$results/second.json"
changed=$(number_in "$results/second.json" changes_made)
[ "$changed" = 0 ] || die "the second apply changed $changed things: build/quickstart/second.json"
run_dtenv "verify" verify "$environment"
say "nothing changed the second time, and all of it holds"
printf '\nquickstart: done. Report: build/quickstart/report.json; training: build/quickstart/train.log\n'
