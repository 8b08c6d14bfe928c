# Machines in containers: each with its own systemd, sshd, address and (later) Docker engine, on a
# network of their own. A cluster NAME keeps its key, its known_hosts and its list of machines in
# DTENV_CLUSTER_FOLDER/NAME.
# shellcheck shell=bash

machine_name() { printf 'dtenv-%s-%s' "$1" "$2"; }

cluster_folder() { printf '%s/%s' "$DTENV_CLUSTER_FOLDER" "$1"; }

# cluster_up NAME PREFIX COUNT: machines PREFIX.11, PREFIX.12, … named node1, node2, …; the same
# ones again if they are there. PREFIX is "10.213.77".
cluster_up() {
  local name=$1 prefix=$2 count=$3 folder number
  folder=$(cluster_folder "$name")
  mkdir -p "$folder"
  network_up "$name" "$prefix" || die "$prefix.0/24: no network of that address: see above"
  [ -s "$folder/id_ed25519" ] ||
    ssh-keygen -q -t ed25519 -N '' -C "dtenv cluster $name" -f "$folder/id_ed25519" </dev/null
  for number in $(seq "$count"); do
    machine_start "$name" "$number" "$prefix.$((10 + number))"
  done
  : >"$folder/known_hosts"
  for number in $(seq "$count"); do
    machine_ready "$name" "$number" "$prefix.$((10 + number))"
  done
}

network_up() {
  local network=dtenv-$1 prefix=$2 mtu
  docker network inspect "$network" >/dev/null 2>&1 && return
  mtu=$(cat "/sys/class/net/$(ip -o route show default | sed -n '1s/.* dev \([^ ]*\).*/\1/p')/mtu" 2>/dev/null)
  docker network create --subnet "$prefix.0/24" --gateway "$prefix.1" \
    --opt "com.docker.network.driver.mtu=${mtu:-1500}" "$network" >/dev/null
}

# The first of the given prefixes whose network is the cluster's already, or is free.
free_prefix() {
  local name=$1 prefix subnet
  shift
  subnet=$(docker network inspect --format '{{(index .IPAM.Config 0).Subnet}}' "dtenv-$name" 2>/dev/null || true)
  for prefix in "$@"; do
    if [ "$subnet" = "$prefix.0/24" ] || network_up "$name" "$prefix" >/dev/null 2>&1; then
      printf '%s' "$prefix"
      return
    fi
  done
  die "none of these networks is free here: $*"
}

# machine_start NAME NUMBER ADDRESS [COMMAND…]: a command is run in the place of systemd.
machine_start() {
  local name=$1 number=$2 address=$3 container flags=()
  shift 3
  container=$(machine_name "$name" "$number")
  if docker container inspect "$container" >/dev/null 2>&1; then
    docker start "$container" >/dev/null || die "machine $container: does not start again"
    return
  fi
  if [ "$(docker info --format '{{.CgroupVersion}}')" = 2 ]; then
    flags+=(--cgroupns=private)
  else
    systemd_hierarchy_up
    flags+=(-v /sys/fs/cgroup:/sys/fs/cgroup:rw)
  fi
  # CAP_SYS_RESOURCE cannot be handed on where we have not got it ourselves (bit 24).
  (((0x$(sed -n 's/^CapEff:\t*//p' /proc/self/status) >> 24) & 1)) || flags+=(--cap-drop=SYS_RESOURCE)
  docker run -d --name "$container" --hostname "node$number" --label "dtenv.cluster=$name" \
    --network "dtenv-$name" --ip "$address" --cap-add=ALL "${flags[@]}" \
    --security-opt seccomp=unconfined --security-opt apparmor=unconfined \
    --device-cgroup-rule 'a *:* rwm' --tmpfs /run --tmpfs /tmp -v /var \
    --stop-signal SIGRTMIN+3 "$MACHINE_IMAGE" "$@" >/dev/null || die "machine $container: does not start"
}

# With cgroup v1 and another init than systemd this hierarchy may be missing.
systemd_hierarchy_up() {
  mountpoint -q /sys/fs/cgroup/systemd && return
  mkdir -p /sys/fs/cgroup/systemd
  mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd ||
    die "/sys/fs/cgroup/systemd: a systemd in a container needs it"
}

# machine_add NAME NUMBER ADDRESS plain|systemd: one more machine of a cluster that is up; a plain one
# has no init system: sshd is its first process.
machine_add() {
  local name=$1 number=$2 address=$3 command=()
  [ "$4" != plain ] || command=(sh -c "$PLAIN_INIT")
  machine_start "$name" "$number" "$address" "${command[@]}"
  machine_ready "$name" "$number" "$address"
}

# With cgroup v2 the processes leave the root of the tree, where an engine wants to make groups.
# shellcheck disable=SC2016
PLAIN_INIT='if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
  mount -o remount,rw /sys/fs/cgroup && mkdir -p /sys/fs/cgroup/init
  for pid in $(cat /sys/fs/cgroup/cgroup.procs); do echo "$pid" >/sys/fs/cgroup/init/cgroup.procs; done
  sed "s/ / +/g; s/^/+/" </sys/fs/cgroup/cgroup.controllers >/sys/fs/cgroup/cgroup.subtree_control
fi 2>/dev/null
ssh-keygen -A && mkdir -p /run/sshd && exec /usr/sbin/sshd -D'

# Waits until it is up, lets us in, and pins its host key as the engine's own channel tells it.
machine_ready() {
  local name=$1 number=$2 address=$3 container folder
  container=$(machine_name "$name" "$number")
  folder=$(cluster_folder "$name")
  if ! wait_for 60 "machine node$number ($address) is up" machine_is_up "$container"; then
    docker exec "$container" systemctl --no-pager list-jobs --failed >&2 || docker logs --tail 20 "$container" >&2
    die "machine $container: not up after 60 s"
  fi
  resolver_configuration | docker exec -i "$container" sh -c 'cat > /etc/resolv.conf'
  docker exec -i "$container" sh -c 'umask 077; mkdir -p /root/.ssh; cat > /root/.ssh/authorized_keys' \
    <"$folder/id_ed25519.pub"
  docker exec "$container" cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub |
    tee "$folder/node$number.host_key" | sed "s/^/$address /" >>"$folder/known_hosts"
}

machine_is_up() {
  ! docker exec "$1" test -d /run/systemd/system ||
    case $(docker exec "$1" systemctl is-system-running 2>/dev/null) in running | degraded) ;; *) return 1 ;; esac
  docker exec "$1" ss -Hltn 'sport = :22' | grep -q .
}

# The engines inside cannot use Docker's own resolver on 127.0.0.11, nor a stub on a loopback.
resolver_configuration() {
  local file
  for file in /etc/resolv.conf /run/systemd/resolve/resolv.conf; do
    if grep -E '^nameserver' "$file" 2>/dev/null | grep -qvE '[[:space:]](127\.|::1)'; then
      grep -vE '^nameserver[[:space:]]+(127\.|::1)' "$file"
      return
    fi
  done
  die "no nameserver that a container could reach in /etc/resolv.conf"
}

cluster_machines() { docker ps -aq --filter "label=dtenv.cluster=$1"; }

cluster_is_up() { [ "$(docker ps -q --filter "label=dtenv.cluster=$1" | wc -l)" = "$2" ]; }

cluster_down() {
  local name=$1 machines
  mapfile -t machines < <(cluster_machines "$name")
  if ((${#machines[@]})); then
    docker unpause "${machines[@]}" >/dev/null 2>&1 || true
    # In good order first: the engines inside take their containers' cgroups with them.
    docker stop -t 10 "${machines[@]}" >/dev/null 2>&1 || true
    docker rm -f -v "${machines[@]}" >/dev/null || true
  fi
  docker network rm "dtenv-$name" >/dev/null 2>&1 || true
  rm -rf "$(cluster_folder "$name")"
}
