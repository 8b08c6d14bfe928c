# Sourced by the scripts here, by quickstart.sh and by tests/run.sh: say what happens, stop with a
# reason, install what is missing.
# shellcheck shell=bash

REPOSITORY=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
: "${DTENV_CLUSTER_FOLDER:=$REPOSITORY/build/cluster}"

say() { printf '[%s] %s\n' "$(date +%T)" "$*"; }

die() {
  printf '\nerror: %s\n' "$*" >&2
  exit 1
}

require_root() {
  [ "$(id -u)" = 0 ] || die "$1 needs root: it installs packages and starts containers"
  command -v apt-get >/dev/null || die "$1 needs apt: Debian 12 or 13, Ubuntu 24.04"
}

# logged NAME COMMAND…: runs it with its output in a file; on failure shows the end of that. A dot
# every ten seconds tells a person, and a watchdog, that it is still at it.
logged() {
  local name=$1 log status=0 pid waited=0
  shift
  mkdir -p "$DTENV_CLUSTER_FOLDER/log"
  log=$DTENV_CLUSTER_FOLDER/log/$name.log
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  LOGGED_PID=$pid  # for a trap: what runs in the background does not hear Ctrl-C
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    waited=$((waited + 1))
    ((waited % 50)) || printf '.'
  done
  wait "$pid" || status=$?
  # shellcheck disable=SC2034
  LOGGED_PID=
  ((waited < 50)) || printf '\n'
  if ((status != 0)); then
    printf -- '--- the end of %s ---\n' "$log" >&2
    tail -n 25 "$log" >&2
  fi
  return "$status"
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

has_candidate() { apt-cache show --no-all-versions "$1" >/dev/null 2>&1; }

update_package_lists() {
  local stamp=$DTENV_CLUSTER_FOLDER/package-lists
  [ -n "$(find "$stamp" -mmin -600 2>/dev/null)" ] && return
  say "reading the package lists"
  logged apt-update apt-get update -q || die "apt-get update: see above"
  mkdir -p "$DTENV_CLUSTER_FOLDER" && touch "$stamp"
}

# need PACKAGE…: installs what is missing. "a|b" takes the first that the distribution has.
need() {
  local wanted choice missing=()
  for wanted in "$@"; do
    for choice in ${wanted//|/ }; do
      is_installed "$choice" && continue 2
    done
    update_package_lists
    for choice in ${wanted//|/ }; do
      has_candidate "$choice" && missing+=("$choice") && continue 2
    done
    die "none of these packages is to be had here: ${wanted//|/, }"
  done
  ((${#missing[@]})) || return 0
  say "installing ${missing[*]}"
  DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l logged apt-install \
    apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=600 "${missing[@]}" ||
    die "apt-get install ${missing[*]}: see above"
}

# wait_for SECONDS WHAT COMMAND…: asks four times a second.
wait_for() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || return 1
    sleep 0.25
  done
  say "$what"
}

# What the library, its command and its tests are built with.
need_build_tools() {
  need g++ cmake ninja-build pkg-config python3 openssh-client \
    'libboost1.81-dev|libboost1.83-dev|libboost1.88-dev|libboost1.90-dev' \
    'libboost-filesystem1.81-dev|libboost-filesystem1.83-dev|libboost-filesystem1.88-dev|libboost-filesystem1.90-dev' \
    libcurl4-openssl-dev libarchive-dev libssl-dev "$@"
}
