#pragma once

#include <string_view>

namespace dtenv {

// The constant programs docker_config runs on a machine (POSIX sh). Data comes as arguments.

/// args: FOLDER…: of packages. What is there, one fact a line; "end" proves that all came.
constexpr std::string_view docker_look_program = R"sh(
PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin
echo "uid $(id -u)"
echo "arch $(dpkg --print-architecture 2>/dev/null)"
[ -d /run/systemd/system ] && echo "systemd"
inode=$(awk '$NF=="/var/run/docker.sock" || $NF=="/run/docker.sock" {print $7; exit}' /proc/net/unix 2>/dev/null)
own=$(readlink /proc/self/ns/pid)
for p in $(grep -lx dockerd /proc/[0-9]*/comm 2>/dev/null); do
  p=${p%/comm}
  [ "$(readlink "$p/ns/pid" 2>/dev/null)" = "$own" ] || continue
  [ -n "$(tr -d '\0' <"$p/cmdline" 2>/dev/null)" ] || continue # a dead one that nobody has reaped
  parent=$(awk '/^PPid:/ {print $2}' "$p/status" 2>/dev/null)
  [ "$(cat "/proc/$parent/comm" 2>/dev/null)" != dockerd ] || continue # a child, not yet another program
  holds=no
  [ -n "$inode" ] && ls -l "$p/fd" 2>/dev/null | grep -q "socket:\[$inode\]" && holds=yes
  uid=$(awk '/^Uid:/ {print $2}' "$p/status" 2>/dev/null)
  echo "daemon ${p#/proc/} $holds $uid"
  echo "exe $(readlink "$p/exe" 2>/dev/null)"
  echo "cwd $(readlink "$p/cwd" 2>/dev/null)"
  tr '\0' '\n' <"$p/cmdline" 2>/dev/null | sed 's/^/arg /'
  tr '\0' '\n' <"$p/environ" 2>/dev/null | grep -E '^(HOME|XDG_CONFIG_HOME)=' | sed 's/^/env /'
done
for u in docker.service snap.docker.dockerd.service; do
  [ -d /run/systemd/system ] || break
  said=$(systemctl show "$u" -p Id -p LoadState -p MainPID -p ExecStart -p Environment \
    -p EnvironmentFiles 2>/dev/null)
  case $said in *LoadState=loaded*) printf '%s\n' "$said" | sed 's/^/unit /'; break ;; esac
done
if [ $# -gt 0 ]; then known=; else known="docker.io docker-ce docker-ce-cli containerd.io containerd
  runc docker-doc docker-compose docker-compose-v2 podman-docker iptables ca-certificates
  nvidia-docker nvidia-docker2 nvidia-container-runtime nvidia-container-toolkit"; fi
dpkg-query -W -f '${db:Status-Abbrev}\t${Package}\t${Version}\n' $known 2>/dev/null | sed 's/^/package /'
command -v rpm >/dev/null 2>&1 && [ ! -e /var/lib/dpkg/status ] &&
  rpm -q --qf 'package ii \t%{NAME}\t%{VERSION}-%{RELEASE}\n' docker docker-client docker-common \
    docker-engine docker-ce podman-docker runc nvidia-docker2 nvidia-container-toolkit 2>/dev/null |
  grep '^package ii'
for p in $(grep -l '^containerd-shim' /proc/[0-9]*/comm 2>/dev/null); do
  tr '\0' ' ' 2>/dev/null <"${p%/comm}/cmdline" |
    sed -n 's/.*-namespace \([^ ]*\).* -id \([^ ]*\).*/shim \1\/\2/p'
done
for d in /sys/bus/pci/devices/*; do
  read -r vendor <"$d/vendor" && [ "$vendor" = 0x10de ] && read -r class <"$d/class" || continue
  case $class in 0x03*) echo "gpu"; break ;; esac
done 2>/dev/null
[ -e /dev/nvidiactl ] || [ -e /dev/dxg ] && echo "gpu"
nvidia-ctk --version 2>/dev/null | sed -n 's/.* version \(.*\)/toolkit \1/p'
if command -v getenforce >/dev/null 2>&1; then
  echo "selinux $(getenforce) $(getsebool container_use_devices 2>/dev/null | sed 's/.*> //')"
fi
[ -d /run/systemd/system ] &&
  echo "cdi_refresh $(systemctl is-enabled nvidia-cdi-refresh.path 2>/dev/null)"
for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources \
  /etc/yum.repos.d/docker-ce.repo /etc/yum.repos.d/nvidia-container-toolkit.repo; do
  [ -f "$f" ] && echo "apt $f"
done
for folder; do
  [ -d "$folder" ] || continue
  echo "folder $folder"
  for f in "$folder"/*.deb; do
    [ -f "$f" ] || continue
    printf 'deb %s\t' "$f"
    dpkg-deb -W --showformat '${Package}\t${Version}\t${Architecture}\t${Pre-Depends}, ${Depends}\n' "$f" || echo
  done 2>/dev/null
done
for p in /usr/bin/dockerd /usr/sbin/dockerd /usr/local/bin/dockerd; do
  [ -x "$p" ] && echo "program $p"
done
echo end
)sh";

/// args: UNIT WORD…: Starts an engine that is installed: by systemd, by its init script, or by
/// itself.
constexpr std::string_view docker_start_program = R"sh(
PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin
unit=$1
shift
if [ -d /run/systemd/system ]; then
  systemctl reset-failed "$unit" docker.socket 2>/dev/null
  systemctl enable "$unit" >/dev/null 2>&1
  exec systemctl start "$unit"
fi
rm -f /var/run/docker.pid
if [ $# -eq 0 ] && [ -x /etc/init.d/docker ]; then
  /etc/init.d/docker start >/dev/null 2>&1 && exit 0
fi
[ $# -gt 0 ] || set -- dockerd
setsid "$@" </dev/null >>/var/log/docker.log 2>&1 &
exit 0
)sh";

/// args: PID WORD…: ends the daemon and starts it again with the same words; one of systemd's by
/// the unit whose main process it is.
constexpr std::string_view docker_restart_program = R"sh(
PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin
pid=$1
shift
unit=$(sed -n 's|.*/\([^/]*\.service\)$|\1|p' "/proc/$pid/cgroup" 2>/dev/null | head -n 1)
if [ -d /run/systemd/system ] && [ -n "$unit" ] &&
   [ "$(systemctl show -p MainPID --value "$unit" 2>/dev/null)" = "$pid" ]; then
  systemctl reset-failed "$unit" docker.socket 2>/dev/null
  exec systemctl restart "$unit"
fi
kill -TERM "$pid" || exit 74
waited=0
while kill -0 "$pid" 2>/dev/null && [ "$(awk '{print $3}' "/proc/$pid/stat" 2>/dev/null)" != Z ]; do
  waited=$((waited + 1))
  [ "$waited" -lt 300 ] || exit 75
  sleep 0.2
done
rm -f /var/run/docker.pid
setsid "$@" </dev/null >>/var/log/docker.log 2>&1 &
exit 0
)sh";

/// No args. Exit 1: no daemon runs in this machine's own process namespace.
constexpr std::string_view docker_alive_program = R"sh(
own=$(readlink /proc/self/ns/pid)
for p in $(grep -lx dockerd /proc/[0-9]*/comm 2>/dev/null); do
  [ "$(readlink "${p%/comm}/ns/pid" 2>/dev/null)" = "$own" ] || continue
  [ "$(awk '{print $3}' "${p%/comm}/stat" 2>/dev/null)" = Z ] || exit 0
done
exit 1
)sh";

/// No args. The daemon's last words, from wherever they went.
constexpr std::string_view docker_log_program = R"sh(
if [ -d /run/systemd/system ]; then journalctl -u docker -n 20 --no-pager -o cat 2>/dev/null
else tail -n 20 /var/log/docker.log 2>/dev/null; fi
)sh";

}  // namespace dtenv
