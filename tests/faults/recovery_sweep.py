#!/usr/bin/env python3
"""driver_check and docker_config killed a second time while they recover from a first death, and cancelled at
any moment: the file is the old one or the new one, a cancel is obeyed within two seconds, and the next run
comes through. The pairs and the moments are a sample of a fixed seed.

    tests/faults/recovery_sweep.py BUILD_FOLDER [--full]
"""

import json
import os
import random
import sys
import time

from faults import FULL, Scratch, Tally, listing, use_bindings
from step_sweep import WISHES, Sweep, alone

SEED = 20261128
PAIRS = 400 if FULL else 6  # of each wish
CANCELS = 200 if FULL else 8


class Recovery(Sweep):
    def whole(self, old: "bytes | None", wishes: dict):
        """A run that nothing disturbs: what it writes, and in how many calls."""
        self.write_document(wishes)
        self.start(old)
        run = self.apply()
        return run, self.found(), self.engine.info()

    def settles(self, name: str, old: "bytes | None", new: bytes, in_force: dict) -> None:
        end = time.monotonic() + 2  # one that a restart began may be on its way
        while not self.engine.info() and time.monotonic() < end:
            time.sleep(0.05)
        if not self.engine.info():
            self.engine.fresh()
        last = self.apply()
        self.tally.hold(f"{name}: a run comes through", last.code == 0 and self.found() == new, last)
        self.tally.hold(f"{name}: it is in force", self.engine.info() == in_force, self.engine.info())
        kept = ["daemon.json"] + (["daemon.json.dtenv.bak"] if old is not None else [])
        found = listing(self.engine.config.parent)
        self.tally.hold(f"{name}: no litter", found == kept, found)

    def old_or_new(self, name: str, old: "bytes | None", new: bytes, why: object) -> None:
        found = self.found()
        if not self.tally.hold(f"{name}: old or new", found in (old, new), why):
            self.tally.torn += 1

    def killed_twice(self, name: str, old: "bytes | None", wishes: dict) -> None:
        whole, new, in_force = self.whole(old, wishes)
        if not self.tally.hold(f"{name}: untouched", whole.code == 0 and whole.calls > 5, whole):
            return
        chosen = random.Random(SEED)
        for _ in range(PAIRS):
            first, second = chosen.randint(1, whole.calls), chosen.randint(1, whole.calls)
            what = f"{name}, killed at call {first}, then at call {second} of the recovery"
            self.start(old)
            self.apply(f"kill@{first}")
            if not self.engine.info():
                self.engine.fresh()
            again = self.apply(f"kill@{second}")  # it may be through before that call
            self.points += 1
            self.old_or_new(what, old, new, again)
            self.settles(what, old, new, in_force)

    def cancelled(self, name: str, old: "bytes | None", wishes: dict) -> None:
        """By the C ABI: cancel after the K-th event, and after so many milliseconds."""
        import dtenv

        whole, new, in_force = self.whole(old, wishes)
        document = json.loads(self.document.read_text())
        os.environ["DOCKER_HOST"] = f"unix://{self.engine.socket}"
        self.start(old)
        with dtenv.Session() as session:
            before = time.monotonic()
            with session.apply(document) as job:
                events = len(list(job.events()))
                job.wait()
            seconds = time.monotonic() - before
        moments = [("event", number) for number in range(1, events + 1)]
        chosen = random.Random(SEED)
        moments = chosen.sample(moments, min(len(moments), CANCELS // 2))
        moments += [("ms", chosen.uniform(0, seconds * 1000)) for _ in range(CANCELS - len(moments))]
        for kind, moment in moments:
            what = f"{name}, cancelled after {moment:.0f} {kind}"
            self.start(old)
            with dtenv.Session() as session:
                job = session.apply(document)
                if kind == "event":
                    for _ in range(int(moment)):
                        session.next_event(timeout=10)
                else:
                    time.sleep(moment / 1000)
                asked = time.monotonic()
                job.cancel(grace_ms=0)
                returned = time.monotonic() - asked
                try:
                    job.wait(timeout=20)
                    status = "OK"
                except dtenv.DtenvError as error:
                    status = error.name
                took = time.monotonic() - asked
                self.tally.hold(f"{what}: the call returns at once", returned < 0.2, returned)
                self.tally.hold(f"{what}: ends within 2 s", took < 2.5, f"{took:.2f} s")
                self.tally.hold(f"{what}: says so", status in ("CANCELLED", "OK"), status)
                report = job.report()
                self.tally.hold(f"{what}: the report has the machine", len(report.hosts) == 1, report)
            self.points += 1
            self.old_or_new(what, old, new, status)
            self.settles(what, old, new, in_force)


def main() -> int:
    if os.geteuid() != 0:
        print("namespaces of its own need root\n0 passed, 0 failed, 1 skipped")
        return 0
    alone()
    use_bindings()
    tally = Tally()
    with Scratch() as scratch:
        sweep = Recovery(scratch, tally)
        for name, (old, wishes) in WISHES.items():
            sweep.killed_twice(name, old, wishes)
        killed = sweep.points
        for name, (old, wishes) in WISHES.items():
            sweep.cancelled(name, old, wishes)
    return tally.close(f"{killed} runs killed twice, {sweep.points - killed} cancelled, of driver_check and docker_config")


if __name__ == "__main__":
    sys.exit(main())
