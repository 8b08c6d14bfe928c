#!/usr/bin/env python3
"""`dtenv hostfile doctor` on the library itself: verdicts, places, carets, exit codes.

    doctor_test.py PROGRAM
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop(1)
SEED = b"V100-1 slots=4\nV100-2 slots=4\n"


class DoctorTest(unittest.TestCase):
    def ask(self, content: bytes, *words: str) -> "subprocess.CompletedProcess[str]":
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "hosts")
            with open(path, "wb") as file:
                file.write(content)
            ran = subprocess.run([PROGRAM, "hostfile", "doctor", path, *words], capture_output=True, text=True,
                                 timeout=20, check=False)
            ran.stdout = ran.stdout.replace(path, "FILE")
            return ran

    def test_the_manuals_file_is_fine_for_those_that_read_it_and_rewritten_for_the_others(self):
        ran = self.ask(SEED)
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        for engine in ("dtenv", "deepspeed", "openmpi", "openmpi5"):
            self.assertIn(f"{engine}: ok (2 hosts, 8 slots)\n", ran.stdout)
        self.assertIn("hydra: refused\n  FILE:1:8: error: token slots not supported by Hydra\n"
                      "  | V100-1 slots=4\n  |        ^\n  help: Hydra reads HOST:COUNT\n", ran.stdout)
        self.assertIn("  as hydra wants it:\n  | V100-1:4\n", ran.stdout)
        self.assertIn("  as slurm wants it (without slots):\n  | V100-[1-2]\n", ran.stdout)

    def test_the_exit_code_is_of_the_launchers_asked_for(self):
        self.assertEqual(self.ask(SEED, "--engine", "deepspeed", "--engine=openmpi").returncode, 0)
        self.assertEqual(self.ask(SEED, "--engine", "hydra").returncode, 64)
        self.assertEqual(self.ask(SEED, "--engine", "deepspeed", "--engine", "hydra").returncode, 64)
        self.assertEqual(self.ask(b"n1 slots=4 port=6001\n", "--engine", "deepspeed").returncode, 65)
        self.assertEqual(self.ask(b"n1 slots=4 port=6001\n").returncode, 0)
        self.assertEqual(self.ask(b"n1 slotss=4\n").returncode, 64)
        self.assertNotIn("hydra", self.ask(SEED, "--engine", "deepspeed").stdout)

    def test_json_has_every_finding_and_the_whole_file_rewritten(self):
        ran = self.ask(SEED, "--json")
        diagnosis = json.loads(ran.stdout)
        self.assertEqual((ran.returncode, diagnosis["read_as"]), (0, "dtenv"))
        verdicts = {verdict["dialect"]: verdict for verdict in diagnosis["verdicts"]}
        self.assertEqual(verdicts["hydra"]["rewritten"], "V100-1:4\nV100-2:4\n")
        self.assertEqual([finding["line"] for finding in verdicts["hydra"]["findings"]], [1, 2])
        self.assertEqual(verdicts["torchrun"]["lost"], ["slots"])

    def test_the_caret_stands_under_its_byte_whatever_stands_before_it(self):
        self.assertIn("  | m\u00fcn\tslots=4x # y\n  |    \t      ^\n",
                      self.ask("m\u00fcn\tslots=4x # y\n".encode(), "--engine", "dtenv").stdout)
        wide = self.ask(b"n" + b" " * 400 + b"slot=4\n", "--engine", "dtenv").stdout
        self.assertIn("  |" + " " * 51 + "^\n", wide)
        self.assertLess(max(map(len, wide.splitlines())), 120)

    def test_any_bytes_are_judged(self):
        for content in (b"", b"\xff\xfe\n", b"\x1b[2J slots=4\n", b"n1 slots=4\r\n"):
            ran = self.ask(content)
            self.assertIn(ran.returncode, (0, 64, 65), content)
            self.assertNotIn("\x1b", ran.stdout)
            self.assertIn("deepspeed: ", ran.stdout)
        ran = self.ask(b"n1 slots=1\nn2\x00 slots=4\n")
        self.assertEqual(ran.returncode, 64)
        self.assertIn(":2: a NUL byte", ran.stderr)
        self.assertIn("not UTF-8", self.ask(b"n1 slots=\xff\n", "--engine", "deepspeed").stdout)

    def test_a_senseless_line_is_2_and_a_missing_file_66(self):
        for words in (["hostfile"], ["hostfile", "doctor"], ["hostfile", "heal", "x"], ["hostfile", "doctor", "a", "b"]):
            self.assertEqual(subprocess.run([PROGRAM, *words], capture_output=True, check=False).returncode, 2, words)
        self.assertEqual(self.ask(SEED, "--engine", "deepsped").returncode, 2)
        ran = subprocess.run([PROGRAM, "hostfile", "doctor", "/nowhere"], capture_output=True, check=False)
        self.assertEqual(ran.returncode, 66)


if __name__ == "__main__":
    unittest.main()
