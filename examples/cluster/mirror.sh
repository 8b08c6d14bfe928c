# A registry mirror: Debian's docker-registry, unpacked beside us rather than installed, so that no
# service of that name is started on this machine.
# shellcheck shell=bash

mirror_pid_file() { printf '%s/mirror.pid' "$(cluster_folder "$1")"; }

# mirror_up NAME ADDRESS PORT: serves http://ADDRESS:PORT/v2/ until mirror_down NAME.
mirror_up() {
  local name=$1 address=$2 port=$3 folder
  folder=$(cluster_folder "$name")
  mirror_answers "$address" "$port" && return
  [ -x "$DTENV_CLUSTER_FOLDER/registry/usr/bin/docker-registry" ] || mirror_unpack
  cat >"$folder/mirror.yml" <<YML
version: 0.1
storage:
  filesystem:
    rootdirectory: $folder/mirror
http:
  addr: $address:$port
YML
  setsid "$DTENV_CLUSTER_FOLDER/registry/usr/bin/docker-registry" serve "$folder/mirror.yml" \
    >"$folder/mirror.log" 2>&1 </dev/null &
  printf '%s' "$!" >"$(mirror_pid_file "$name")"
  disown
  wait_for 20 "a registry mirror serves http://$address:$port" mirror_answers "$address" "$port" ||
    die "the registry mirror does not answer: $(tail -n 3 "$folder/mirror.log")"
}

mirror_unpack() {
  local folder=$DTENV_CLUSTER_FOLDER/registry
  command -v docker-registry >/dev/null && {
    mkdir -p "$folder/usr/bin" && ln -sf "$(command -v docker-registry)" "$folder/usr/bin/docker-registry"
    return
  }
  update_package_lists
  rm -rf "$folder" && mkdir -p "$folder"
  # shellcheck disable=SC2016
  logged docker-registry sh -c 'cd "$1" && apt-get -o APT::Sandbox::User=root download -q docker-registry && dpkg -x docker-registry_*.deb .' sh "$folder" ||
    die "the package docker-registry: see above"
}

mirror_answers() {
  python3 -c 'import sys, urllib.request
urllib.request.urlopen(sys.argv[1], timeout=3)' "http://$1:$2/v2/" >/dev/null 2>&1
}

mirror_down() {
  local file pid
  file=$(mirror_pid_file "$1")
  [ -f "$file" ] || return 0
  pid=$(cat "$file")
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != docker-registry ] || kill "$pid"
  rm -f "$file"
}
