#pragma once

#include <string_view>

namespace dtenv {

// The constant programs that look at a node before a launch. Data comes as arguments.

/// args: PATH. One line a file, sorted: what has to be equal on every node. Small files by content,
/// large ones (32 MiB and more) by size, first and last MiB; compiled Python left out.
constexpr std::string_view manifest_program = R"sh(
export LC_ALL=C
[ -e "$1" ] || exit 66
cd -- "$1" 2>/dev/null || { sha256sum -- "$1"; exit; }
find . -type d -name __pycache__ -prune -o -type f -size -65536 -print0 | sort -z | xargs -0 -r sha256sum --
find . -type f ! -size -65536 -print0 | sort -z | xargs -0 -r -n 1 sh -c '
  printf "%s %s  %s\n" "$({ head -c 1048576 -- "$1"; tail -c 1048576 -- "$1"; } | sha256sum | cut -c1-64)" \
    "$(stat -c %s -- "$1")" "$1"' dtenv
find . -type l -printf 'link %p -> %l\n' | sort
)sh";

/// args: PORT ADDRESS… (of other nodes). What a launch depends on, "KEY VALUE" a line; what cannot
/// be told is left out. "way INTERFACE COUNT ADDRESS": so many of the addresses are reached through
/// it, one of them is ADDRESS.
constexpr std::string_view facts_program = R"sh(
export LC_ALL=C
say() { [ -z "$2" ] || printf '%s %s\n' "$1" "$2"; }
first() { head -n 1 | cut -c 1-120; }
port=$1; shift
python=$(command -v python3 || command -v python)
say clock "$(date +%s.%N)"
say host "$(hostname 2>/dev/null || cat /proc/sys/kernel/hostname)"
say self "$(getent ahosts "$(hostname)" 2>/dev/null | sed -n '1s/ .*//p')"
say kernel "$(uname -r)"
say arch "$(uname -m)"
say libc "$(getconf GNU_LIBC_VERSION 2>/dev/null)"
say os "$(sed -n 's/^PRETTY_NAME="*\([^"]*\).*/\1/p' /etc/os-release 2>/dev/null)"
say timezone "$(date +%z)"
say path "$PATH"
say library_path "${LD_LIBRARY_PATH-}"
say mpirun "$(mpirun --version 2>/dev/null </dev/null | first)"
say hydra "$(mpiexec.hydra --version 2>/dev/null </dev/null | grep -iE 'version' | first)"
say slurm "$(srun --version 2>/dev/null </dev/null | first)"
say openssh "$(ssh -V 2>&1 </dev/null | grep OpenSSH | first)"
for tool in deepspeed torchrun srun pdsh ssh; do say "$tool" "$(command -v "$tool")"; done
[ -z "$python" ] || "$python" -c '
import hashlib, sys
print("python", "%d.%d.%d" % sys.version_info[:3])
try: import importlib.metadata as found
except ImportError: sys.exit()
for name in "torch", "deepspeed", "numpy", "mpi4py", "transformers", "apex", "flash-attn", "triton":
    try: print("package." + name, found.version(name))
    except Exception: pass
names = set()
for package in found.distributions():
    name = package.metadata["Name"] or ""
    names.add("%s %s" % (name, package.version))
    if name.startswith("nvidia-nccl"): print("nccl", package.version)
    if name.startswith("nvidia-cudnn"): print("cudnn", package.version)
print("packages", len(names), "of digest", hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:12])
' 2>/dev/null
say libnccl "$(ls /usr/lib/*/libnccl.so.2.* /usr/local/*/lib*/libnccl.so.2.* 2>/dev/null | first)"
say cuda "$({ nvcc --version || /usr/local/cuda/bin/nvcc --version; } 2>/dev/null | sed -n 's/.*release \([0-9.]*\).*/\1/p')"
if command -v nvidia-smi >/dev/null; then
  say gpus "$(nvidia-smi -L 2>/dev/null | grep -c '^GPU')"
  say driver "$(nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | first)"
  each() { say "$1" "$(nvidia-smi "--query-gpu=$2" --format=csv,noheader 2>/dev/null | sort -u | tr '\n' ';')"; }
  each gpu name
  each mig mig.mode.current
  each gpu_memory memory.total
  each ecc ecc.mode.current
  each persistence persistence_mode
  each pcie pcie.link.gen.max,pcie.link.width.current
  each power_limit power.limit
fi
say peermem "$(grep -oE '^(nvidia_peermem|nv_peer_mem) ' /proc/modules 2>/dev/null | first)"
say ofed "$(ofed_info -s 2>/dev/null | first)"
hca=$(ls /sys/class/infiniband 2>/dev/null | tr '\n' ' ')
if [ -n "$hca" ]; then
  say hca "$hca"
  all() { sort -u "$@" 2>/dev/null | tr '\n' ';'; }
  say hca_firmware "$(all /sys/class/infiniband/*/fw_ver)"
  say hca_rate "$(all /sys/class/infiniband/*/ports/*/rate)"
  say gid_types "$(all /sys/class/infiniband/*/ports/*/gid_attrs/types/*)"
fi
[ ! -e /dev/infiniband/uverbs0 ] || say infiniband yes
say shm "$(df -B1 --output=avail /dev/shm 2>/dev/null | sed -n '2s/ //gp')"
say memlock "$(sh -c 'ulimit -l' 2>/dev/null)"
say nofile "$(ulimit -n)"
say stack "$(ulimit -s)"
say processes "$(sed -n 's/^Max processes *\([^ ]*\).*/\1/p' /proc/self/limits)"
say capabilities "$(sed -n 's/^CapEff:[^0-9a-f]*//p' /proc/self/status)"
say cpus "$(nproc)"
say memory "$(awk '/^MemTotal:/ { printf "%d", $2 / 1048576 + 0.5 }' /proc/meminfo)"
say hugepages "$(sed -n 's/^HugePages_Total: *//p' /proc/meminfo)"
say thp "$(sed -n 's/.*\[\(.*\)\].*/\1/p' /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null)"
hex=$(printf ':%04X' "$port")
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
  awk -v p="$hex" '$4 == "0A" && substr($2, length($2) - 4) == p { print "busy", p; exit }'
[ -z "${NCCL_SOCKET_IFNAME-}" ] || say chosen "$NCCL_SOCKET_IFNAME"
ways=$([ $# = 0 ] || printf 'route get %s\n' "$@" | ip -o -force -batch - 2>/dev/null | awk '
  { for (i = 1; i < NF; i++) if ($i == "dev") { w = $(i + 1); n[w]++; a[w] = $1 == "local" ? $2 : $1 } }
  END { for (w in n) print "way", w, n[w], a[w] }')
[ -z "$ways" ] || printf '%s\n' "$ways"
if [ "$(printf '%s\n' "$ways" | grep -c '^way ')" = 1 ]; then
  way=${ways#way }; way=${way%% *}
  say mtu "$(cat "/sys/class/net/$way/mtu" 2>/dev/null)"
  say speed "$(sed '/^-/d' "/sys/class/net/$way/speed" 2>/dev/null)"
fi
exit 0
)sh";

/// As root. args: USER INTERFACE LOGS. Makes the folders of a launch, and says which interface NCCL
/// takes here: in /etc/nccl.conf, unless the image chose one.
constexpr std::string_view prepare_program = R"sh(
mkdir -p /run/dtenv/launch || exit 74
[ -z "$3" ] || mkdir -p -- "$3" || exit 74
if [ "$1" != root ]; then
  chown -- "$1:" /run/dtenv/launch || exit 74
  [ -z "$3" ] || chown -- "$1:" "$3" || exit 74
fi
[ -n "$2" ] || { rm -f /run/dtenv/launch/.interface; exit 0; }
printf '%s\n' "$2" >/run/dtenv/launch/.interface
ours='# dtenv: the way to the other nodes'
theirs=$(sed "/^$ours\$/,+1d" /etc/nccl.conf 2>/dev/null)
case "
$theirs" in *"
NCCL_SOCKET_IFNAME="*) exit 0 ;; esac
{ [ -z "$theirs" ] || printf '%s\n' "$theirs"; printf '%s\nNCCL_SOCKET_IFNAME=%s\n' "$ours" "$2"; } \
  >/etc/nccl.conf.dtenv && mv -f /etc/nccl.conf.dtenv /etc/nccl.conf
)sh";

/// args: PORT SELF SECONDS NAME=ADDRESS… . On every node at once (perl-base is in every Debian and
/// Ubuntu): listens on PORT, greets who comes, and asks each peer who it is. Prints "busy" where
/// the port cannot be bound, and "peer NAME ANSWER" with ANSWER ok, other, refused, or timeout.
constexpr std::string_view probe_program = R"pl(
use strict; use Socket; use Fcntl; use Errno;
my ($port, $self, $seconds, @peers) = @ARGV;
$| = 1; $SIG{PIPE} = "IGNORE";
socket(my $listen, PF_INET, SOCK_STREAM, 0) or exit 74;
setsockopt($listen, SOL_SOCKET, SO_REUSEADDR, 1);
my $bound = bind($listen, sockaddr_in($port, INADDR_ANY)) && listen($listen, 1024);
print "busy\n" unless $bound;
my $end = time + $seconds;
my $round = 0;  # of 20 ms where nothing comes
my (%want, %answer, %sock, %seen, %retry, %text);
for (@peers) { my ($name, $address) = split /=/, $_, 2; $want{$name} = $address; $retry{$name} = 0 }
sub dial {
  my $name = shift;
  my $ip = inet_aton($want{$name});
  unless ($ip) { $answer{$name} = "unresolved"; return }
  socket(my $s, PF_INET, SOCK_STREAM, 0) or return;
  fcntl($s, F_SETFL, O_NONBLOCK);
  connect($s, sockaddr_in($port, $ip));
  $sock{$name} = $s; $text{$name} = "";
}
while (1) {
  $round++;
  my $open = grep { !$answer{$_} || $answer{$_} ne "ok" } keys %want;
  last if time > $end or (!$open and (!$bound or keys %seen >= keys %want));
  for my $name (keys %want) {
    dial($name) if (!$answer{$name} || $answer{$name} ne "ok") && !$sock{$name} && $round >= $retry{$name};
  }
  my $r = ""; vec($r, fileno($listen), 1) = 1 if $bound;
  for my $name (keys %sock) { vec($r, fileno($sock{$name}), 1) = 1 }
  my $n = select(my $ready = $r, undef, undef, 0.02);
  next unless $n > 0;
  if ($bound && vec($ready, fileno($listen), 1) && (my $from = accept(my $c, $listen))) {
    syswrite($c, "dtenv $self\n"); shutdown($c, 1);
    $seen{inet_ntoa((sockaddr_in($from))[1])} = 1; close $c;
  }
  for my $name (keys %sock) {
    next unless vec($ready, fileno($sock{$name}), 1);
    my $got = sysread($sock{$name}, my $bytes, 256);
    if ($got) { $text{$name} .= $bytes; next unless $text{$name} =~ /\n/ || length $text{$name} > 200 }
    if ($text{$name} eq "dtenv $name\n") { $answer{$name} = "ok" }
    elsif (!defined $got) { $answer{$name} = $!{ECONNREFUSED} ? "refused" : $!{EHOSTUNREACH} ? "unreachable" : "lost" }
    else { $answer{$name} = "other" }
    $retry{$name} = $round + 2;
    close $sock{$name}; delete $sock{$name};
  }
}
print "peer $_ ", $answer{$_} || "timeout", "\n" for sort keys %want;
)pl";

}  // namespace dtenv
