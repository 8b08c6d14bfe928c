#pragma once

#include <string_view>

namespace dtenv {

// The constant programs key_exchange runs in a container or on a machine (POSIX sh). Data comes as
// arguments. A process is our sshd if its command line names our configuration: a number alone,
// left in a file from before a restart of the container, may be the image's own sshd by now.
// Starting a process is what costs here: they start as few as they can.

constexpr std::string_view ssh_folder = "/etc/ssh/dtenv";  ///< host key and sshd_config, ours alone
constexpr std::string_view sshd_pid_file = "/run/dtenv-sshd.pid";
constexpr std::string_view host_certificate_file = "/etc/ssh/dtenv/ssh_host_ed25519_key-cert.pub";

/// Files above this are not sent whole again and again: they are ours for the most part, and the
/// same on every node.
constexpr std::string_view large_file = "32768";

/// args: USER WHERE TRUST LARGE. What is there, one fact a line; last "files ROLE…", as many lines
/// "MODE SIZE", and the files' bytes one behind the other. Of a file above LARGE bytes: "MODE SIZE
/// hollow", without the inside of our block, which is as its checksum says; "MODE 0 SHA256" of one
/// that is all ours.
constexpr std::string_view look_program = R"sh(LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/sbin:/sbin
user=${1:-$(id -un)}; where=$2 trust=$3 large=$4
entry=
while IFS= read -r line; do
  case $line in "$user":*) entry=$line; break ;; esac
done </etc/passwd
[ -n "$entry" ] || entry=$(getent passwd "$user") || { echo "missing user"; exit 0; }
rest=${entry#*:*:}; uid=${rest%%:*}; rest=${rest#*:}; gid=${rest%%:*}; rest=${rest#*:*:}
home=${rest%%:*}
[ -n "$home" ] || { echo "missing home"; exit 0; }
printf 'user %s\nowner %s:%s\nhome %s\n' "$user" "$uid" "$gid" "$home"
command -v ssh-keygen >/dev/null 2>&1 || echo "missing ssh-keygen"
command -v ssh >/dev/null 2>&1 || echo "missing ssh"
[ "$trust" != ca ] || echo "now $(date +%s)"
ours=/etc/ssh/dtenv
if [ "$where" = machine ]; then
  set -- $SSH_CONNECTION
  [ -z "$4" ] || echo "port $4"
  for host_key in ed25519 ecdsa rsa; do
    host_key=/etc/ssh/ssh_host_${host_key}_key.pub
    [ ! -f "$host_key" ] || break
  done
else
  command -v sshd >/dev/null 2>&1 || echo "missing sshd"
  echo "openssh $(ssh -V 2>&1)"
  echo "addresses $(awk '/32 host/ {if (!seen[last]++) printf "%s ", last} {last=$2}' /proc/net/fib_trie 2>/dev/null)"
  ulimit -a | sed 's/^/limit /'
  grep -q "^$user:!" /etc/shadow 2>/dev/null && echo "locked yes"
  pid=; [ ! -f /run/dtenv-sshd.pid ] || read -r pid </run/dtenv-sshd.pid
  if grep -qa etc/ssh/dtenv/sshd_config "/proc/$pid/cmdline" 2>/dev/null &&
     [ ! "$ours/sshd_config" -nt /run/dtenv-sshd.pid ] &&
     [ ! "$ours/ssh_host_ed25519_key.pub" -nt /run/dtenv-sshd.pid ] &&
     [ ! "$ours/ssh_host_ed25519_key-cert.pub" -nt /run/dtenv-sshd.pid ]; then
    echo "sshd running"
  fi
  host_key=$ours/ssh_host_ed25519_key.pub
fi
set -- user_key "$home/.ssh/id_dtenv.pub" user_certificate "$home/.ssh/id_dtenv-cert.pub" \
  host_key "$host_key" host_certificate "$ours/ssh_host_ed25519_key-cert.pub" \
  sshd_config "$ours/sshd_config" issued "$ours/issued" \
  authorized_keys "$home/.ssh/authorized_keys" known_hosts "$home/.ssh/known_hosts_dtenv" \
  ssh_config "$home/.ssh/config" environment "$home/.ssh/environment"
roles=; left=$(($# / 2))
while [ "$left" -gt 0 ]; do
  role=$1 path=$2 left=$((left - 1)); shift 2
  [ ! -f "$path" ] || { roles="$roles $role"; set -- "$@" "$path"; }
done
nl='
'
last() { last=${stats##*"$nl"}; stats=${stats%"$nl"*}; }
folder= key=
[ ! -d "$home/.ssh" ] || folder=$home/.ssh
[ ! -f "$home/.ssh/id_dtenv" ] || key=$home/.ssh/id_dtenv
[ -n "$folder" ] || [ $# -gt 0 ] || exit 0
stats=$nl$(stat -L -c '%a %s' "$@" ${key:+"$key"} ${folder:+"$folder"}) || exit 74
[ -z "$folder" ] || { last; echo "folder_mode ${last% *}"; }
[ -z "$key" ] || { last; echo "key_mode $last"; }
[ $# -gt 0 ] || exit 0
stats=${stats#"$nl"}$nl
many=
rest=$stats
while [ -n "$rest" ]; do
  line=${rest%%"$nl"*} rest=${rest#*"$nl"}
  [ "${line#* }" -le "$large" ] || many=1
done
if [ -z "$many" ]; then
  printf 'files%s\n%s' "$roles" "$stats"
  exec cat "$@"
fi
# What stands between the markers, as lines "FIRST,LAST"; nothing where it is not as we wrote it.
inside() {
  marks=$(grep -an '^# dtenv:key_exchange \(begin\|end\)' "$1" | head -n 3)
  case $marks in *"$nl"*"$nl"*) return ;; *:*begin*sha256=*"$nl"*:*end) ;; *) return ;; esac
  from=$((${marks%%:*} + 1)) to=${marks#*"$nl"}; to=$((${to%%:*} - 1))
  [ "$from" -le "$to" ] || return
  written=${marks#*sha256=}; written=${written%%[!0-9a-f]*}
  sum=$(sed -n "$from,${to}p" "$1" | sha256sum)
  case $sum in "$written"*) [ "${#written}" = 16 ] && echo "$from,$to" ;; esac
}
printf 'files%s\n' "$roles"
cuts=
for role in $roles; do
  line=${stats%%"$nl"*} stats=${stats#*"$nl"} path=$1; shift; set -- "$@" "$path"
  mode=${line% *} size=${line#* } cut=-
  if [ "$size" -gt "$large" ]; then
    case $role in
      known_hosts) cut=all; sum=$(sha256sum <"$path"); line="$mode 0 ${sum%% *}" ;;
      authorized_keys | ssh_config) cut=$(inside "$path"); cut=${cut:--} ;;
    esac
    case $cut in *,*) line="$mode $(sed "${cut}d" "$path" | wc -c) hollow" ;; esac
  fi
  printf '%s\n' "$line"
  cuts="$cuts $cut"
done
for cut in $cuts; do
  case $cut in -) cat "$1" ;; all) ;; *) sed "${cut}d" "$1" ;; esac
  shift
done
)sh";

/// args: USER HOME OWNER TYPE BITS COMMENT FOLDER_MODE. Makes the user's key pair; an old one of
/// ours goes. What is already as it must be costs no program: in a home of our own no chown. -o:
/// before OpenSSH 7.8 an RSA key is PEM without it.
constexpr std::string_view user_key_program = R"sh(
folder=$2/.ssh key=$2/.ssh/id_dtenv
if [ ! -d "$folder" ]; then
  mkdir -m 700 -p -- "$folder" || exit 74
  [ -O "$2" ] || chown "$3" "$folder" || exit 74
elif [ "$7" != 700 ]; then
  chmod 700 "$folder" || exit 74
fi
for old in "$key" "$key.pub" "$key-cert.pub"; do [ ! -e "$old" ] || rm -f -- "$old"; done
ssh-keygen -q -o -t "$4" -b "$5" -N '' -C "$6" -f "$key" || exit 74
[ -O "$2" ] || chown "$3" "$key" "$key.pub" || exit 74
! command -v restorecon >/dev/null 2>&1 || restorecon -R "$folder"
)sh";

/// args: HOME. The user's key pair goes, and with it whatever it opened.
constexpr std::string_view no_user_key_program = R"sh(
rm -f -- "$1/.ssh/id_dtenv" "$1/.ssh/id_dtenv.pub" "$1/.ssh/id_dtenv-cert.pub"
)sh";

/// args: COMMENT. Makes this container's own host key: one from the image is known to all who have
/// it.
constexpr std::string_view host_key_program = R"sh(
mkdir -p /etc/ssh/dtenv && chmod 755 /etc/ssh/dtenv || exit 74
rm -f /etc/ssh/dtenv/ssh_host_ed25519_key /etc/ssh/dtenv/ssh_host_ed25519_key.pub \
  /etc/ssh/dtenv/ssh_host_ed25519_key-cert.pub
exec ssh-keygen -q -t ed25519 -N '' -C "$1" -f /etc/ssh/dtenv/ssh_host_ed25519_key
)sh";

/// args: USER. "*" has no password either, and sshd without PAM takes keys for it.
constexpr std::string_view account_program = R"sh(
PATH=$PATH:/usr/sbin:/sbin
exec usermod -p '*' -- "$1"
)sh";

/// args: FILE CLUSTER SECONDS FROM; on stdin lines "NODE user|host PRINCIPALS KEY". Certifies the
/// keys with two authorities that live for this one call, in memory: nobody can certify more with
/// them later, and what older ones certified holds no longer. FILE gets the authorities' public
/// halves and the certificates.
constexpr std::string_view sign_program = R"sh(
umask 077
room=$(mktemp -d /dev/shm/dtenv.XXXXXX 2>/dev/null) || room=$(mktemp -d /run/dtenv.XXXXXX) || exit 74
trap 'rm -rf -- "$room"' EXIT
trap 'exit 74' HUP INT TERM PIPE
cd "$room" || exit 74
for role in user host; do
  ssh-keygen -q -t ed25519 -N '' -C "dtenv-$2-$role-ca" -f "$role" || exit 74
  printf 'authority %s %s\n' "$role" "$(cat "$role.pub")" >>issued
done
serial=0
while read -r node role principals key; do
  serial=$((serial + 1))
  printf '%s\n' "$key" >k.pub
  if [ "$role" = host ]; then set -- "$1" "$2" "$3" "$4" -h
  else set -- "$1" "$2" "$3" "$4" -O clear -O permit-pty ${4:+-O "source-address=$4"}; fi
  file=$1 cluster=$2 seconds=$3 from=$4; shift 4
  ssh-keygen -q -s "$role" -I "dtenv-$cluster-$node" -n "$principals" -z "$serial" \
    -V "-5m:+${seconds}s" "$@" k.pub || exit 74
  set -- "$file" "$cluster" "$seconds" "$from"
  printf '%s %s %s\n' "$node" "$role" "$(cat k-cert.pub)" >>issued
done
[ -d "${1%/*}" ] || mkdir -m 755 -p -- "${1%/*}" || exit 74
chmod 600 issued && cp -p issued "$1.new" && mv -f "$1.new" "$1" || exit 74
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

/// $0: USER, args: a command line. Run as that user: root becomes him, he himself is it already.
constexpr std::string_view as_user_program =
    R"sh([ "$(id -u)" != 0 ] || exec runuser -u "$0" -- "$@"; exec "$@")sh";

/// args: SECONDS WIDE NODE… . Logs in to every node as mpirun would, WIDE at a time; one whose sshd
/// is busy is tried again. A line "login NODE CENTISECONDS CODE OUT GS SAID" each, with RS for line
/// ends.
constexpr std::string_view login_program = R"sh(
seconds=$1; wide=$2; shift 2
limit=; ! command -v timeout >/dev/null 2>&1 || limit="timeout $((seconds + 1))"
login() {
  tries=0
  read -r begun _ </proc/uptime
  while :; do
    all=$(exec 3>&1
      said=$($limit ssh -T -o LogLevel=INFO -o BatchMode=yes -o ConnectTimeout="$seconds" -o ConnectionAttempts=1 -- "$1" true 2>&1 >&3 3>&- </dev/null)
      code=$?
      printf '\035%s \035%s' "$code" "$said")
    tries=$((tries + 1))
    case $all in
      *kex_exchange_identification* | *MaxStartups*)
        [ "$tries" -gt 3 ] || { sleep "0.$((tries * 2 + $2 % 3))" || sleep 1; continue; } ;;
    esac
    break
  done
  read -r ended _ </proc/uptime
  spent=$((1${ended%.*}${ended#*.} - 1${begun%.*}${begun#*.}))
  [ "${#ended}" -eq "${#begun}" ] || spent=0
  out=${all%%"$gs"*}; all=${all#*"$gs"}
  printf 'login %s %s %s\n' "$1" "$spent" "$(printf '%s%s' "${all%%"$gs"*}" "$out" | head -c 1000 | tr '\n' '\036')$gs$(printf '%s' "${all#*"$gs"}" | head -c 4000 | tr '\n' '\036')"
}
gs=$(printf '\035')
count=0
for name in "$@"; do
  count=$((count + 1))
  login "$name" "$count" &
  [ $((count % wide)) -ne 0 ] || wait
done
wait
)sh";

/// args: SECONDS NODE. What a login to that node sees: lines "env NAME=VALUE" (RS for a line end)
/// and "limit …".
constexpr std::string_view session_program = R"sh(
ssh -T -o BatchMode=yes -o ConnectTimeout="$1" -- "$2" \
  'env -0 | tr "\000\n" "\n\036" | sed "s/^/env /"; sh -c "ulimit -a" | sed "s/^/limit /"' </dev/null 2>/dev/null
exit 0
)sh";

/// args: HOME FILE… . Stops our sshd and takes away what dtenv made, the FILEs where they are
/// empty; foreign lines stay (written by apply).
constexpr std::string_view remove_program = R"sh(
pid=; [ ! -f /run/dtenv-sshd.pid ] || read -r pid </run/dtenv-sshd.pid
! grep -qa etc/ssh/dtenv/sshd_config "/proc/$pid/cmdline" 2>/dev/null || kill -TERM "$pid"
rm -rf -- /etc/ssh/dtenv /run/dtenv-sshd.pid "$1/.ssh/id_dtenv" "$1/.ssh/id_dtenv.pub" \
  "$1/.ssh/id_dtenv-cert.pub" "$1/.ssh/known_hosts_dtenv"
shift
for made in "$@"; do [ -s "$made" ] || rm -f -- "$made"; done
)sh";

}  // namespace dtenv
