#!/usr/bin/env python3
"""The examples in C, C++ and Python do the same thing, on this machine alone.

    twins_test.py FOLDER_OF_BUILT_EXAMPLES      (DTENV_LIBRARY and PYTHONPATH for the Python ones)
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

BUILT = pathlib.Path(sys.argv.pop(1))
SOURCES = pathlib.Path(__file__).resolve().parent.parent.parent / "examples"
LOCAL = {"v": 1, "cluster": "twins", "nodes": [{"name": "here", "local": True}], "steps": [{"kind": "driver_check"}]}


def normal(line):
    """The line without what differs from run to run: ids, times, how far it was when asked."""
    if not line.startswith("{"):
        return re.sub(r"\d+(\.\d+)?\s?(ms|s|m|h)\b", "TIME", line)
    value = json.loads(line)
    if value.get("type") in ("progress", "output"):
        return None
    for key in ("job", "seq", "time"):
        value.pop(key, None)
    return value


class TwinsTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def document(self, content):
        path = self.folder / "environment.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    def run_all(self, stem, *words):
        """Runs the three; gives (exit code, stdout, stderr) of each, in the order C, C++, Python."""
        results = []
        for program in ([str(BUILT / "c" / stem)], [str(BUILT / "cpp" / stem)],
                        [sys.executable, str(SOURCES / "python" / f"{stem}.py")]):
            ran = subprocess.run(program + list(words), capture_output=True, text=True, timeout=120, check=False)
            lines = [normal(line) for line in ran.stdout.splitlines()]
            results.append((ran.returncode, [line for line in lines if line is not None], ran.stderr))
        return results

    def agree(self, stem, *words):
        c, cpp, python = self.run_all(stem, *words)
        self.assertEqual(c[:2], cpp[:2], c[2] + cpp[2])
        self.assertEqual(c[:2], python[:2], c[2] + python[2])
        return c

    def test_validate_and_plan(self):
        code, lines, _ = self.agree("01_validate_and_plan", self.document(LOCAL))
        self.assertEqual((code, lines[0]), (0, "Plan for twins: nothing to change"))

    def test_a_wrong_document_is_reported_with_the_same_places(self):
        results = self.run_all("01_validate_and_plan", self.document('{"v": 1,\n "nods": []}'))
        self.assertEqual({code for code, _, _ in results}, {1})
        first, *others = [error.splitlines() for _, _, error in results]
        self.assertTrue(first[0].startswith("CONFIG: "))
        for other in others:
            self.assertEqual((other[0], json.loads(other[1])), (first[0], json.loads(first[1])))
        self.assertIn(2, [problem["line"] for problem in json.loads(first[1])["detail"]])

    def test_apply_and_follow(self):
        code, lines, _ = self.agree("02_apply_and_follow", self.document(LOCAL))
        self.assertEqual(code, 0)
        self.assertIn("job.finished", [line["type"] for line in lines if isinstance(line, dict)])

    def test_embed_in_poll_loop(self):
        code, lines, _ = self.agree("03_embed_in_poll_loop", self.document(LOCAL))
        self.assertEqual((code, lines[-1]), (0, "OK"))

    def test_cancel_and_resume(self):
        for code, lines, error in self.run_all("04_cancel_and_resume", self.document(LOCAL)):
            self.assertEqual((code, lines[-1]), (0, "second run: OK"), error)
            # What was so quick that it had ended before the cancel came is OK, not CANCELLED.
            self.assertIn(lines[0], ("first run: CANCELLED", "first run: OK"))

    def test_plan_then_apply_just_that(self):
        report = self.folder / "report.json"
        code, _, error = self.agree("05_two_node_pretraining", self.document(LOCAL), str(report))
        self.assertEqual(code, 0, error)
        self.assertEqual(json.loads(report.read_text(encoding="utf-8"))["status"], "OK")

    def test_a_job_that_fails_is_exit_1_in_all(self):
        failing = {**LOCAL, "steps": [{"kind": "driver_check", "require_gpu": True}]}
        unreachable = {**LOCAL, "nodes": [{"name": "gone", "address": "127.0.0.1", "ssh": {"port": 1}}]}
        for document in (failing, unreachable):
            for stem in ("02_apply_and_follow", "03_embed_in_poll_loop"):
                results = self.run_all(stem, self.document(document))
                self.assertEqual([code for code, _, _ in results], [1, 1, 1], results)
                self.assertEqual(len({error.split(":")[0] for _, _, error in results}), 1, results)

    def test_the_environment_of_the_readme_is_valid(self):
        readme = (SOURCES.parent / "README.md").read_text(encoding="utf-8")
        environment = self.document(re.search(r"^```json\n(.*?)^```", readme, flags=re.M | re.S).group(1))
        ran = subprocess.run([str(BUILT / "dtenv"), "validate", environment], capture_output=True, text=True, check=False)
        self.assertEqual(ran.returncode, 0, ran.stderr)

    def test_wrong_words_are_exit_2_in_all(self):
        for stem in sorted(path.stem for path in (SOURCES / "c").glob("*.c")):
            self.assertEqual([code for code, _, _ in self.run_all(stem)], [2, 2, 2])


if __name__ == "__main__":
    unittest.main(verbosity=1)
