#!/usr/bin/env bash
# A cluster of machines-in-containers on this machine, to try dtenv on.
#   cluster.sh up NAME PREFIX COUNT     machines PREFIX.11, PREFIX.12, …; a mirror on PREFIX.1:5000
#   cluster.sh add NAME PREFIX NUMBER systemd|plain
#                                       machine PREFIX.(10 + NUMBER) more; a plain one has no init system
#   cluster.sh down NAME                takes them away
#   cluster.sh engine-down              stops the Docker engine, if it was this script that started it
# As root. The key, known_hosts and host keys of a cluster are in build/cluster/NAME.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
for part in common engine image machines mirror; do
  # shellcheck source=/dev/null
  . "$here/$part.sh"
done

require_root cluster.sh
case ${1:-} in
  up)
    [ $# = 4 ] || die "cluster.sh up NAME PREFIX COUNT"
    trap machine_tree_down EXIT
    need openssh-client iproute2 python3
    engine_up
    machine_image_up
    cluster_up "$2" "$3" "$4"
    mirror_up "$2" "$3.1" 5000
    ;;
  add)
    [ $# = 5 ] || die "cluster.sh add NAME PREFIX NUMBER systemd|plain"
    machine_image_up
    machine_add "$2" "$4" "$3.$((10 + $4))" "$5"
    ;;
  down)
    [ $# = 2 ] || die "cluster.sh down NAME"
    engine_answers || exit 0
    mirror_down "$2"
    cluster_down "$2"
    ;;
  engine-down) engine_down ;;
  *) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
