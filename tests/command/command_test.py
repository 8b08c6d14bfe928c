#!/usr/bin/env python3
"""The command's exit codes, streams, files, interrupts and terminal, on a library that plays a script.

    command_test.py PROGRAM
"""
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

PROGRAM = sys.argv.pop(1)
EVENTS = [
    {"type": "job.started", "job": "j1", "text": "apply of c: 2 machines, 2 steps"},
    {"type": "host.connected", "host": "n1", "text": "connected"},
    {"type": "host.failed", "host": "node-two", "text": "no route"},
    {"type": "step.started", "host": "n1", "step": "train"},
    {"type": "change.started", "host": "n1", "step": "train", "text": "run it: because"},
    {"type": "progress", "host": "n1", "step": "train", "text": "loading", "done": 1, "total": 4},
    {"type": "output", "host": "n1", "step": "build", "source": "apt", "text": "Get:1 noise"},
    {"type": "output", "host": "n1", "step": "train", "source": "n1 r0", "text": "10%\r20%\rstep 1 loss 0.5\x1b[31m"},
    {"type": "change.finished", "host": "n1", "step": "train", "text": "run it"},
    {"type": "step.finished", "host": "n1", "step": "train", "text": "changed"},
]


class CommandTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.env = self.file("env.json", "{}")
        self.variables = {**os.environ, "FAKE_EVENTS": self.file("events", "\n".join(map(json.dumps, EVENTS)) + "\n")}
        self.variables.pop("NO_COLOR", None)

    def file(self, name, content):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        return path

    def run_it(self, *words, stdin="", **variables):
        return subprocess.run([PROGRAM, *words], input=stdin, env={**self.variables, **variables}, text=True,
                              capture_output=True, timeout=20, check=False)

    def test_a_file_with_a_nul_byte_is_not_cut_short_but_refused(self):
        document = self.file("nul.json", "{}\n{}\0garbage")
        result = self.run_it("validate", document)
        self.assertEqual(result.returncode, 64)
        self.assertIn("nul.json:2: a NUL byte", result.stderr)

    def test_every_status_has_its_exit_code(self):
        codes = {0: 0, -1: 64, -2: 64, -3: 70, -4: 78, -5: 78, -6: 70, -7: 71, -8: 74, -9: 69, -10: 1, -11: 65,
                 -12: 65, -13: 75, -14: 130, -15: 70, -16: 70, -17: 70, -18: 73, -19: 76, -99: 70}
        for status, code in codes.items():
            for verb in ("plan", "apply", "verify", "destroy"):
                self.assertEqual(self.run_it(verb, self.env, FAKE_STATUS=str(status)).returncode, code, (verb, status))

    def test_plan_tells_pending_changes_by_its_exit_code_where_asked(self):
        pending = json.dumps({"v": 1, "changes": [{"host": "n1"}]})
        self.assertEqual(self.run_it("plan", self.env, FAKE_PLAN=pending).returncode, 0)
        self.assertEqual(self.run_it("plan", self.env, "--exit-code", FAKE_PLAN=pending).returncode, 3)
        self.assertEqual(self.run_it("plan", self.env, "--exit-code").returncode, 0)

    def test_a_senseless_command_line_is_2_and_says_why(self):
        for words in ([], ["fly"], ["plan"], ["plan", "a", "b"], ["plan", "a", "--yes"], ["apply", "a", "--report"],
                      ["apply", "a", "--max-parallel", "many"], ["apply", "a", "--secret", "token=hunter2"],
                      ["apply", "a", "--secret", "token=fd:x"], ["apply", "a", "--json=1"]):
            ran = self.run_it(*words)
            self.assertEqual((ran.returncode, ran.stdout), (2, ""), words)
            self.assertIn("dtenv: ", ran.stderr)
            self.assertNotIn("hunter2", ran.stderr)

    def test_a_missing_file_is_66(self):
        self.assertEqual(self.run_it("plan", "nowhere.json").returncode, 66)
        self.assertEqual(self.run_it("apply", self.env, "--plan", "nowhere.json").returncode, 66)

    def test_help_is_on_stdout_and_names_options_and_codes(self):
        for words in (["--help"], ["help"], ["apply", "--help"], ["plan", "-h"]):
            ran = self.run_it(*words)
            self.assertEqual((ran.returncode, ran.stderr), (0, ""))
            self.assertIn("Exit codes:", ran.stdout)

    def test_the_result_is_on_stdout_and_progress_on_stderr(self):
        ran = self.run_it("apply", self.env)
        self.assertEqual(ran.stdout.splitlines()[0], "[n1 r0] step 1 loss 0.5?[31m")
        self.assertTrue(ran.stdout.splitlines()[1].startswith("TEXT OF {"))
        self.assertIn("node-two  FAILED: no route\n", ran.stderr)
        self.assertIn("n1  train  done: run it\n", ran.stderr)
        self.assertNotIn("noise", ran.stderr)
        self.assertNotRegex(ran.stderr + ran.stdout, r"[\r\x1b]")
        self.assertIn("noise", self.run_it("apply", self.env, "--verbose").stderr)

    def test_json_gives_one_document_and_quiet_no_progress(self):
        ran = self.run_it("plan", self.env, "--json", "--quiet")
        self.assertEqual(json.loads(ran.stdout), {"v": 1, "changes": []})
        self.assertEqual(ran.stderr, "[n1 r0] step 1 loss 0.5?[31m\n")  # the program's output is no progress

    def test_report_plan_and_log_are_written_also_when_the_job_fails(self):
        names = [os.path.join(self.folder.name, name) for name in ("report", "plan", "log")]
        ran = self.run_it("apply", self.env, "--report", names[0], f"--out-plan={names[1]}", "--log", names[2],
                          FAKE_STATUS="-10")
        self.assertEqual(ran.returncode, 1)
        texts = [pathlib.Path(name).read_text(encoding="utf-8") for name in names]
        self.assertIn("hosts", json.loads(texts[0]))
        self.assertEqual(json.loads(texts[1])["changes"], [])
        self.assertEqual(texts[2], "[n1 r0] step 1 loss 0.5?[31m\n")
        self.assertEqual(self.run_it("apply", self.env, "--report", "/nowhere/report").returncode, 74)

    def test_secrets_come_from_a_file_or_a_descriptor(self):
        secret = self.file("secret", "12345\n")
        self.assertIn("token has 5 bytes", self.run_it("plan", self.env, "--secret", f"token=@{secret}").stderr)
        self.assertIn("token has 3 bytes", self.run_it("plan", self.env, "--secret", "token=fd:0", stdin="abc").stderr)

    def test_eval_and_validate_fail_with_the_place(self):
        ran = self.run_it("eval", "fail", stdin="{}")
        self.assertEqual((ran.returncode, ran.stdout, json.loads(ran.stderr)["host"]), (64, "", "n1"))
        self.assertEqual(self.run_it("eval", "echo", stdin='{"a":1}').stdout, '{"a":1}\n')
        bad = self.file("bad.json", "bad")
        ran = self.run_it("validate", bad)
        self.assertEqual(ran.returncode, 64)
        self.assertIn(f"{bad}:3:7: wrong; mend it", ran.stderr)
        self.assertEqual(self.run_it("validate", self.env).stdout, f"{self.env}: valid\n")

    def test_explain_takes_a_file_or_stdin_and_speaks_to_people_or_programs(self):
        known = "BOOM\n  cause:  It burst.\n  repair: Mend it.\n"
        file = self.file("error.txt", "it went boom\n")
        for ran in (self.run_it("explain", file), self.run_it("explain", "-", stdin="boom"),
                    self.run_it("explain", stdin="boom")):
            self.assertEqual((ran.returncode, ran.stdout, ran.stderr), (0, known, ""))
        self.assertEqual(json.loads(self.run_it("explain", "--json", file).stdout)["matches"][0]["id"], "BOOM")
        self.assertEqual(self.run_it("explain", stdin="all is well").stdout, "nothing known about this text\n")
        self.assertEqual(json.loads(self.run_it("explain", "--json").stdout), {"matches": []})
        self.assertEqual(self.run_it("explain", "nowhere.txt").returncode, 66)
        self.assertEqual(self.run_it("explain", file, file).returncode, 2)

    def interrupt(self, hold, signals):
        with subprocess.Popen([PROGRAM, "apply", self.env], env={**self.variables, "FAKE_HOLD": str(hold)},
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            seen = ""
            while "FAILED" not in seen:  # it is following the job
                seen += process.stderr.readline()
            for number, wait_for in signals:
                process.send_signal(number)
                while wait_for and wait_for not in seen:
                    seen += process.stderr.readline()
            process.communicate(timeout=20)
            return process.returncode

    def test_interrupts_cancel_with_grace_then_harder_then_leave(self):
        self.assertEqual(self.interrupt(1, [(signal.SIGINT, None)]), 130)
        self.assertEqual(self.interrupt(1, [(signal.SIGTERM, None)]), 143)
        self.assertEqual(self.interrupt(2, [(signal.SIGINT, "stopping, within"), (signal.SIGINT, None)]), 130)
        self.assertEqual(self.interrupt(9, [(signal.SIGINT, "stopping, within"), (signal.SIGINT, "stopping now"),
                                            (signal.SIGINT, None)]), 130)

    def on_terminal(self, *words, columns=40, rows=10, answer=b"", **variables):
        """Runs on a pseudo-terminal; gives the exit code and what was written to it."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        environment = {**self.variables, "TERM": "xterm", **variables}
        with subprocess.Popen([PROGRAM, *words], env=environment, stdin=slave, stdout=slave, stderr=slave,
                              start_new_session=True,
                              preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)) as process:
            os.close(slave)
            seen, until = b"", time.monotonic() + 20
            while time.monotonic() < until:
                if select.select([master], [], [], 0.1)[0]:
                    try:
                        seen += os.read(master, 65536)
                    except OSError:  # the other end is closed
                        break
                if answer and b"[y/N]" in seen:
                    os.write(master, answer)
                    answer = b""
            code = process.wait(timeout=20)
        os.close(master)
        return code, seen.decode()

    def test_a_terminal_gets_one_line_a_machine_that_fits_and_is_taken_back(self):
        code, seen = self.on_terminal("verify", self.env, columns=30)
        self.assertEqual(code, 0)
        screen, height = [""], 0
        for line in re.split(r"\r?\n", re.sub(r"\x1b\[\d*m", "", seen)):
            screen[-1] += line
            up = re.search(r"\x1b\[(\d+)A\r\x1b\[J", screen[-1])
            while up:
                rest = screen[-1][up.end():]
                del screen[len(screen) - 1 - int(up.group(1)):]
                screen.append(rest)
                up = re.search(r"\x1b\[(\d+)A\r\x1b\[J", rest)
            height = max(height, len(screen))
            screen.append("")
        shown = "\n".join(screen)
        self.assertNotIn("\x1b", shown)
        self.assertEqual(shown.count("FAILED: no route"), 1)  # the row was taken back, the milestone stands
        self.assertIn("TEXT OF", shown)
        for row in re.findall(r"(?m)^[-|/\\ ] n(?:1|ode-two) .*$", re.sub(r"\x1b\[\d*m", "", seen)):
            self.assertLess(len(row.rstrip("\r")), 30)

    def test_colours_are_left_out_where_not_wanted(self):
        self.assertIn("\x1b[31m", self.on_terminal("verify", self.env)[1])
        self.assertNotRegex(self.on_terminal("verify", self.env, "--no-color")[1], r"\x1b\[\d+m")
        self.assertNotRegex(self.on_terminal("verify", self.env, NO_COLOR="1")[1], r"\x1b\[\d+m")
        self.assertNotIn("\x1b", self.on_terminal("verify", self.env, TERM="dumb")[1])

    def test_apply_on_a_terminal_asks_first(self):
        pending = json.dumps({"v": 1, "changes": [{"host": "n1"}]})
        code, seen = self.on_terminal("apply", self.env, answer=b"y\n", FAKE_PLAN=pending)
        self.assertEqual(code, 0)
        self.assertIn('TEXT OF {"v": 1, "changes"', seen)
        self.assertEqual(self.on_terminal("apply", self.env, answer=b"n\n", FAKE_PLAN=pending)[0], 130)
        self.assertEqual(self.on_terminal("apply", self.env, answer=b"\x03", FAKE_PLAN=pending)[0], 130)
        code, seen = self.on_terminal("apply", self.env, "--yes", FAKE_PLAN=pending)
        self.assertEqual((code, "[y/N]" in seen), (0, False))


if __name__ == "__main__":
    unittest.main(verbosity=1)
