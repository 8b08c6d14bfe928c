"""Launches and their launchers killed at random times: nothing is left, and nothing of another job is touched."""

import concurrent.futures
import os
import pathlib
import random
import signal
import time

from launches import SLEEP, inside, launch_step, marked, result
from testbed import CONTAINER, NODES, Running, TestbedCase, document, dtenv

# args: MARK SECONDS. Kills the mpirun of the job with that mark so long after it has come.
KILL = """
find() { for pid in $(pgrep -x mpirun); do grep -qzxF "KILLED=$1" "/proc/$pid/environ" && echo "$pid"; done; }
tries=0
until pid=$(find "$1"); [ -n "$pid" ]; do tries=$((tries + 1)); [ "$tries" -lt 1000 ] || exit 1; sleep 0.02; done
sleep "$2"
kill -9 $pid"""
# Ranks that leave the session, ignore TERM, or are plain.
STUBBORN = f'case $((RANK % 4)) in 1) exec setsid sleep 3600 ;; 2) trap "" TERM ;; esac; sleep 3600; {SLEEP}'


def launch(mark: str, number: int, slots: int = 2, **keys) -> dict:
    step = launch_step(STUBBORN, env={"KILLED": mark}, master_port=29800 + number, **keys)
    wanted = document([step])
    for node in wanted["nodes"]:
        node["slots"] = slots
    return wanted


def gone(mark: str, seconds: float) -> "list[str]":
    """What is left of the job after that time."""
    end = time.monotonic() + seconds
    while left := [line for machine in NODES for line in marked(machine, f"KILLED={mark}")]:
        if time.monotonic() > end:
            return left
        time.sleep(0.2)
    return []


def ranks(mark: str) -> int:
    return sum(line.startswith("sleep 3600") for machine in NODES for line in marked(machine, f"KILLED={mark}"))


def kill_mpirun(number: int) -> str:
    """After how many seconds, what was left, and what the report says."""
    mark, after = f"mpirun-{number}", random.Random(number).uniform(0, 1.5)
    running = Running("apply", launch(mark, number, 4, engine="openmpi"))
    inside(NODES[0], "sh", "-c", KILL, "sh", mark, str(after))
    done = running.wait(60)
    left = gone(mark, 3)
    return f"killed after {after:.2f} s: {left}\n{done}" if left or done.code == 0 else ""


def kill_follower(number: int) -> str:
    mark, after = f"follower-{number}", random.Random(number).uniform(0, 2)
    running = Running("apply", launch(mark, number, 4, engine="direct", unattended="0s"))
    time.sleep(0.5 + after)
    running.send(signal.SIGKILL)
    running.wait(10)
    # One that was begun and not followed yet has half a minute in which a follower may come.
    left = gone(mark, 40)
    return f"killed after {after:.2f} s: {left}" if left else ""


class Kills(TestbedCase):
    def setUp(self) -> None:
        self.converged()

    def tearDown(self) -> None:
        for machine in NODES:
            inside(machine, "pkill", "-KILL", "-x", "sleep", check=False)

    def test_20_kills_at_random_times_leave_nothing_and_another_job_alone(self):
        for machine in NODES:
            machine.run("docker", "exec", "-d", "-e", "DTENV_JOB=another", CONTAINER, "sleep", "7200")
        with concurrent.futures.ThreadPoolExecutor(5) as pool:
            told = [*pool.map(kill_mpirun, range(10)), *pool.map(kill_follower, range(10, 20))]
        self.assertEqual([text for text in told if text], [])
        for machine in NODES:
            self.assertEqual(marked(machine, "DTENV_JOB=another"), ["sleep 7200 "])

    def test_a_failed_rank_ends_all_within_2_seconds_and_the_grace(self):
        script = f'[ "$RANK" = 3 ] && exit 3; [ "$RANK" = 0 ] && trap "" TERM; sleep 3600; {SLEEP}'
        for number, engine in enumerate(("direct", "openmpi")):
            with self.subTest(engine=engine):
                wanted = launch(engine, 30 + number, engine=engine)
                wanted["steps"][0]["command"][2] = script
                running = Running("apply", wanted)
                done = running.wait(60)
                self.assertEqual(result(done), "PROGRAM_EXIT(3) on node2 rank 3", str(done))
                self.assertEqual(gone(engine, 0), [])
                # By the keepers' own notes: when the rank ended, and when each run was over.
                notes = 'cd /run/dtenv/launch; last=$(ls -td [0-9a-f]*.* | head -n 1); cut -d" " -f2 "$last/ranks/$1" 2>/dev/null;'
                failed = float(inside(NODES[1], "sh", "-c", notes, "sh", "3"))
                ends = 'cd /run/dtenv/launch; last=$(ls -td [0-9a-f]*.* | head -n 1); stat -c %.Y "$last/exit"'
                over = float(inside(NODES[0], "sh", "-c", ends))
                # 2 s, a grace of 1 s for the rank that ignores TERM, and a machine shared with other work.
                self.assertLess(over - failed, 2 + 1 + 2)

    def test_a_killed_connection_leaves_the_run_and_the_next_apply_follows_it(self):
        running = Running("apply", launch("connection", 40, engine="direct"))
        for _ in range(300):
            if ranks("connection") == 4:
                break
            time.sleep(0.1)
        children = pathlib.Path(f"/proc/{running.process.pid}/task").glob("*/children")
        connections = [int(pid) for threads in children for pid in threads.read_text().split()]
        self.assertEqual([pathlib.Path(f"/proc/{pid}/comm").read_text() for pid in connections], ["ssh\n"] * 2)
        for pid in connections:
            os.kill(pid, signal.SIGKILL)
        done = running.wait(60)
        self.assertRegex(result(done), "^TRANSPORT_LOST on node")
        self.assertEqual(done.code, 69, str(done))
        self.assertEqual(ranks("connection"), 4)
        again = Running("apply", launch("connection", 40, engine="direct"))
        again.wait_until_said("followed, not started again", 30)
        again.send(signal.SIGINT)
        self.assert_exit(again.wait(30), 130)
        self.assertEqual(gone("connection", 3), [])
