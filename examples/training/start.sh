#!/usr/bin/env bash
# bash start.sh config.sh: trains on every node of the hostfile through mpirun. It runs in the head's
# container; the folder it stands in is the same on all nodes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=config.sh
. "$here/$1"

hostfile=${HOSTFILE:-/data/hostfile}
ranks=$(awk '{ for (i = 2; i <= NF; i++) if (sub(/^slots=/, "", $i)) n += $i } END { print n + 0 }' "$hostfile")
head=$(awk '$1 !~ /^#/ && NF { print $1; exit }' "$hostfile")
# The name is one of ~/.ssh/config; gloo needs the address behind it.
MASTER_ADDR=$(ssh -T -G "$head" | sed -n 's/^hostname //p')
export MASTER_ADDR

# docker0 has the same address on every machine: Open MPI must not try it. Loopback it leaves out by itself; two
# names in oob_tcp_if_exclude bring the mpirun of Open MPI 5 down (openpmix/prrte#2553).
exec mpirun --allow-run-as-root --hostfile "$hostfile" -np "$ranks" \
  --mca oob_tcp_if_exclude docker0 --mca btl_tcp_if_exclude lo,docker0 --mca btl ^openib \
  -x MASTER_ADDR -x MASTER_PORT -x STEPS -x LEARNING_RATE -x SEED \
  python3 "$here/ddp.py"
