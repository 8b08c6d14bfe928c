#!/usr/bin/env python3
"""Kills the whole command at every call that changes a file while it prepares this machine: driver_check,
then docker_config against a stand-in for dockerd, in namespaces of its own. After each death the file
is the old one or the new one, a second run comes through, and a third has nothing to do.

    tests/faults/step_sweep.py BUILD_FOLDER [--full]
"""

import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

from faults import COMMAND, FULL, Run, Scratch, Tally, again_in, listing, run

FOREIGN = b'{\n\t"labels" : [ "site=b" ],\n  "max-concurrent-uploads":3 ,\n\t"shutdown-timeout" : 21\n}\n'
MIRROR = "https://mirror.example.com"
RUNTIME = {"nvidia": {"path": "/usr/bin/nvidia-container-runtime"}}
WISHES = {
    "a reload": (FOREIGN, {"registry_mirrors": [MIRROR], "runtimes": RUNTIME}),
    "a new file": (None, {"registry_mirrors": [MIRROR]}),
    "a restart": (FOREIGN, {"live_restore": True, "daemon_options": {"log-driver": "local"}}),
}


class Engine:
    """The stand-in, as a process named dockerd; the only one in this namespace."""

    def __init__(self, scratch: pathlib.Path):
        self.socket = str(scratch / "engine/docker.sock")
        self.config = scratch / "machine/etc/docker/daemon.json"
        self.program = scratch / "engine/dockerd"
        self.program.parent.mkdir()
        shutil.copy(pathlib.Path(__file__).with_name("fake_engine.py"), self.program)
        self.program.chmod(0o755)
        self.words = [str(self.program), "--config-file", str(self.config), "--socket", self.socket, "--version", "20.10.24"]

    def pids(self) -> list[int]:
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if (path / "comm").read_text().strip() == "dockerd" and (path / "cmdline").read_bytes():
                    found.append(int(path.name))
            except OSError:
                pass
        return found

    def info(self) -> dict:
        """What it runs with; {} where it does not answer."""
        connection = http.client.HTTPConnection("engine", timeout=5)
        connection.sock = socket.socket(socket.AF_UNIX)
        try:
            connection.sock.connect(self.socket)
            connection.request("GET", "/info")
            return json.loads(connection.getresponse().read())
        except OSError:
            return {}
        finally:
            connection.close()

    def fresh(self) -> None:
        """One that runs with the file as it is."""
        pids = self.pids()
        if len(pids) == 1 and self.info():
            os.kill(pids[0], signal.SIGUSR1)
            return
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        subprocess.Popen(self.words, start_new_session=True, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while not self.info():
            if time.monotonic() > end:
                raise RuntimeError("the stand-in does not answer")
            time.sleep(0.02)


class Sweep:
    def __init__(self, scratch: Scratch, tally: Tally):
        self.scratch, self.tally = scratch, tally
        self.engine = Engine(scratch.path)
        self.machine = scratch.path / "machine"
        self.document = scratch.path / "environment.json"
        self.points = 0

    def start(self, old: bytes | None) -> None:
        self.scratch.fresh("machine")
        if old is not None:
            self.engine.config.parent.mkdir(parents=True)
            self.engine.config.write_bytes(old)
        self.engine.fresh()

    def write_document(self, wishes: dict) -> None:
        steps = [
            {"kind": "driver_check", "root": str(self.machine)},
            {"kind": "docker_config", "install": "never", "config_file": str(self.engine.config), **wishes},
        ]
        nodes = [{"name": "here", "local": True}]
        whole = {"v": 1, "cluster": "faults", "nodes": nodes, "steps": steps, "allow": ["docker", "containers"]}
        self.document.write_text(json.dumps(whole))

    def apply(self, fault: str = "count") -> Run:
        words = [COMMAND, "apply", self.document, "--json"]
        return run(words, self.machine, fault, env={"DOCKER_HOST": f"unix://{self.engine.socket}"})

    def found(self) -> bytes | None:
        return self.engine.config.read_bytes() if self.engine.config.exists() else None

    def at(self, name: str, fault: str, old: bytes | None, new: bytes, in_force: dict) -> None:
        self.start(old)
        broken = self.apply(fault)
        self.points += 1
        found = self.found()
        if found not in (old, new):
            self.tally.torn += 1
        if old is not None and (found is None or any(line.strip(b",") not in found for line in FOREIGN.split()[1:-1])):
            self.tally.lost += 1
        self.tally.hold(f"{name}: old or new", found in (old, new), broken)
        if not self.engine.info():
            self.engine.fresh()  # the run died while it was down: somebody starts it
        self.tally.hold(f"{name}: one engine", len(self.engine.pids()) == 1, self.engine.pids())
        self.tally.hold(f"{name}: it had an effect", broken.fired > 0, broken)
        second = self.apply()
        self.tally.hold(f"{name}: a second run comes through", second.code == 0 and self.found() == new, second)
        self.tally.hold(f"{name}: it is in force", self.engine.info() == in_force, self.engine.info())
        third = self.apply()
        self.tally.hold(f"{name}: a third run changes nothing", third.code == 0 and third.calls == 0, third)
        kept = ["daemon.json"] + (["daemon.json.dtenv.bak"] if old is not None else [])
        self.tally.hold(f"{name}: no litter", listing(self.engine.config.parent) == kept, listing(self.engine.config.parent))
        if old is not None:
            backup = self.engine.config.with_name("daemon.json.dtenv.bak").read_bytes()
            self.tally.hold(f"{name}: the backup is the old file", backup == old, backup)

    def all(self, name: str, old: bytes | None, wishes: dict) -> None:
        self.write_document(wishes)
        self.start(old)
        whole = self.apply()
        new, in_force = self.found(), self.engine.info()
        if not self.tally.hold(f"{name}: untouched", whole.code == 0 and whole.calls > 5 and new != old, whole):
            return
        self.tally.hold(f"{name}: driver_check changes nothing", "/etc/docker/" in whole.log.splitlines()[-1])
        calls = range(1, whole.calls + 1)
        points = [("kill", call) for call in calls]
        if FULL:
            points += [(fault, call) for fault in ("EIO", "ENOSPC", "killone", "short") for call in calls]
        else:
            said = [line.split()[1] for line in whole.log.splitlines()]
            points += [("EIO", call) for call in calls if said[call - 1] == "fsync"]
            points += [("ENOSPC", call) for call in calls if said[call - 1] in ("open", "write")][::2]
        for fault, call in points:
            self.at(f"{name}, {fault} at call {call}", f"{fault}@{call}", old, new, in_force)


def alone() -> None:
    """This program again in namespaces of its own: a restart removes the usual pid file and writes a log, and
    those are not to be this machine's."""
    again_in("--mount", "--pid", "--fork", "--mount-proc", "--net")
    for folder in ("/run", "/var/log"):
        subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=True)
    for real in ("/usr/bin/dockerd", "/usr/sbin/dockerd", "/usr/local/bin/dockerd", "/etc/init.d/docker"):
        if os.path.exists(real):  # never to be started over this machine's containers
            subprocess.run(["mount", "--bind", "/bin/false", real], check=True)


def sweep(name: str) -> int:
    """One wish."""
    alone()
    tally = Tally()
    with Scratch() as scratch:
        one = Sweep(scratch, tally)
        one.all(name, *WISHES[name])
    return tally.close(f"{name}: {one.points} broken runs of driver_check and docker_config")


def main() -> int:
    if os.geteuid() != 0:
        print("namespaces of its own need root\n0 passed, 0 failed, 1 skipped")
        return 0
    if "--wish" in sys.argv:
        return sweep(sys.argv[sys.argv.index("--wish") + 1])
    sweeps = [subprocess.Popen([sys.executable, *sys.argv, "--wish", name], stdout=subprocess.PIPE, text=True) for name in WISHES]
    said = [process.communicate()[0] for process in sweeps]
    print("".join(said))
    totals = [re.search(r": (\d+) broken .*: (\d+) torn, (\d+) lost\n(\d+) passed, (\d+) failed", text) for text in said]
    if None in totals:
        print("a sweep broke off\n0 passed, 1 failed")
        return 1
    points, torn, lost, passed, failed = (sum(int(total[i]) for total in totals) for i in range(1, 6))
    print(f"{points} broken runs of driver_check and docker_config: {torn} torn, {lost} lost")
    print(f"{passed} passed, {failed} failed")
    return 1 if torn or lost or failed or any(process.returncode for process in sweeps) else 0


if __name__ == "__main__":
    sys.exit(main())
