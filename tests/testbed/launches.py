"""What the tests of launches ask of the containers, past dtenv."""

import time

from testbed import CONTAINER, NODES, Done, Machine

# A rank that stays; "sh" gets the rest as arguments.
SLEEP = "exec sleep 3600"
STAMP = str(time.time())  # a run that was once done is not begun again, by another round of tests neither


def launch_step(script: str, *words: str, container: str = CONTAINER, **keys) -> dict:
    step = {"kind": "launch", "container": container, "timeout": "3m", **keys}
    step["env"] = {"STAMP": STAMP, **keys.get("env", {})}
    step.setdefault("command", ["sh", "-c", script, "rank", *words])
    return step


def inside(machine: Machine, *argv: str, check: bool = True, container: str = CONTAINER) -> str:
    return machine.run("docker", "exec", container, *argv, check=check)


def marked(machine: Machine, mark: str = "DTENV_JOB=", container: str = CONTAINER) -> "list[str]":
    """The processes of launches in its container, but for keepers."""
    script = """
keepers=" $(cat /run/dtenv/launch/*/pid 2>/dev/null | tr '\\n' ' ') "
for entry in $(grep -lzF -e "$1" /proc/[0-9]*/environ 2>/dev/null); do
  pid=${entry#/proc/}; pid=${pid%/environ}
  case $keepers in *" $pid "*) continue ;; esac
  tr '\\0\\n' '  ' <"/proc/$pid/cmdline" 2>/dev/null | cut -c 1-60
done
true"""
    found = inside(machine, "sh", "-c", script, "sh", mark, container=container)
    return [line for line in found.splitlines() if line.strip()]


def free_of_launches(seconds: float = 0, container: str = CONTAINER) -> bool:
    end = time.monotonic() + seconds
    while any(marked(machine, container=container) for machine in NODES):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def result(done: Done) -> str:
    """What the report says of how it ended: "PROGRAM_EXIT(3) on node2 rank 3"."""
    error = done.step("node1", "launch").get("error")
    assert error and error["detail"], str(done)
    return next(detail["problem"] for detail in error["detail"] if detail["pointer"] == "result")
