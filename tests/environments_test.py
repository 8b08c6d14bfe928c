#!/usr/bin/env python3
"""The example environments, and the README's, are documents the command takes.

    DTENV_COMMAND=build/dev/examples/dtenv tests/environments_test.py
"""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[1]
COMMAND = os.environ.get("DTENV_COMMAND", str(ROOT / "build/dev/examples/dtenv"))


def validate(path: "str | pathlib.Path") -> "tuple[int, str]":
    done = subprocess.run([COMMAND, "validate", str(path)], capture_output=True, text=True, cwd=ROOT)
    return done.returncode, done.stdout + done.stderr


class Environments(unittest.TestCase):
    def test_every_example_is_valid(self):
        examples = sorted((ROOT / "examples/environments").glob("*.json"))
        self.assertGreaterEqual(len(examples), 3)
        for path in examples:
            with self.subTest(path.name):
                self.assertEqual(validate(path)[0], 0, validate(path)[1])

    def test_the_documents_of_the_readme_are_valid(self):
        for text in re.findall(r"```json\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL):
            with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                file.write(text)
                file.flush()
                self.assertEqual(validate(file.name)[0], 0, validate(file.name)[1])


if __name__ == "__main__":
    unittest.main()
