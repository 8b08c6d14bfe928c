"""driver_check installs and repairs with the real apt and dpkg, from a signed repository, on a machine that is given
a GPU: node5, an Ubuntu by its os-release, with a V100 on its bus and stand-ins for what builds and loads modules.
"""

import os
import unittest

from machine_case import MachineCase
from repository import SignedFolder
from testbed import FOLDER

VERSION, KERNEL = "580.65.06", os.uname().release
DKMS = f"""#!/bin/sh
# A stand-in: "builds" unless it is told to fail, and says what it has.
ko=/lib/modules/{KERNEL}/updates/dkms/nvidia.ko
case $1 in
  status) [ ! -e $ko ] || echo "nvidia/{VERSION}, {KERNEL}, x86_64: installed" ;;
  install) [ ! -e /run/dkms-fails ] || {{ echo "Error! Bad return status for module build" >&2; exit 10; }}
           mkdir -p ${{ko%/*}} && touch $ko ;;
esac
"""
SMI = f"""#!/bin/sh
[ -e /proc/driver/nvidia/version ] || {{
  echo "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running."
  exit 9
}}
echo "0, GPU-5f6b1c2d-0000-4000-8000-000000000000, 00000000:06:00.0, Tesla V100-SXM2-16GB, {VERSION}, 7.0, 0, Enabled"
"""
# A maintainer's script asks for nothing; what it is told is kept.
POSTINST = f"""#!/bin/sh
set -e
echo "$DEBIAN_FRONTEND" >/run/frontend
if read answer; then echo "somebody answered" >/run/frontend; fi
dkms install -m nvidia -v {VERSION} -k {KERNEL}
"""
CONFFILE = "/etc/modprobe.d/nvidia-graphics-drivers.conf"
# The machine itself: a device on its bus, and a kernel that loads what dkms "built".
MACHINE = f"""
mount -t tmpfs none /proc/driver
mount -t tmpfs none /sys/bus/pci/devices
d=/sys/bus/pci/devices/0000:06:00.0
mkdir -p $d
echo 0x10de >$d/vendor; echo 0x1db1 >$d/device; echo 0x030200 >$d/class; echo 0 >$d/numa_node
rm -f /etc/os-release
printf '%s\\n' ID=ubuntu ID_LIKE=debian 'VERSION_ID="22.04"' UBUNTU_CODENAME=jammy >/etc/os-release
cat >/usr/local/bin/modprobe <<'END'
#!/bin/sh
[ -e /lib/modules/{KERNEL}/updates/dkms/nvidia.ko ] || {{ echo "modprobe: FATAL: Module nvidia not found in directory /lib/modules/{KERNEL}" >&2; exit 1; }}
mkdir -p /proc/driver/nvidia
echo "NVRM version: NVIDIA UNIX x86_64 Kernel Module  {VERSION}  Thu Feb 22 01:44:30 UTC 2024" >/proc/driver/nvidia/version
ln -sfn ../../../../bus/pci/drivers/nvidia /sys/bus/pci/devices/0000:06:00.0/driver
END
cat >/usr/local/bin/modinfo <<'END'
#!/bin/sh
[ -e /lib/modules/{KERNEL}/updates/dkms/nvidia.ko ] || {{ echo "modinfo: ERROR: Module nvidia not found." >&2; exit 1; }}
echo "filename:       /lib/modules/{KERNEL}/updates/dkms/nvidia.ko"
echo "version:        {VERSION}"
echo "license:        NVIDIA"
echo "vermagic:       {KERNEL} SMP preempt mod_unload modversions "
END
chmod 755 /usr/local/bin/modprobe /usr/local/bin/modinfo
mkdir -p /etc/modprobe.d
echo 'DPkg::Post-Invoke {{"echo mode=$NEEDRESTART_MODE >>/run/needrestart";}};' >/etc/apt/apt.conf.d/99needrestart
: >/etc/apt/apt.conf.d/50unattended-upgrades
rm -f /etc/apt/sources.list /etc/apt/sources.list.d/*
"""


class Drivers(SignedFolder):
    """Packages named as Ubuntu names its own."""

    def __init__(self) -> None:
        super().__init__("drivers", 5081)
        self.deb(f"linux-headers-{KERNEL}", {})
        self.deb("dkms", {"usr/sbin/dkms": DKMS})
        self.deb("nvidia-headless-580-server", {}, "nvidia-dkms-580-server, nvidia-kernel-common-580-server")
        self.deb("nvidia-dkms-580-server", {}, "dkms", postinst=POSTINST)
        self.deb("nvidia-kernel-common-580-server", {CONFFILE[1:]: "blacklist nouveau\n"}, conffiles=CONFFILE + "\n")
        self.deb("nvidia-utils-580-server", {"usr/bin/nvidia-smi": SMI}, "libnvidia-compute-580-server")
        library = f"usr/lib/x86_64-linux-gnu/libnvidia-ml.so.{VERSION}"
        self.deb("libnvidia-compute-580-server", {library: ""})
        self.publish_flat("driver", self.key)

    def deb(self, name: str, files: "dict[str, str]", needs: str = "", **more: str) -> None:
        tree = FOLDER / "driver-trees" / name
        for path, text in files.items():
            place = tree / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
            place.chmod(0o755 if text.startswith("#!") else 0o644)
        self.package(name, f"{VERSION}-0ubuntu0.22.04.1", tree, needs, **more)


class ADriverFromARepository(MachineCase):
    number = 5
    drivers: Drivers

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.drivers = Drivers()
        cls.addClassCleanup(cls.drivers.close)
        cls.machine.run("sh", "-ec", MACHINE)
        cls.machine.write("/etc/apt/keyrings/driver.asc", cls.drivers.key.armoured)
        source = f"deb [signed-by=/etc/apt/keyrings/driver.asc] {cls.drivers.url('driver')} ./\n"
        cls.machine.write("/etc/apt/sources.list.d/driver.list", source)
        cls.machine.write(CONFFILE, "# by hand\nblacklist nouveau\n")
        cls.machine.run("apt-get", "update")

    def check(self, install: str = "repair", verb: str = "apply", **more: object):
        return self.apply({"kind": "driver_check", "install": install, **more}, ("reboot",), verb)

    def facts(self, done) -> dict:
        return done.step("node5", "driver_check")["facts"]

    def status_of(self, package: str) -> str:
        return self.machine.run("dpkg-query", "-W", "-f", "${db:Status-Abbrev}", package).strip()

    def test_1_the_plan_is_what_apt_then_does(self):
        planned = self.check("if_missing", "plan")
        self.assertEqual(self.facts(planned)["verdict"], "not_loaded", str(planned))
        done = self.check("if_missing")
        self.assert_exit(done, 0)
        changes = [change["after"] for change in done.step("node5", "driver_check")["changes"]]
        self.assertEqual(changes, [change["after"] for change in planned.step("node5", "driver_check")["pending"]])
        history = self.machine.read("/var/log/apt/history.log")
        ran = [line.split(": ", 1)[1] for line in history.splitlines() if line.startswith("Commandline: ")]
        self.assertEqual(ran, [change for change in changes if change.startswith("apt-get install")])
        self.assertIn(f"nvidia-headless-580-server:{self.arch()} ({VERSION}-0ubuntu0.22.04.1)", history)

    def arch(self) -> str:
        return self.machine.run("dpkg", "--print-architecture").strip()

    def test_2_it_runs_is_on_hold_and_nothing_is_left_to_do(self):
        done = self.check()
        self.assert_exit(done, 0)
        self.assertEqual((self.facts(done)["verdict"], self.facts(done)["version"]), ("ok", VERSION), str(done))
        self.assertEqual(done.report["changes_planned"], 0, str(done))
        held = self.machine.run("apt-mark", "showhold").split()
        self.assertLessEqual({"nvidia-headless-580-server", "nvidia-utils-580-server"}, set(held))
        self.assertIn('"nvidia-.*"', self.machine.read("/etc/apt/apt.conf.d/52dtenv-nvidia"))

    def test_3_nobody_was_asked_needrestart_lists_and_a_file_by_hand_is_kept(self):
        self.assertEqual(self.machine.read("/run/frontend"), "noninteractive\n")
        self.assertEqual(set(self.machine.read("/run/needrestart").split()), {"mode=l"})
        self.assertEqual(self.machine.read(CONFFILE), "# by hand\nblacklist nouveau\n")
        self.assertEqual(self.machine.read(CONFFILE + ".dpkg-dist"), "blacklist nouveau\n")

    def test_4_a_half_configured_package_is_repaired(self):
        # An upgrade whose build failed: the module is gone, the package is not configured.
        self.machine.run(
            "sh", "-c",
            "touch /run/dkms-fails; rm -rf /lib/modules/*/updates/dkms /proc/driver/nvidia\n"
            "rm -f /sys/bus/pci/devices/*/driver; cd /var/cache/apt/archives\n"
            "apt-get download nvidia-dkms-580-server && dpkg -i nvidia-dkms-580-server*.deb </dev/null", check=False,
        )  # fmt: skip
        self.assertEqual(self.status_of("nvidia-dkms-580-server")[1], "F")
        failed = self.check()
        self.assert_failed(failed, "dpkg --configure -a")
        self.machine.run("rm", "/run/dkms-fails")
        done = self.check()
        self.assert_exit(done, 0)
        self.assertEqual(self.status_of("nvidia-dkms-580-server")[1], "i")
        self.assertEqual(self.facts(self.check(verb="verify"))["verdict"], "ok")


if __name__ == "__main__":
    unittest.main()
