#!/usr/bin/env python3
"""Kills, and breaks, the one writer of files at every call that changes something, on this machine and
by the shell program that machines over ssh run. Whatever happens: the old bytes or the new ones.

    tests/faults/writer_sweep.py BUILD_FOLDER [--full]
"""

import concurrent.futures
import dataclasses
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import typing

from faults import FULL, WRITER, Run, Scratch, Tally, again_in, listing, run, sha256

OLD = b'{\n "foreign": 12345678901234567890,\n\t"x" : [ 1 ]\n}\n' * 40
NEW = OLD.replace(b"foreign", b"wanted") + b"\n" * 5000
FAULTS = ["kill", "killone", "EIO", "short", "ENOSPC", "EROFS", "EINTR"]


@dataclasses.dataclass
class Case:
    """A folder as it is before, and one write in it."""

    name: str
    prepare: typing.Callable[[pathlib.Path], None]
    target: str = "daemon.json"  # what is asked for
    real: str = "daemon.json"  # where the bytes are
    expected: str = "-"
    follow: bool = False
    before: typing.Optional[bytes] = None


def with_old(folder: pathlib.Path) -> None:
    (folder / "daemon.json").write_bytes(OLD)
    (folder / "daemon.json").chmod(0o640)


def with_link(folder: pathlib.Path) -> None:
    (folder / "dotfiles").mkdir()
    (folder / "dotfiles/docker.json").write_bytes(OLD)
    (folder / "daemon.json").symlink_to("dotfiles/docker.json")


CASES = [
    Case("an update", with_old, expected=sha256(OLD), before=OLD),
    Case("a new file", lambda folder: None, expected="absent"),
    Case("a new folder", lambda folder: None, target="a/b/daemon.json", real="a/b/daemon.json"),
    Case("a followed link", with_link, real="dotfiles/docker.json", expected=sha256(OLD), follow=True, before=OLD),
]


def write(host: str, case: Case, folder: pathlib.Path, fault: str = "count", expected: str = "") -> Run:
    words = [WRITER, "write", host, folder / case.target, expected or case.expected, "1" if case.follow else "0"]
    return run(words, folder, fault, NEW)


def bytes_of(path: pathlib.Path) -> typing.Optional[bytes]:
    return path.read_bytes() if path.exists() else None


def litter(case: Case, folder: pathlib.Path) -> list[str]:
    return [name for name in listing((folder / case.real).parent) if ".dtenv." in name]


class Sweep:
    """All faults at all calls of one case on one host."""

    def __init__(self, host: str, case: Case, scratch: Scratch):
        self.host, self.case, self.scratch, self.tally = host, case, scratch, Tally()
        self.points = 0

    def start(self) -> pathlib.Path:
        folder = self.scratch.fresh(f"{self.host}-{self.case.name}".replace(" ", "-"))
        self.case.prepare(folder)
        return folder

    def old_or_new(self, name: str, folder: pathlib.Path, done: Run) -> None:
        found = bytes_of(folder / self.case.real)
        if found not in (self.case.before, NEW):
            self.tally.torn += 1
        if found is None and self.case.before is not None:
            self.tally.lost += 1
        self.tally.hold(f"{name}: old or new", found in (self.case.before, NEW), done)

    def again(self, name: str, folder: pathlib.Path) -> None:
        """Without the fault: it comes through, and nothing of the broken run is left."""
        found = bytes_of(folder / self.case.real)
        done = write(self.host, self.case, folder, expected="absent" if found is None else sha256(found))
        self.tally.hold(f"{name}: again", done.code == 0 and bytes_of(folder / self.case.real) == NEW, done)
        self.tally.hold(f"{name}: no litter", not litter(self.case, folder), litter(self.case, folder))

    def at(self, fault: str, call: int, more: str = "") -> None:
        name = f"{self.host}, {self.case.name}, {fault} at call {call}{more}"
        folder = self.start()
        done = write(self.host, self.case, folder, f"{fault}@{call}{more}")
        self.points += 1
        self.old_or_new(name, folder, done)
        if fault == "short":
            self.tally.hold(f"{name}: comes through", done.code == 0 and bytes_of(folder / self.case.real) == NEW, done)
        elif "kill" not in fault and done.code != 0:
            self.tally.hold(f"{name}: says why", str(folder) in done.err, done)
            if not more and " unlink" not in done.log.splitlines()[call - 1]:
                self.tally.hold(f"{name}: cleans up", not litter(self.case, folder), done)
        self.again(name, folder)

    def at_twice(self, first: int, second: int) -> None:
        name = f"{self.host}, {self.case.name}, killed at {first} and again at {second}"
        folder = self.start()
        write(self.host, self.case, folder, f"kill@{first}")
        found = bytes_of(folder / self.case.real)
        done = write(self.host, self.case, folder, f"kill@{second}", "absent" if found is None else sha256(found))
        self.points += 1
        self.old_or_new(name, folder, done)
        self.again(name, folder)

    def all(self) -> "Sweep":
        folder = self.start()
        whole = write(self.host, self.case, folder)
        good = whole.code == 0 and bytes_of(folder / self.case.real) == NEW
        self.tally.hold(f"{self.host}, {self.case.name}: untouched", good and whole.calls >= 4, whole)
        for fault in FAULTS if FULL or self.host == "local" else FAULTS[:4]:
            for call in range(1, whole.calls + 1):
                self.at(fault, call)
        for fault in ("ENOSPC", "EIO", "EROFS", "short"):
            self.at(fault, 1, "+")
        if FULL or (self.host == "local" and self.case.name == "an update"):
            for first in range(1, whole.calls + 1):
                for second in range(1, whole.calls + 2):
                    self.at_twice(first, second)
        return self


def mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def real_faults(scratch: Scratch, tally: Tally, host: str) -> int:
    """No shim: disks that are full, read-only or marked, and what is no lone regular file."""
    points = 0
    update = CASES[0]

    def refused(name: str, folder: pathlib.Path, said: str, kept: typing.Optional[bytes] = OLD) -> None:
        nonlocal points
        points += 1
        before = listing(folder)
        done = write(host, update, folder, expected="-")
        tally.hold(f"{host}, {name}: refused", done.code == 1, done)
        tally.hold(f"{host}, {name}: says so", said in done.err, done)
        if kept is not None:
            tally.hold(f"{host}, {name}: kept", bytes_of(folder / "daemon.json") == kept, done)
        tally.hold(f"{host}, {name}: no litter", listing(folder) == before, (before, listing(folder)))

    def filled(option: str, name: str, fill: typing.Callable[[pathlib.Path], None], said: str) -> None:
        folder = scratch.fresh("disk")
        mount("-t", "tmpfs", "-o", option, "none", str(folder))
        with_old(folder)
        fill(folder)
        refused(name, folder, said)
        subprocess.run(["umount", str(folder)], check=True)

    filled("size=64k", "a full disk", lambda at: (at / "ballast").write_bytes(b"x" * 57344), "No space left")
    filled("nr_inodes=3", "no inodes", lambda at: (at / "ballast").touch(), "No space left")
    filled("size=64k", "a read-only disk", lambda at: mount("-o", "remount,ro", str(at)), "Read-only")

    folder = scratch.fresh("marked")
    with_old(folder)
    if subprocess.run(["chattr", "+i", str(folder / "daemon.json")], capture_output=True).returncode == 0:
        refused("an immutable file", folder, "not permitted")
        subprocess.run(["chattr", "-i", str(folder / "daemon.json")], check=True)

    folder = scratch.fresh("kinds")
    with_link(folder)
    refused("a symbolic link", folder, "symbolic link")
    folder = scratch.fresh("kinds")
    (folder / "daemon.json").mkdir()
    refused("a folder", folder, "a folder", None)
    folder = scratch.fresh("kinds")
    os.mkfifo(folder / "daemon.json")
    refused("a FIFO", folder, "not a regular file", None)
    tally.hold(f"{host}, a FIFO: stays", stat.S_ISFIFO((folder / "daemon.json").stat().st_mode))
    folder = scratch.fresh("kinds")
    with_old(folder)
    os.link(folder / "daemon.json", folder / "other")
    refused("a hard link", folder, "hard links")
    folder = scratch.fresh("kinds")
    with_old(folder)
    (folder / "source").write_bytes(OLD)
    mount("--bind", str(folder / "source"), str(folder / "daemon.json"))
    refused("a bind mount", folder, "bind mounted")
    subprocess.run(["umount", str(folder / "daemon.json")], check=True)

    folder = scratch.fresh("attributes")
    with_old(folder)
    os.chown(folder / "daemon.json", 1234, 2345)
    os.setxattr(folder / "daemon.json", "security.selinux", b"system_u:object_r:container_config_t:s0\0")
    done = write(host, update, folder)
    after = (folder / "daemon.json").stat()
    same = (after.st_uid, after.st_gid, stat.S_IMODE(after.st_mode)) == (1234, 2345, 0o640)
    tally.hold(f"{host}: owner and mode stay", done.code == 0 and same, done)
    kept = "security.selinux" in os.listxattr(folder / "daemon.json")
    tally.hold(f"{host}: the SELinux label stays", kept, os.listxattr(folder / "daemon.json"))
    return points + 1


def main() -> int:
    again_in("--mount")
    hosts = ["local", "dash"] + (["bash"] if FULL and shutil.which("bash") else [])
    total = Tally()
    points = 0
    with Scratch() as scratch:
        sweeps = [Sweep(host, case, scratch) for host in hosts for case in CASES]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for sweep in pool.map(Sweep.all, sweeps):
                points += sweep.points
                total.passed += sweep.tally.passed
                total.torn += sweep.tally.torn
                total.lost += sweep.tally.lost
                total.failures += sweep.tally.failures
        if os.geteuid() == 0:
            for host in hosts:
                points += real_faults(scratch, total, host)
    return total.close(f"{points} broken writes on {', '.join(hosts)}")


if __name__ == "__main__":
    sys.exit(main())
