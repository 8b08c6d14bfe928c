"""Runs that are cancelled or killed in their middle."""

import signal
import time

from testbed import CONTAINER, NODES, Running, TestbedCase, document, dtenv, only, recipe

WORKERS = r"pgrep -l '^(debootstrap|apt-get|dpkg|docker|tar)$'; pgrep -a -f '^sshd: root@'; true"


class CutShort(TestbedCase):
    def setUp(self) -> None:
        self.converged()

    def build_of_another_image(self, tag: str) -> dict:
        wanted = document(only("image_build"))
        wanted["steps"][0]["tag"] = tag
        # Long enough to be interrupted: it waits in a RUN.
        wanted["steps"][0]["from"]["build"]["recipe"] = {**recipe(), "commands": [["sleep", "300"]]}
        return wanted

    def wait_for_sleep(self, running: Running) -> None:
        for _ in range(1200):
            if any(machine.run("pgrep", "-x", "sleep", "-a", check=False).count("300") for machine in NODES):
                return
            self.assertIsNone(running.process.poll(), running.said()[-4000:])
            time.sleep(0.25)
        self.fail("the build never came to its RUN:\n" + running.said()[-4000:])

    def eventually(self, holds, seconds: float = 10) -> bool:
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                return False
            time.sleep(0.2)
        return True

    def assert_nothing_left(self) -> None:
        for machine in NODES:
            self.assertTrue(
                self.eventually(lambda m=machine: not m.run("pgrep", "-x", "sleep", "-a", check=False).count("300")),
                "the build goes on",
            )
            self.assertTrue(
                self.eventually(lambda m=machine: m.run("sh", "-c", WORKERS) == ""), machine.run("sh", "-c", WORKERS)
            )
            self.assertEqual(machine.run("find", "/tmp", "/var/tmp", "/root", "-iname", "*dtenv*"), "")
            names = machine.run("docker", "ps", "-a", "--format", "{{.Names}}").split()
            self.assertEqual(names, [CONTAINER])

    def test_a_cancel_in_mid_build_ends_within_two_seconds(self):
        running = Running("apply", self.build_of_another_image("dtenv/cancelled:1"), "--grace", "0")
        self.wait_for_sleep(running)
        asked = time.monotonic()
        running.send(signal.SIGINT)
        done = running.wait(30)
        spent = time.monotonic() - asked
        self.assert_exit(done, 130)
        self.assertLess(spent, 2.5, str(done))
        self.assertEqual(done.report["status"], "CANCELLED")
        self.assert_nothing_left()
        for machine in NODES:
            self.assertEqual(machine.run("docker", "images", "-q", "dtenv/cancelled"), "")

    def test_a_command_killed_in_mid_build_leaves_no_one_working(self):
        running = Running("apply", self.build_of_another_image("dtenv/killed:1"))
        self.wait_for_sleep(running)
        running.send(signal.SIGKILL)
        running.wait(30)
        self.assert_nothing_left()

    def test_a_command_killed_in_mid_apply_is_resumed_cleanly(self):
        for stage in ("container_run", "key_exchange", "hostfile_writer"):
            with self.subTest(killed_at=stage):
                for machine in NODES:
                    machine.run("docker", "rm", "-f", CONTAINER)
                running = Running("apply", document(), "--verbose")
                running.wait_until_said(stage)
                running.send(signal.SIGKILL)
                running.wait(30)
                resumed = dtenv("apply", document())
                self.assert_exit(resumed, 0)
                self.assertEqual(dtenv("apply", document()).report["changes_made"], 0)
        self.assert_nothing_left()
