"""python -m dtenv: what it prints where, and how it exits."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

from support import LOCAL


def dtenv_command(*arguments, stdin=""):
    return subprocess.run([sys.executable, "-m", "dtenv", *arguments], input=stdin, capture_output=True, text=True)


class Command(unittest.TestCase):
    def setUp(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
            json.dump(LOCAL, file)
        self.addCleanup(os.unlink, file.name)
        self.file = file.name

    def test_a_check_shows_progress_on_stderr_and_the_report_on_stdout(self):
        run = dtenv_command("check", self.file, "--json")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(json.loads(run.stdout)["hosts"][0]["name"], "here")
        self.assertIn("job.finished", run.stderr)
        self.assertIn("here", dtenv_command("check", self.file).stdout)

    def test_eval_reads_stdin(self):
        run = dtenv_command("eval", "size.parse", stdin='{"value": "2k"}')
        self.assertEqual((run.returncode, json.loads(run.stdout)), (0, {"bytes": 2048}))

    def test_an_error_is_json_on_stderr_and_another_exit_status(self):
        run = dtenv_command("eval", "size.parse", stdin='{"valeu": "2k"}')
        self.assertEqual((run.returncode, run.stdout), (64, ""))
        self.assertEqual(json.loads(run.stderr)["status"], "CONFIG")
        self.assertEqual(dtenv_command("eval", "size.prase", stdin="{}").returncode, 78)

    def test_a_file_that_is_not_there(self):
        run = dtenv_command("validate", "/nonexistent/environment.json")
        self.assertEqual(run.returncode, 66)
        self.assertIn("/nonexistent/environment.json", run.stderr)

    def test_validate_and_schema(self):
        self.assertEqual(dtenv_command("validate", self.file).returncode, 0)
        self.assertIn("nodes", json.loads(dtenv_command("schema").stdout)["properties"])
        self.assertEqual(json.loads(dtenv_command("schema", "driver_check").stdout)["title"], "driver_check")


if __name__ == "__main__":
    unittest.main()
