#pragma once

#include <string_view>

namespace dtenv {

// The constant programs driver_check runs on a machine. Data comes as arguments.

/// args: ROOT (may be empty) PATH-IS-GIVEN ("yes": no folder is added to it) SECONDS. POSIX sh. One
/// round trip for all that cannot hang in the driver: each line is "SECTION text", the sections are
/// driver_source_names', and "end" proves that all came. Nothing is asked of a machine without an
/// NVIDIA device but that. Each source may take SECONDS; one that is missing has no section, and
/// "hung WHAT" names one that did not end. "at WHAT" stands before each, for what hangs in the
/// kernel, where no signal ends it.
constexpr std::string_view driver_look_program = R"sh(
root=$1 seconds=$3
[ "$2" = yes ] || PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
kernel= next=
# An empty line ends each answer: two of one section stay apart.
ask_as() {
  section=$1 what=$2; shift 2
  echo "at $what"
  said=$(timeout -k 1 "$seconds" "$@" </dev/null 2>&1); code=$?
  case $code in
    124|137) said=; echo "hung $what" ;;
    *) printf '%s\n\n' "$said" | sed "s/^/$section /" ;;
  esac
  return $code
}
# SECTION PROGRAM WORD…
ask() {
  command -v "$2" >/dev/null 2>&1 || return 1
  section=$1; shift
  ask_as "$section" "$1" "$@"
}
# SECTION WHAT SCRIPT: with the root, the kernel and the newest kernel as its arguments.
look() { ask_as "$1" "reading $2" sh -c "exec 2>/dev/null; $3" look "$root" "$kernel" "$next"; }

look kernel /proc/sys/kernel/osrelease '
  read -r kernel 2>/dev/null <"$1/proc/sys/kernel/osrelease"
  [ -n "$kernel" ] || [ -n "$1" ] || kernel=$(uname -r)
  echo "$kernel"'
kernel=$said
gpu=no
if [ -d "$root/sys/bus/pci/devices" ]; then
  look pci /sys/bus/pci/devices '
    for d in "$1"/sys/bus/pci/devices/*; do
      read -r vendor 2>/dev/null <"$d/vendor" || continue
      [ "$vendor" = 0x10de ] || continue
      grep -sH . "$d/vendor" "$d/device" "$d/class" "$d/numa_node" "$d/uevent"
      driver=$(readlink "$d/driver") && echo "$d/driver:${driver##*/}"
    done'
  [ -z "$said" ] && [ $code -lt 124 ] || gpu=yes
fi
look proc_version /proc/driver/nvidia/version 'cat "$1/proc/driver/nvidia/version" 2>/dev/null'
[ -z "$said" ] && [ $code -lt 124 ] || gpu=yes
# Without /sys nobody knows: the rest has to tell.
[ "$gpu" = yes ] || [ ! -d "$root/sys/bus/pci/devices" ] || { echo end; exit 0; }

look os_release /etc/os-release 'cat "$1/etc/os-release" 2>/dev/null'
look modules /proc/modules \
  'grep -sE "^(nvidia|nv_peer_mem|gdrdrv|nouveau|vfio_pci)" "$1/proc/modules"'
look module_version /sys/module/nvidia/version 'cat "$1/sys/module/nvidia/version" 2>/dev/null'
look kernels /boot 'for f in "$1"/boot/vmlinuz-*; do [ -e "$f" ] && echo "${f##*/vmlinuz-}"; done'
next=$(printf '%s\n' "$said" | grep -v rescue | sort -V | tail -n 1)
look module_files /lib/modules '
  for d in "$1"/lib/modules/*; do
    for s in updates kernel extra weak-updates misc; do
      [ -d "$d/$s" ] || continue
      find "$d/$s" "(" -name "nvidia*.ko" -o -name "nvidia*.ko.*" -o -name "nouveau.ko*" ")" \
        2>/dev/null
    done | grep -vE "/nvidia-?(fs|wmi|ec)|/nvidiafb" | sed "s|^.*/lib/modules/||"
  done'
if [ -n "$kernel" ]; then
  ask modinfo modinfo ${root:+-b "$root"} -k "$kernel" nvidia
  [ -z "$next" ] || [ "$next" = "$kernel" ] ||
    ask modinfo_next modinfo ${root:+-b "$root"} -k "$next" nvidia
fi

look libraries 'the cache of ld.so' '
  command -v ldconfig >/dev/null 2>&1 &&
    ldconfig ${1:+-C "$1/etc/ld.so.cache"} -p 2>/dev/null |
    grep -E "lib(nvidia-ml|cuda)\.so\.1 .*=>" | while read -r name rest; do
      path=${rest##*=> }
      echo "$name => $path => $(readlink "$1$path")"
    done'
look libraries /usr/lib '
  for d in /usr/lib/x86_64-linux-gnu /usr/lib/aarch64-linux-gnu /usr/lib64 /usr/lib; do
    for f in "$1$d"/libnvidia-ml.so.* "$1$d"/libcuda.so.*; do
      [ -e "$f" ] && echo "${f#"$1"}"
    done
  done'
look library_path /etc/profile.d \
  'grep -shE LD_LIBRARY_PATH= "$1/etc/environment" "$1"/etc/profile.d/*.sh'

ask dpkg dpkg-query ${root:+"--admindir=$root/var/lib/dpkg"} -W \
  -f '${db:Status-Abbrev}\t${Package}\t${Version}\t${Architecture}\n' 'nvidia-*' 'libnvidia-*' \
  'linux-modules-nvidia-*' 'cuda-drivers*' 'nvidia' 'libcuda1' "linux-headers-$kernel"
ask rpm rpm ${root:+--root "$root"} -qa --qf '%{NAME}\t%{VERSION}-%{RELEASE}\t%{ARCH}\n' \
  '*nvidia*' 'cuda-drivers*' 'kernel-devel*' 'kernel-headers' 'epel-release' \
  'python3-dnf-plugin-versionlock'
ask dkms dkms status ${root:+--dkmstree "$root/var/lib/dkms"}
look make_log /var/lib/dkms '
  for f in "$1"/var/lib/dkms/nvidia*/*/build/make.log; do
    [ -f "$f" ] && grep -m1 -iE "error[ :]" "$f"
  done'
ask ubuntu_drivers ubuntu-drivers devices && ask ubuntu_drivers ubuntu-drivers list --gpgpu
ls "$root"/var/lib/apt/lists/*Packages* >/dev/null 2>&1 &&
  ask candidates apt-cache ${root:+-o "RootDir=$root"} \
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= search --names-only \
    "^(linux-modules-nvidia-[0-9].*-$kernel|nvidia-headless-[0-9]+-server(-open)?|nvidia-driver-cuda|nvidia-(open-)?kernel(-open)?-dkms)\$"
[ -d "$root/etc/yum.repos.d" ] && look repositories /etc/yum.repos.d 'ls "$1/etc/yum.repos.d"'
look versionlock /etc/dnf \
  'grep -shi nvidia "$1/etc/dnf/plugins/versionlock.list" "$1/etc/dnf/versionlock.toml"'

efi=$(ls "$root"/sys/firmware/efi/efivars/SecureBoot-* 2>/dev/null | head -n 1)
if [ -n "$efi" ]; then
  look secure_boot "${efi#"$root"}" \
    'for f in "$1"/sys/firmware/efi/efivars/SecureBoot-*; do
       od -An -tu1 -j4 -N1 "$f" 2>/dev/null | tr -d " "; break
     done'
elif [ -d "$root/sys/firmware" ]; then ask secure_boot mokutil --sb-state
fi
look blacklist /etc/modprobe.d '
  grep -sHE "^[[:space:]]*(blacklist|alias|install|options)[[:space:]]+nouveau" \
    "$1"/etc/modprobe.d/*.conf "$1"/lib/modprobe.d/*.conf "$1"/usr/lib/modprobe.d/*.conf
  grep -soE "[^ ]*blacklist=[^ ]*nouveau[^ ]*" "$1/proc/cmdline"'
look initramfs /boot '
  for f in "$1/boot/initrd.img-$2" "$1/boot/initramfs-$2.img"; do
    [ -e "$f" ] || continue
    state=fresh
    for m in "$1"/etc/modprobe.d/*nouveau*.conf "$1"/etc/modprobe.d/*nvidia*.conf \
      "$1"/lib/modprobe.d/*nvidia*.conf "$1"/usr/lib/modprobe.d/*nvidia*.conf; do
      [ "$m" -nt "$f" ] && state=stale
    done
    echo "$state"
  done'
look devices /dev '
  for f in "$1"/dev/nvidia* "$1"/dev/char/195:*; do [ -e "$f" ] && echo "${f##*/}"; done'
look infiniband /sys/class/infiniband 'ls "$1/sys/class/infiniband" 2>/dev/null'
ask services systemctl show nvidia-fabricmanager nvidia-persistenced nvidia-dcgm \
  -p Id -p LoadState -p ActiveState
look unattended /etc/apt/apt.conf.d '
  for f in "$1"/etc/apt/apt.conf.d/*unattended-upgrades "$1/etc/apt/apt.conf.d/52dtenv-nvidia"; do
    [ -f "$f" ] && echo "${f##*/}"
  done'

keep='grep -iE "NVRM|nvidia|nouveau|fabric ?manager|module signature|unsigned module" |
  tail -n 2000'
if [ -f "$root/var/log/dmesg" ] && [ -n "$root" ]; then
  look kernel_log /var/log/dmesg "cat \"\$1/var/log/dmesg\" | $keep"
else
  look kernel_log 'the kernel log' "log=\$(dmesg) || exit; printf '%s\\n' \"\$log\" | $keep"
  [ $code = 0 ] || look kernel_log 'the journal' "journalctl -k -b --no-pager -o cat | $keep"
fi
look kernel_log /var/log/fabricmanager.log \
  "tail -n 200 \"\$1/var/log/fabricmanager.log\" 2>/dev/null | $keep"
echo end
exit 0
)sh";

/// args: ROOT. Reading these asks the driver, which may never answer: a deadline of its own.
constexpr std::string_view driver_gpus_program = R"sh(
cat "$1"/proc/driver/nvidia/gpus/*/information 2>/dev/null
exit 0
)sh";

/// Python 3 on the machine, NVML by dlopen, in a child of its own. args: names of the library, the
/// first that opens is taken. Writes what parse_nvml_report reads.
constexpr std::string_view driver_nvml_program = R"py(
import ctypes, sys
nvml = None
why = "no name given"
for name in sys.argv[1:]:
    try:
        nvml = ctypes.CDLL(name)
        break
    except OSError as error:
        why = str(error)
if nvml is None:
    print("library: " + why)
    sys.exit(0)
def call(name, *words):
    function = getattr(nvml, name, None)
    return 13 if function is None else function(*words)
def text(name, *before):
    out = ctypes.create_string_buffer(96)
    return out.value.decode("utf-8", "replace") if call(name, *before, out, 96) == 0 else "-"
class Fabric(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint), ("cluster", ctypes.c_ubyte * 16), ("status", ctypes.c_int),
                ("clique", ctypes.c_uint), ("state", ctypes.c_ubyte), ("health", ctypes.c_uint)]
code = call("nvmlInit_v2")
print("init", code)
if code != 0:
    sys.exit(0)
print("driver", text("nvmlSystemGetDriverVersion"))
cuda = ctypes.c_int()
if call("nvmlSystemGetCudaDriverVersion_v2", ctypes.byref(cuda)) == 0:
    print("cuda", cuda.value)
count = ctypes.c_uint()
call("nvmlDeviceGetCount_v2", ctypes.byref(count))
for index in range(count.value):
    gpu = ctypes.c_void_p()
    code = call("nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(index), ctypes.byref(gpu))
    state = status = "-"
    fabric = Fabric(version=ctypes.sizeof(Fabric) | 2 << 24)
    if code == 0 and call("nvmlDeviceGetGpuFabricInfoV", gpu, ctypes.byref(fabric)) == 0:
        state, status = fabric.state, fabric.status
    print("gpu", index, code, text("nvmlDeviceGetUUID", gpu) if code == 0 else "-", state, status)
)py";

}  // namespace dtenv
