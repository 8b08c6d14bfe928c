#!/usr/bin/env python3
"""driver_check and docker_config where the machine runs out of something: a disk that hangs, memory that ends at
one allocation, open files and processes that are limited. The command ends by itself, says which limit and its
value, the file is the old one or the new one, and a run without the fault comes through.

    tests/faults/resource_sweep.py BUILD_FOLDER [--full]
"""

import json
import os
import pathlib
import random
import resource
import shutil
import subprocess
import sys
import time

from faults import COMMAND, FULL, Run, Scratch, Tally, run, use_bindings
from recovery_sweep import SEED, Recovery
from step_sweep import WISHES, alone

ALLOCATIONS = 400 if FULL else 20
# libcurl has its own words for no memory: "not a URL", a reply's head, a wait that ends at its deadline.
ENDS = {0, 64, 69, 70, 71, 74, 75, 76, 78, 130, 1}


def threads() -> "list[str]":
    """Those of the library in this process."""
    names = [(task / "comm").read_text().strip() for task in pathlib.Path("/proc/self/task").iterdir()]
    return sorted(name for name in names if name.startswith("dtenv"))


class Resources(Recovery):
    def limited(self, limits=None, fault: str = "count") -> Run:
        words = [COMMAND, "apply", self.document, "--json"]
        return run(words, self.machine, fault, env={"DOCKER_HOST": f"unix://{self.engine.socket}"}, timeout=45, limits=limits)

    def after(self, what: str, broken: Run, old, new: bytes, in_force: dict) -> None:
        self.points += 1
        self.tally.hold(f"{what}: it ends by itself", broken.code in ENDS and "terminate called" not in broken.err, broken)
        self.old_or_new(what, old, new, broken)
        self.settles(what, old, new, in_force)

    def no_memory(self, name: str, old, wishes: dict) -> None:
        """One allocation of the command's own process fails, wherever it is; without a session every one is
        tried (tests/capi/no_memory_test.c)."""
        whole, new, in_force = self.whole(old, wishes)
        self.tally.hold(f"{name}: allocations are counted", whole.allocations > 1000, whole.allocations)
        chosen, told = random.Random(SEED), 0
        for _ in range(ALLOCATIONS):
            at = chosen.randint(1, whole.allocations)
            self.start(old)
            broken = self.limited(fault=f"oom@{at}")
            self.after(f"{name}, allocation {at} of {whole.allocations} fails", broken, old, new, in_force)
            told += "NOMEM" in broken.out + broken.err
        self.tally.hold(f"{name}: it says so", told > ALLOCATIONS / 4, told)

    def few_files(self, name: str, old, wishes: dict) -> None:
        _, new, in_force = self.whole(old, wishes)
        for most in range(10, 34, 1 if FULL else 3):
            self.start(old)
            broken = self.limited(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)))
            self.after(f"{name}, {most} open files", broken, old, new, in_force)
            if broken.code and "Too many open files" in broken.err + broken.out:
                named = f"open files are limited to {most}" in broken.err + broken.out
                self.tally.hold(f"{most} open files: the limit and its value are named", named, broken)

    def few_processes(self, name: str, old, wishes: dict) -> None:
        top = next((path for path in ("/sys/fs/cgroup/pids", "/sys/fs/cgroup") if os.path.isdir(path)), "")
        group = pathlib.Path(top, f"dtenv-faults-{os.getpid()}")
        try:
            group.mkdir()
            (group / "pids.max").write_text("max")
        except OSError as error:
            print(f"skipped: no pids cgroup: {error}")
            if group.is_dir():
                group.rmdir()
            return
        _, new, in_force = self.whole(old, wishes)
        for most in (1, 2, 3, 4, 6):
            (group / "pids.max").write_text(str(most))
            self.start(old)
            broken = self.limited(lambda: (group / "cgroup.procs").write_text("0"))
            self.after(f"{name}, {most} processes", broken, old, new, in_force)
            if most < 3:
                named = f"to {most} by the cgroup: pids.max" in broken.err + broken.out
                self.tally.hold(f"{most} processes: the limit and its value are named", broken.code != 0 and named, broken)
        group.rmdir()

    def hanging_disk(self, name: str, old, wishes: dict) -> None:
        import dtenv

        _, new, in_force = self.whole(old, wishes)
        self.start(old)
        folder, image = self.engine.config.parent, self.scratch.path / "disk"
        folder.mkdir(parents=True, exist_ok=True)
        image.write_bytes(b"")
        os.truncate(image, 16 << 20)
        freeze = ["fsfreeze", "-f", str(folder)]
        thaw = ["fsfreeze", "-u", str(folder)]
        for words in (["mkfs.ext4", "-q", "-F", str(image)], ["mount", "-o", "loop", str(image), str(folder)], freeze, thaw):
            tried = subprocess.run(words, capture_output=True, text=True) if shutil.which(words[0]) else None
            if tried is None or tried.returncode:
                print(f"skipped: no disk that could hang: {words[0]}: {tried.stderr.strip() if tried else 'not here'}")
                subprocess.run(["umount", str(folder)], capture_output=True)
                return
        (folder / "lost+found").rmdir()
        if old is not None:
            self.engine.config.write_bytes(old)
        document = json.loads(self.document.read_text())
        os.environ["DOCKER_HOST"] = f"unix://{self.engine.socket}"
        hold = self.tally.hold
        try:
            with dtenv.Session() as session:
                subprocess.run(freeze, check=True)
                counts = []
                for number in ("first", "second"):
                    job = session.apply(document)
                    end = time.monotonic() + 15
                    while session.dump().get("disk", {}).get("seconds", 0) < 1 and time.monotonic() < end:
                        time.sleep(0.05)
                    disk = session.dump().get("disk", {})
                    hold(f"{number}: the session says what hangs since when", disk.get("seconds", 0) >= 1 and
                         disk.get("doing", "").startswith(f"write {folder}"), session.dump())
                    counts.append(threads())
                    asked = time.monotonic()
                    job.cancel(grace_ms=0)
                    hold(f"{number}: the cancel returns", time.monotonic() - asked < 0.2)
                    try:
                        job.wait(timeout=20)
                    except dtenv.DtenvError as error:
                        hold(f"{number}: it was cancelled", error.name == "CANCELLED", error)
                    hold(f"{number}: within 2 s", time.monotonic() - asked < 2.5, time.monotonic() - asked)
                hold("no second thread piles up", counts[0] == counts[1], counts)
                asked = time.monotonic()
            hold("a session ends while the disk hangs", time.monotonic() - asked < 6, time.monotonic() - asked)
        finally:
            subprocess.run(thaw, check=True)
        end = time.monotonic() + 10
        while threads() and time.monotonic() < end:
            time.sleep(0.05)
        hold("the thread that was left behind ends with the wait", not threads(), threads())
        self.points += 1
        self.old_or_new(f"{name}, a disk that hung", old, new, self.found())
        self.settles(f"{name}, a disk that hung", old, new, in_force)
        subprocess.run(["umount", str(folder)], check=True)


def main() -> int:
    if os.geteuid() != 0:
        print("namespaces of its own need root\n0 passed, 0 failed, 1 skipped")
        return 0
    alone()
    use_bindings()
    tally = Tally()
    said = []
    with Scratch() as scratch:
        sweep = Resources(scratch, tally)
        name = "a reload"
        for trouble in (sweep.hanging_disk, sweep.few_files, sweep.few_processes, sweep.no_memory):
            before = sweep.points
            trouble(name, *WISHES[name])
            said.append(f"{sweep.points - before} {trouble.__name__}")
    return tally.close(f"{', '.join(said)}: driver_check and docker_config where something ends")


if __name__ == "__main__":
    sys.exit(main())
