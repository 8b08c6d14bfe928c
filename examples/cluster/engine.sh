# A Docker engine on this machine: the one that answers, or the distribution's, started by us.
# shellcheck shell=bash

export DOCKER_HOST=unix:///var/run/docker.sock
ENGINE_PID_FILE=$DTENV_CLUSTER_FOLDER/dockerd.pid

engine_answers() { timeout 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

engine_up() {
  if ! command -v docker >/dev/null; then
    update_package_lists
    if has_candidate docker-cli; then need docker-cli; else need docker.io iptables; fi
  fi
  if ! engine_answers; then
    need docker.io iptables
    if [ -d /run/systemd/system ]; then
      logged engine-start systemctl start docker || die "systemctl start docker: see above"
    elif ! wait_for 5 "the engine's package started it" engine_answers; then
      engine_start_by_hand
    fi
    wait_for 60 "the engine answers" engine_answers ||
      die "no answer from /var/run/docker.sock: see $DTENV_CLUSTER_FOLDER/log/dockerd.log or journalctl -u docker"
  fi
  say "Docker engine $(docker version --format '{{.Server.Version}}'), storage $(docker info --format '{{.Driver}}'), cgroup v$(docker info --format '{{.CgroupVersion}}')"
}

# Where there is no init system: ours to start, ours to stop (engine_down).
engine_start_by_hand() {
  say "no init system here: starting dockerd in the background"
  mkdir -p "$DTENV_CLUSTER_FOLDER/log"
  if ! mountpoint -q /sys/fs/cgroup; then
    mount -t cgroup2 none /sys/fs/cgroup || die "/sys/fs/cgroup: no cgroups to run containers in"
  fi
  setsid dockerd --pidfile "$ENGINE_PID_FILE" >"$DTENV_CLUSTER_FOLDER/log/dockerd.log" 2>&1 </dev/null &
  disown
}

# Gone, or a zombie of an init that reaps nobody.
process_is_gone() { ! grep -q '^State:[[:space:]][^ZX]' "/proc/$1/status" 2>/dev/null; }

engine_down() {
  [ -f "$ENGINE_PID_FILE" ] || return 0
  local pid
  pid=$(cat "$ENGINE_PID_FILE")
  if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ]; then
    say "stopping the engine we started"
    kill "$pid"
    wait_for 30 "the engine is gone" process_is_gone "$pid" || kill -9 "$pid"
  fi
  rm -f "$ENGINE_PID_FILE"
}
