#pragma once

#include <string_view>

namespace dtenv {

// The constant programs key_exchange runs in a container (POSIX sh). Data comes as arguments. A
// process is our sshd if its command line names our configuration: a number alone, left in a file
// from before a restart of the container, may be the image's own sshd by now.

constexpr std::string_view ssh_folder = "/etc/ssh/dtenv";  ///< host key and sshd_config, ours alone
constexpr std::string_view sshd_pid_file = "/run/dtenv-sshd.pid";

/// args: USER. What is there, one fact a line; a file as "file ROLE MODE SIZE" and its bytes.
constexpr std::string_view look_program = R"sh(
PATH=$PATH:/usr/sbin:/sbin
home=$(getent passwd "$1" | cut -d: -f6)
[ -n "$home" ] || { echo "missing user"; exit 0; }
echo "home $home"
command -v sshd >/dev/null 2>&1 || echo "missing sshd"
command -v ssh-keygen >/dev/null 2>&1 || echo "missing ssh-keygen"
command -v ssh >/dev/null 2>&1 || echo "missing ssh"
echo "addresses $(awk '/32 host/ {print last} {last=$2}' /proc/net/fib_trie 2>/dev/null | sort -u | tr '\n' ' ')"
pid=$(cat /run/dtenv-sshd.pid 2>/dev/null)
if grep -qa etc/ssh/dtenv/sshd_config "/proc/$pid/cmdline" 2>/dev/null &&
   [ ! /etc/ssh/dtenv/sshd_config -nt /run/dtenv-sshd.pid ]; then echo "sshd running"; fi
[ -f "$home/.ssh/id_dtenv" ] && echo "keymode $(stat -c %a "$home/.ssh/id_dtenv")"
show() {
  [ -f "$2" ] || return 0
  echo "file $1 $(stat -c '%a %s' "$2")"
  cat "$2"
  echo
}
show user_key "$home/.ssh/id_dtenv.pub"
show host_key /etc/ssh/dtenv/ssh_host_ed25519_key.pub
show sshd_config /etc/ssh/dtenv/sshd_config
show authorized_keys "$home/.ssh/authorized_keys"
show known_hosts "$home/.ssh/known_hosts_dtenv"
show ssh_config "$home/.ssh/config"
)sh";

/// args: USER TYPE BITS COMMENT. Makes the user's key pair; an old one of ours goes.
constexpr std::string_view user_key_program = R"sh(
home=$(getent passwd "$1" | cut -d: -f6)
group=$(id -g "$1")
mkdir -p -- "$home/.ssh" && chown "$1:$group" "$home/.ssh" && chmod 700 "$home/.ssh" || exit 74
rm -f -- "$home/.ssh/id_dtenv" "$home/.ssh/id_dtenv.pub"
ssh-keygen -q -t "$2" -b "$3" -N '' -C "$4" -f "$home/.ssh/id_dtenv" || exit 74
chown "$1:$group" "$home/.ssh/id_dtenv" "$home/.ssh/id_dtenv.pub"
)sh";

/// args: COMMENT. Makes this container's own host key: one from the image is known to all who have
/// it.
constexpr std::string_view host_key_program = R"sh(
mkdir -p /etc/ssh/dtenv && chmod 755 /etc/ssh/dtenv || exit 74
rm -f /etc/ssh/dtenv/ssh_host_ed25519_key /etc/ssh/dtenv/ssh_host_ed25519_key.pub
exec ssh-keygen -q -t ed25519 -N '' -C "$1" -f /etc/ssh/dtenv/ssh_host_ed25519_key
)sh";

/// Checks the configuration and (re)starts our sshd. Sessions that run are left alone.
constexpr std::string_view sshd_program = R"sh(
PATH=$PATH:/usr/sbin:/sbin
mkdir -p /run/sshd && chmod 755 /run/sshd || exit 74
sshd -t -f /etc/ssh/dtenv/sshd_config || exit 78
pid=$(cat /run/dtenv-sshd.pid 2>/dev/null)
if grep -qa etc/ssh/dtenv/sshd_config "/proc/$pid/cmdline" 2>/dev/null; then
  kill -TERM "$pid"
  tries=0
  while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 50 ]; do tries=$((tries + 1)); sleep 0.1; done
fi
rm -f /run/dtenv-sshd.pid
"$(command -v sshd)" -f /etc/ssh/dtenv/sshd_config || exit 75
tries=0
while [ ! -s /run/dtenv-sshd.pid ]; do
  tries=$((tries + 1)); [ "$tries" -gt 50 ] && exit 75
  sleep 0.1
done
exit 0
)sh";

/// args: SECONDS SELF NODE… . Logs in to every node as mpirun would, 16 at a time: a line "login
/// NODE CODE TEXT" each, the text's own line ends as 0x1E, and the PATH that a login to itself
/// sees.
constexpr std::string_view login_program = R"sh(
seconds=$1; self=$2; shift 2
count=0
for name in "$@"; do
  ( said=$(ssh -o BatchMode=yes -o ConnectTimeout="$seconds" -o ConnectionAttempts=1 -- "$name" true 2>&1 >/dev/null </dev/null)
    code=$?
    printf 'login %s %s %s\n' "$name" "$code" "$(printf '%s' "$said" | head -c 4000 | tr '\n' '\036')" ) &
  count=$((count + 1))
  [ $((count % 16)) -eq 0 ] && wait
done
wait
printf 'path %s\n' "$(ssh -o BatchMode=yes -o ConnectTimeout="$seconds" -- "$self" printenv PATH 2>/dev/null </dev/null)"
)sh";

/// args: USER. Stops our sshd and takes away what dtenv made; foreign lines stay (written by
/// apply).
constexpr std::string_view remove_program = R"sh(
home=$(getent passwd "$1" | cut -d: -f6)
pid=$(cat /run/dtenv-sshd.pid 2>/dev/null)
grep -qa etc/ssh/dtenv/sshd_config "/proc/$pid/cmdline" 2>/dev/null && kill -TERM "$pid"
rm -rf -- /etc/ssh/dtenv /run/dtenv-sshd.pid "$home/.ssh/id_dtenv" "$home/.ssh/id_dtenv.pub" "$home/.ssh/known_hosts_dtenv"
)sh";

}  // namespace dtenv
