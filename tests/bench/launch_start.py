#!/usr/bin/env python3
"""How much later does the first line of an mpirun across two nodes come through `launch`?

    tests/bench/launch_start.py [ROUNDS]

On the testbed's two machines (needs root and a Docker engine; minutes to bring up). Both runs are started from here, by turns: ours is an apply of the steps that make the container,
the keys and the hostfile, all of which hold, and a launch; the other is the same mpirun typed by hand
into the head's container. Prints what the preflight takes and the ratio of what comes after it.
"""
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("DTENV_LIBRARY", str(ROOT / "build/bench/capi/libdtenv.so.1"))
os.environ.setdefault("DTENV_COMMAND", str(ROOT / "build/bench/examples/dtenv"))
sys.path[:0] = [str(ROOT / "bindings/python"), str(ROOT / "tests/testbed")]

import bench  # noqa: E402

import dtenv  # noqa: E402
from testbed import CONTAINER, IMAGE, NODES, TestbedCase, document, only, up  # noqa: E402

BOUND, PREFLIGHT_BOUND = 1.1, 2.0
KINDS = ("container_run", "key_exchange", "hostfile_writer", "launch")


def wanted(number: int) -> dict:
    """A document whose launch has not run yet: a launch is never run twice."""
    made = document(only(*KINDS))
    made["steps"][0]["image"] = IMAGE  # there is no image_build before it here
    launch = made["steps"][-1]
    launch.update({"engine": "openmpi", "command": ["sh", "-c", "hostname; exit 0", f"round-{os.getpid()}-{number}"]})
    return made


def ours(session: dtenv.Session, number: int) -> "tuple[float, float]":
    """Seconds of the launch step before its run begins, and from there to the first line."""
    begun = first = None
    job = session.apply(wanted(number))
    for event in job.events():
        now = time.monotonic()
        if event.step == "launch":
            if event.text.endswith(" begun") and begun is None:
                begun = now
            if event.type == "output" and first is None:
                first = now
    job.wait()
    report = job.report()
    if None in (begun, first):
        raise SystemExit(f"an event is missing: {begun} {first}\n{dtenv.render(report)}")
    # The step's own time, of the head: its look, its plan, what it prepares and tries, and the run.
    spent = next(step.seconds for step in report.hosts[0].steps if step.kind == "launch")
    return spent - (time.monotonic() - begun), first - begun


def by_hand() -> float:
    """The same mpirun, in a shell of the head's container."""
    words = ["mpirun", "--allow-run-as-root", "--hostfile", "/data/hostfile", "-np", "2", "sh", "-c", "hostname; exit 0"]
    argv = ["docker", "exec", NODES[0].container, "docker", "exec", CONTAINER, *words]
    began = time.monotonic()
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        line = process.stdout.readline()
        spent = time.monotonic() - began
        rest, errors = process.communicate()
        if process.returncode != 0 or not line:
            raise SystemExit(f"mpirun by hand: exit {process.returncode}: {errors.decode(errors='replace')}")
    return spent


def main() -> int:
    if os.geteuid() != 0:
        print("launch_start: skipped: its machines in containers need root")
        return 0
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    up()
    TestbedCase.converged()
    before, after, hand = [], [], []
    with dtenv.Session() as session:
        for number in range(rounds + 1):
            preflight, run = ours(session, number)
            typed = by_hand()
            if number == 0:  # connections, caches
                continue
            before.append(preflight)
            after.append(run)
            hand.append(typed)
    rows = bench.Rows()
    ratios = [mine / theirs for mine, theirs in zip(after, hand)]
    rows.at_most("launch, first line", bench.median(ratios), BOUND, "of an mpirun on two nodes / the same by hand")
    preflight = bench.median(before)
    rows.at_most("launch, preflight", preflight / PREFLIGHT_BOUND, 1, f"of the 2 s it may take: {preflight:.2f} s")
    return rows.failed


if __name__ == "__main__":
    sys.exit(main())
