"""The engine and the toolkit from a signed repository and from a folder, and what an engine's change spares.

Two more machines: node3 has systemd, node4 has no init system at all.
"""

import functools
import json
import pathlib
import subprocess
import unittest

from machine_case import MachineCase
from repository import NEEDED, TOOLKIT_VERSION, Repository
from testbed import PREFIX

PACKAGES = ("docker-ce", "docker-ce-cli", "containerd.io", "docker-buildx-plugin")
KEYRING, SOURCES = "/etc/apt/keyrings/docker.gpg", "/etc/apt/sources.list.d/docker.sources"
LOCK = "/var/lib/dpkg/lock-frontend"
# Perl is on every Debian machine. The packed words are a struct flock: F_WRLCK from SEEK_SET on.
HOLDER = f"""use Fcntl;
open(my $lock, "+>>", "{LOCK}") or die;
my $wanted = pack("s s x4 q q l x4", F_WRLCK, 0, 0, 0, 0);
fcntl($lock, F_SETLKW, $wanted) or die;
open(my $said, ">", "/run/holder") or die; print $said $$; close $said;
sleep $ARGV[0];
"""


@functools.lru_cache(maxsize=None)
def shared_repository() -> Repository:
    repository = Repository()
    unittest.addModuleCleanup(repository.close)
    return repository


class PackagesCase(MachineCase):
    """A machine that docker_config gets its packages onto."""

    repository: Repository

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.repository = shared_repository()

    def apply(self, step: dict, allow: "tuple[str, ...]" = ("docker",), verb: str = "apply"):
        return super().apply({"kind": "docker_config", **step}, allow, verb)

    def info(self) -> dict:
        return json.loads(self.machine.run("docker", "info", "--format", "{{json .}}"))


class TheEngineAtWork:
    """Changes of daemon.json under a running container; for a PackagesCase whose engine is there."""

    def daemon(self) -> str:
        return self.machine.run("pidof", "dockerd").strip()

    def container(self) -> str:
        """A container of three files, and its process's id."""
        if "running" not in self.machine.run("docker", "ps", "--format", "{{.Names}}"):
            self.machine.run(
                "sh", "-ec",
                "tar -chC / usr/bin/sleep $(ldd /usr/bin/sleep | grep -o '/[^ ]*') | docker import - tiny >/dev/null\n"
                "docker run -d --name running --network none tiny sleep 100000",
            )  # fmt: skip
        return self.machine.inspect("{{.State.Pid}} {{.State.StartedAt}}", "running")

    def test_1_mirrors_and_a_runtime_take_a_reload_and_the_container_stays(self):
        daemon, container = self.daemon(), self.container()
        step = {"registry_mirrors": [f"http://{PREFIX}.1:5000"], "runtimes": {"runc2": {"path": "/usr/sbin/runc"}}}
        self.assert_exit(self.apply(step), 0)
        info = self.info()
        self.assertIn(f"http://{PREFIX}.1:5000/", info["RegistryConfig"]["Mirrors"])
        self.assertEqual(info["Runtimes"]["runc2"]["path"], "/usr/sbin/runc")
        self.assertEqual((self.daemon(), self.container()), (daemon, container))
        self.assertEqual(self.apply(step).report["changes_made"], 0)

    def test_2_a_restart_that_would_end_the_container_is_refused_with_its_name(self):
        daemon, container = self.daemon(), self.container()
        before = self.machine.read("/etc/docker/daemon.json")
        refused = self.apply({"daemon_options": {"log-driver": "local"}})
        self.assert_exit(refused, 73)
        self.assertIn("container running (image tiny", self.said(refused))
        self.assertEqual(self.machine.read("/etc/docker/daemon.json"), before)
        self.assertEqual((self.daemon(), self.container()), (daemon, container))

    def test_3_with_live_restore_switched_on_first_the_container_outlives_a_restart(self):
        daemon, container = self.daemon(), self.container()
        done = self.apply({"live_restore": True, "daemon_options": {"log-driver": "local"}})
        self.assert_exit(done, 0)
        self.assertEqual(self.info()["LoggingDriver"], "local")
        self.assertNotEqual(self.daemon(), daemon)
        self.assertEqual(self.container(), container)

    def test_4_a_file_this_daemon_does_not_start_with_is_rolled_back(self):
        before, container = self.machine.read("/etc/docker/daemon.json"), self.container()
        # Whether that file is there, only the daemon finds out, when it starts.
        failed = self.apply({"daemon_options": {"seccomp-profile": "/nosuch/profile.json"}})
        self.assert_failed(failed, "/nosuch/profile.json", "the old file is back and the engine runs with it")
        self.assertEqual(self.machine.read("/etc/docker/daemon.json"), before)
        self.assertEqual(self.info()["LoggingDriver"], "local")
        self.assertEqual(self.container(), container)
        self.assertFalse(self.exists("/etc/docker/daemon.json.dtenv.pending"))


class FromASignedRepository(TheEngineAtWork, PackagesCase):
    number = 3

    def step(self, **repository: str) -> dict:
        repository = {
            "url": self.repository.url("good"),
            "key": self.repository.key.armoured,
            "fingerprint": self.repository.key.fingerprint,
            **repository,
        }
        return {"source": "docker-ce", "repository": repository}

    def test_0a_a_wrong_fingerprint_installs_and_writes_nothing(self):
        other = self.repository.other_key
        key = self.repository.folder / "key.asc"
        key.write_text(other.armoured)
        step = self.step(key_url=f"file://{key}")
        del step["repository"]["key"]
        done = self.apply(step)
        self.assert_failed(done, other.fingerprint, "nothing was installed")
        self.assertFalse(self.installed() & set(PACKAGES))
        self.assertFalse(self.exists(KEYRING) or self.exists(SOURCES))

    def test_0b_an_entry_with_another_key_is_refused_with_file_and_line(self):
        old = "/etc/apt/sources.list.d/old.list"
        self.machine.write(old, f"# by hand\ndeb [trusted=yes] {self.repository.url('good')} bookworm stable\n")
        self.addCleanup(self.machine.run, "rm", "-f", old)
        self.assert_failed(self.apply(self.step()), f"{old}: line 2", "without Signed-By")
        self.assertFalse(self.exists(KEYRING) or self.exists(SOURCES))

    def test_0c_an_index_signed_by_another_key_installs_nothing_and_says_why(self):
        done = self.apply(self.step(url=self.repository.url("bad")))
        self.assert_failed(done, "NO_PUBKEY", "signed with a key this machine does not have")
        self.assertFalse(self.installed() & set(PACKAGES))

    def hold_lock(self, seconds: int) -> str:
        """dpkg's lock, held as apt holds it for so long; the holder's process id."""
        self.machine.run("rm", "-f", "/run/holder")
        subprocess.run(
            ["docker", "exec", "-d", self.machine.container, "perl", "-e", HOLDER, str(seconds)], check=True
        )
        return self.machine.run(
            "sh", "-ec", "for i in $(seq 100); do [ ! -s /run/holder ] || break; sleep 0.1; done; cat /run/holder"
        )

    def test_0d_a_lock_that_is_not_released_in_time_names_its_holder_and_nothing_is_half_done(self):
        holder = self.hold_lock(300)
        self.addCleanup(self.machine.run, "kill", holder)
        done = self.apply({**self.step(), "lock_timeout": "3s"})
        self.assert_failed(done, f"waited 3 s for {LOCK}, held by process {holder} (perl)", "nothing was done")
        self.assertFalse(self.installed() & set(PACKAGES))
        self.assertEqual(self.machine.run("dpkg", "--audit"), "")

    def test_0e_engine_and_toolkit_come_from_it_once_the_lock_is_free_and_run(self):
        holder = self.hold_lock(15)  # a line of progress every 5 s
        step = self.step()
        other = self.repository.other_key
        nvidia = {"url": self.repository.url("nvidia"), "key": other.armoured, "fingerprint": other.fingerprint}
        step["nvidia_toolkit"] = {"machines": "all", "repository": nvidia}
        done = self.apply(step)
        self.assert_exit(done, 0)
        self.assertIn(f"waiting for {LOCK}, held by process {holder} (perl)", done.err)
        self.assertLessEqual({*PACKAGES, "nvidia-container-toolkit"}, self.installed())
        self.assertEqual(self.info()["Runtimes"]["nvidia"]["path"], "/usr/bin/nvidia-container-runtime")
        self.assertEqual(done.step("node3", "docker_config")["status"], "changed")
        again = self.apply(step)
        self.assert_exit(again, 0)
        self.assertEqual(again.report["changes_planned"], 0)
        self.assertIn(TOOLKIT_VERSION, self.said(again))

    def test_5_where_it_is_allowed_the_container_ends(self):
        self.machine.run("docker", "rm", "-f", "running")
        self.assert_exit(self.apply({"live_restore": False}), 0)
        self.container()
        done = self.apply({"daemon_options": {"log-driver": "json-file"}}, allow=("docker", "containers"))
        self.assert_exit(done, 0)
        self.assertEqual(self.info()["LoggingDriver"], "json-file")
        self.assertEqual(self.machine.run("docker", "ps", "-q"), "")



class FromAFolderWithoutANetworkOrAnInitSystem(TheEngineAtWork, PackagesCase):
    number, init = 4, "plain"
    STEP = {"source": "docker-ce", "packages": "/srv/debs"}

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.machine.run("mkdir", "-p", "/srv/debs")
        for deb in cls.repository.folder.glob("*.deb"):
            if not deb.name.startswith(NEEDED):
                cls.carry(deb)
        # The controller alone is left to be reached.
        cls.machine.run("sh", "-ec", "ip route del default; : >/etc/resolv.conf")

    @classmethod
    def carry(cls, deb: pathlib.Path) -> None:
        subprocess.run(["docker", "cp", str(deb), f"{cls.machine.container}:/srv/debs/"], check=True)

    def test_0a_what_the_folder_lacks_is_told_before_anything_is_installed(self):
        done = self.apply(self.STEP)
        self.assert_failed(done, f"docker-ce : Depends: {NEEDED} (>= 1)", "offline: to the folder")
        self.assertFalse(self.installed() & set(PACKAGES))

    def test_0b_the_engine_comes_from_the_folder_and_is_started(self):
        self.carry(self.repository.folder / f"{NEEDED}.deb")
        self.assertFalse(self.exists("/run/systemd/system"))
        self.assert_exit(self.apply(self.STEP), 0)
        self.assertLessEqual(set(PACKAGES), self.installed())
        self.assertEqual(self.apply(self.STEP).report["changes_planned"], 0)
