"""Keys and certificates over time: renewed before their end, refused after destroy, and whole again after a rotation
that was cut short."""

import json
import shutil
import subprocess
import sys
import time
import unittest

from farm import COMMAND, Farm, problem, trust

CRASHES = 3


@unittest.skipIf(problem(), problem())
class Rotation(unittest.TestCase):
    def setUp(self) -> None:
        self.farm = Farm(3)
        self.addCleanup(self.farm.close)
        self.nodes = self.farm.nodes

    def apply(self, **options: object):
        done = self.farm.dtenv("apply", trust(**options))
        self.assertEqual(done.code, 0, str(done))
        return done

    def keep(self, node, name: str):
        """A thief's copy of a node's key and certificate."""
        kept = self.farm.folder / name
        for suffix in ("", "-cert.pub"):
            source = node.home / f".ssh/id_dtenv{suffix}"
            if source.exists():
                shutil.copy(source, f"{kept}{suffix}")
        return kept

    def opens(self, key, node) -> bool:
        options = ["-F", "/dev/null", "-i", str(key), "-p", str(node.port), "-o", "StrictHostKeyChecking=no"]
        options += ["-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes"]
        return node.logs_in_to(node.address, *options)

    def assert_whole(self) -> None:
        for node in self.nodes:
            for other in self.nodes:
                self.assertTrue(node.logs_in_to(other.name), f"{node.name} → {other.name}")

    def begun_and_killed(self, seconds: float, **options: object) -> None:
        environment = self.farm.folder / "environment.json"
        environment.write_text(json.dumps(self.farm.document(trust(**options))))
        child = subprocess.Popen([COMMAND, "apply", str(environment), "--yes"], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def cut_short(self, model: str) -> None:
        options = {"trust": model, "logins": "none"}
        begun = time.monotonic()
        self.apply(**options)
        whole = time.monotonic() - begun
        for number in range(CRASHES):
            with self.subTest(model, number=number):
                old = self.keep(self.nodes[1], f"old{number}")
                self.assertTrue(self.opens(old, self.nodes[0]))
                options["generation"] = number + 2
                self.begun_and_killed(whole * (number + 1) / (CRASHES + 1), **options)
                self.apply(**{**options, "logins": "all"})
                self.assert_whole()
                self.assertFalse(self.opens(old, self.nodes[0]), "a key of before the rotation still counts")
                again = self.apply(**options)
                self.assertEqual(again.report["changes_made"], 0, str(again))
        for node in self.nodes:
            self.assertEqual(sorted(path.name for path in (node.home / ".ssh").glob(".*")), [], "left behind")

    def test_a_rotation_of_keys_that_was_killed_is_brought_to_its_end(self):
        self.cut_short("mesh")

    def test_a_rotation_of_certificates_that_was_killed_is_brought_to_its_end(self):
        self.cut_short("ca")

    def test_certificates_are_renewed_when_a_third_of_their_time_is_left(self):
        options = {"trust": "ca", "validity": "30m"}
        ends = self.apply(**options).facts("n1")["certificate_ends"]
        self.clock_goes_on(minutes=19)
        self.assertEqual(self.apply(**options).report["changes_made"], 0)
        old = self.keep(self.nodes[1], "old")
        self.assertTrue(self.opens(old, self.nodes[0]))
        self.clock_goes_on(minutes=21)
        time.sleep(1.1)  # a certificate's times are whole seconds
        renewed = self.apply(**options)
        self.assertGreater(renewed.report["changes_made"], 0)
        self.assertIn("the certificates end soon", str(renewed.report))
        self.assertGreater(renewed.facts("n1")["certificate_ends"], ends)
        self.assert_whole()
        self.assertFalse(self.opens(old, self.nodes[0]), "the certificate before the renewed one still counts")

    def clock_goes_on(self, minutes: int, nodes: "list | None" = None) -> None:
        """For who asks date for the first time since: dtenv, as it looks around on a machine without perl.
        Certificates are made and judged by the machine's real clock."""
        date = self.farm.folder / "date"
        is_new = not date.exists()
        date.write_text(f'#!/bin/sh\n[ "$*" = +%s ] || exit 64\nread -r now _ </proc/uptime\n'
                        f'ahead=0; ! mkdir /run/asked-at-{minutes} 2>/dev/null || ahead={60 * minutes}\n'
                        f'echo $(({int(time.time() - self.uptime())} + ahead + ${{now%.*}}))\n')
        date.chmod(0o755)
        for node in (nodes or self.nodes) if is_new else ():
            for ours, theirs in ((str(date), "/usr/bin/date"), ("/dev/null", "/usr/bin/perl")):
                mounted = node.run("mount", "--bind", ours, theirs)
                self.assertEqual(mounted.returncode, 0, mounted.stderr)

    def uptime(self) -> float:
        with open("/proc/uptime", encoding="ascii") as file:
            return float(file.read().split()[0])

    def test_a_clock_that_is_off_is_named_before_anything_is_certified(self):
        options = {"trust": "ca", "logins": "ring"}
        self.clock_goes_on(minutes=10, nodes=self.nodes[1:2])
        done = self.farm.dtenv("apply", trust(**options))
        self.assertNotEqual(done.code, 0, str(done))
        self.assertRegex(done.said, "the clock of n2 is (9|10) min.* ahead of n1's")
        self.assertFalse((self.nodes[0].folder / "ssh/dtenv/issued").exists())

    def test_after_destroy_sshd_refuses_what_the_last_authority_certified(self):
        options = {"trust": "ca", "logins": "ring"}
        self.apply(**options)
        kept = self.keep(self.nodes[1], "kept")
        for node in self.nodes:
            self.assertTrue(self.opens(kept, node))
        away = self.farm.dtenv("destroy", trust(**options))
        self.assertEqual(away.code, 0, str(away))
        for node in self.nodes:
            self.assertFalse(self.opens(kept, node), f"{node.name} still takes the certificate")
            self.assertTrue(self.opens(self.farm.key, node))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
