#pragma once

#include <string_view>

namespace dtenv {

// The constant programs driver_check runs on a machine. Data comes as arguments.

/// args: ROOT (may be empty) PATH-IS-GIVEN ("yes": no folder is added to it). POSIX sh. One round
/// trip for all that cannot hang in the driver: each line is "SECTION text", the sections are
/// driver_source_names', and "end" proves that all came. Nothing is asked of a machine without an
/// NVIDIA device but that. A program has its own deadline; one that is missing has no section.
constexpr std::string_view driver_look_program = R"sh(
root=$1
[ "$2" = yes ] || PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
# An empty line ends a text without an end of its own; it belongs to no section.
part() { echo "$1 "; sed "s/^/$1 /"; echo; }
file() { echo "$1 "; sed "s/^/$1 /" "$2" 2>/dev/null; echo; }
have() { command -v "$1" >/dev/null 2>&1; }
ask() {
  section=$1; seconds=$2; shift 2
  have "$1" || return 1
  said=$(timeout -k 1 "$seconds" "$@" </dev/null 2>&1); code=$?
  printf '%s\n\n' "$said" | sed "s/^/$section /"
  case $code in 124|137) echo "hung $1" ;; esac
  return $code
}

kernel=
read -r kernel 2>/dev/null <"$root/proc/sys/kernel/osrelease"
[ -n "$kernel" ] || [ -n "$root" ] || kernel=$(uname -r)
echo "kernel $kernel"
gpu=no
if [ -d "$root/sys/bus/pci/devices" ]; then
  echo "pci "
  for d in "$root"/sys/bus/pci/devices/*; do
    read -r vendor 2>/dev/null <"$d/vendor" || continue
    [ "$vendor" = 0x10de ] || continue
    gpu=yes
    grep -sH . "$d/vendor" "$d/device" "$d/class" "$d/numa_node" "$d/uevent" | part pci
    driver=$(readlink "$d/driver") && echo "pci $d/driver:${driver##*/}"
  done
fi
file proc_version "$root/proc/driver/nvidia/version"
[ -s "$root/proc/driver/nvidia/version" ] && gpu=yes
# Without /sys nobody knows: the rest has to tell.
[ "$gpu" = yes ] || [ ! -d "$root/sys/bus/pci/devices" ] || { echo end; exit 0; }

file os_release "$root/etc/os-release"
grep -sE '^(nvidia|nv_peer_mem|gdrdrv|nouveau|vfio_pci)' "$root/proc/modules" | part modules
file module_version "$root/sys/module/nvidia/version"
kernels=$(for f in "$root"/boot/vmlinuz-*; do [ -e "$f" ] && echo "${f##*/vmlinuz-}"; done)
printf '%s\n' "$kernels" | part kernels
next=$(printf '%s\n' "$kernels" | grep -v rescue | sort -V | tail -n 1)
for d in "$root"/lib/modules/*; do
  for s in updates kernel extra weak-updates misc; do
    [ -d "$d/$s" ] || continue
    find "$d/$s" '(' -name 'nvidia*.ko' -o -name 'nvidia*.ko.*' -o -name 'nouveau.ko*' ')' 2>/dev/null
  done | grep -vE '/nvidia-?(fs|wmi|ec)|/nvidiafb' | sed "s|^.*/lib/modules/||"
done | part module_files
if [ -n "$kernel" ]; then
  ask modinfo 5 modinfo ${root:+-b "$root"} -k "$kernel" nvidia
  [ -z "$next" ] || [ "$next" = "$kernel" ] ||
    ask modinfo_next 5 modinfo ${root:+-b "$root"} -k "$next" nvidia
fi

{
  have ldconfig && timeout -k 1 5 ldconfig ${root:+-C "$root/etc/ld.so.cache"} -p 2>/dev/null |
    grep -E 'lib(nvidia-ml|cuda)\.so\.1 .*=>' | while read -r name rest; do
      path=${rest##*=> }
      echo "$name => $path => $(readlink "$root$path")"
    done
  for d in /usr/lib/x86_64-linux-gnu /usr/lib/aarch64-linux-gnu /usr/lib64 /usr/lib; do
    for f in "$root$d"/libnvidia-ml.so.* "$root$d"/libcuda.so.*; do
      [ -e "$f" ] && echo "${f#"$root"}"
    done
  done
} | part libraries
grep -shE 'LD_LIBRARY_PATH=' "$root/etc/environment" "$root"/etc/profile.d/*.sh | part library_path

ask dpkg 10 dpkg-query ${root:+"--admindir=$root/var/lib/dpkg"} -W \
  -f '${db:Status-Abbrev}\t${Package}\t${Version}\t${Architecture}\n' 'nvidia-*' 'libnvidia-*' \
  'linux-modules-nvidia-*' 'cuda-drivers*' 'nvidia' 'libcuda1' "linux-headers-$kernel"
ask rpm 20 rpm ${root:+--root "$root"} -qa --qf '%{NAME}\t%{VERSION}-%{RELEASE}\t%{ARCH}\n' \
  '*nvidia*' 'cuda-drivers*' 'kernel-devel*' 'kernel-headers' 'epel-release' \
  'python3-dnf-plugin-versionlock'
ask dkms 5 dkms status ${root:+--dkmstree "$root/var/lib/dkms"}
for f in "$root"/var/lib/dkms/nvidia*/*/build/make.log; do
  [ -f "$f" ] && grep -m1 -iE 'error[ :]' "$f"
done | part make_log
if have ubuntu-drivers; then
  ask ubuntu_drivers 30 ubuntu-drivers devices && ask ubuntu_drivers 30 ubuntu-drivers list --gpgpu
fi
ls "$root"/var/lib/apt/lists/*Packages* >/dev/null 2>&1 &&
  ask candidates 15 apt-cache ${root:+-o "RootDir=$root"} \
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= search --names-only \
    "^(linux-modules-nvidia-[0-9].*-$kernel|nvidia-headless-[0-9]+-server(-open)?|nvidia-driver-cuda|nvidia-(open-)?kernel(-open)?-dkms)\$"
[ -d "$root/etc/yum.repos.d" ] && ls "$root/etc/yum.repos.d" | part repositories
grep -shi nvidia "$root/etc/dnf/plugins/versionlock.list" "$root/etc/dnf/versionlock.toml" |
  part versionlock

efi=$(ls "$root"/sys/firmware/efi/efivars/SecureBoot-* 2>/dev/null | head -n 1)
if [ -n "$efi" ]; then od -An -tu1 -j4 -N1 "$efi" 2>/dev/null | tr -d ' ' | part secure_boot
elif [ -d "$root/sys/firmware" ]; then ask secure_boot 5 mokutil --sb-state
fi
{
  grep -sHE '^[[:space:]]*(blacklist|alias|install|options)[[:space:]]+nouveau' \
    "$root"/etc/modprobe.d/*.conf "$root"/lib/modprobe.d/*.conf "$root"/usr/lib/modprobe.d/*.conf
  grep -soE '[^ ]*blacklist=[^ ]*nouveau[^ ]*' "$root/proc/cmdline"
} | part blacklist
for f in "$root/boot/initrd.img-$kernel" "$root/boot/initramfs-$kernel.img"; do
  [ -e "$f" ] || continue
  state=fresh
  for m in "$root"/etc/modprobe.d/*nouveau*.conf "$root"/etc/modprobe.d/*nvidia*.conf \
    "$root"/lib/modprobe.d/*nvidia*.conf "$root"/usr/lib/modprobe.d/*nvidia*.conf; do
    [ "$m" -nt "$f" ] && state=stale
  done
  echo "initramfs $state"
done
{
  for f in "$root"/dev/nvidia* "$root"/dev/char/195:*; do [ -e "$f" ] && echo "${f##*/}"; done
} | part devices
ls "$root/sys/class/infiniband" 2>/dev/null | part infiniband
ask services 5 systemctl show nvidia-fabricmanager nvidia-persistenced nvidia-dcgm \
  -p Id -p LoadState -p ActiveState
for f in "$root"/etc/apt/apt.conf.d/*unattended-upgrades "$root/etc/apt/apt.conf.d/52dtenv-nvidia"; do
  [ -f "$f" ] && echo "${f##*/}"
done | part unattended

keep() {
  grep -iE 'NVRM|nvidia|nouveau|fabric ?manager|module signature|unsigned module' | tail -n 2000
}
{
  if [ -f "$root/var/log/dmesg" ] && [ -n "$root" ]; then keep <"$root/var/log/dmesg"
  elif log=$(timeout -k 1 5 dmesg 2>/dev/null); then printf '%s\n' "$log" | keep
  elif have journalctl; then timeout -k 1 10 journalctl -k -b --no-pager -o cat 2>/dev/null | keep
  fi
  tail -n 200 "$root/var/log/fabricmanager.log" 2>/dev/null | keep
} | part kernel_log
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
